// The form of a post: a copy in this browser, counts while one types, keys. The form works without this file.
const [compose, kept, offline] = ["compose", "kept", "offline"].map((id) => document.getElementById(id));
const fields = compose.elements;
const note = () => compose.dispatchEvent(new Event("input", { bubbles: true }));
// What is not stored yet stays in this browser for 30 days, under the name of the person who typed it.
const MINE = `ttp-copy:${encodeURIComponent(document.body.dataset.person)}:`;
const COPY = MINE + fields.form.value;
const putCopy = () => {
  const words = [...new FormData(compose)].filter(([name]) => !["csrf", "files"].includes(name));
  localStorage.setItem(COPY, JSON.stringify({ at: Date.now(), fields: words }));
};
// A draft is never kept while its form is sent, nor a form sent while its draft is kept or files are on their way: one
// would make the other stale. `waiting`: the button of a form that is sent after that.
let [keeping, changed, sent, waiting] = [false, false, false, null];
const isBusy = () => keeping || compose.querySelector(".sending:not(.failed)") !== null;
const goOn = () => {
  if (waiting && !sent && !isBusy()) compose.requestSubmit(waiting);
};
compose.addEventListener("sent", goOn); // of a file
compose.addEventListener("submit", (event) => {
  const failed = compose.querySelector(".failed [data-act=again]");
  failed?.focus();
  offline.hidden = navigator.onLine && document.getElementById("unreachable") === null;
  const isHeld = failed || !offline.hidden;
  waiting = isHeld ? null : event.submitter;
  if (isHeld || isBusy()) return event.preventDefault();
  sent = true;
  sessionStorage.setItem("ttp-sent", COPY);
});
compose.addEventListener("input", ({ target }) => {
  if (target.type === "file") return;
  changed = true;
  recount();
  putCopy(); // At last, for the storage may be full: the server keeps drafts, too.
});
// A lost connection: say so, and try again until it is kept.
kept.addEventListener("htmx:sendError", () => {
  kept.replaceChildren(document.getElementById("not-kept").content.cloneNode(true));
  setTimeout(note, 3000);
});
kept.addEventListener("htmx:beforeRequest", (event) => {
  if (sent) return event.preventDefault();
  [keeping, changed] = [true, false];
});
kept.addEventListener("htmx:afterRequest", ({ detail }) => {
  const isKept = detail.xhr.status === 200;
  if (!isKept) changed = true;
  // The fields of the draft are swapped in after this event.
  setTimeout(() => {
    keeping = false;
    if (isKept && !changed) localStorage.removeItem(COPY);
    goOn();
  }, 50);
});
// The last words before the page is left.
addEventListener("pagehide", () => {
  if (sent || !(changed || keeping)) return;
  navigator.sendBeacon("/compose/keep", new FormData(compose));
  putCopy();
});
addEventListener("pageshow", () => { [sent, waiting] = [false, null]; }); // also after "back"
// A part of the page is swapped by its button. Where the answer has no such part, as the one that asks to log in, or
// while files are sent, the form is sent as a whole. What is typed before the answer comes stays: it is asked again.
const texts = (data = new FormData(compose)) => [...data].filter(([name]) => /^(content|thread|variant:)/.test(name));
compose.addEventListener("htmx:beforeRequest", (event) => {
  const { elt } = event.detail;
  if (!elt.hasAttribute("hx-select") || !compose.querySelector(".sending")) return;
  event.preventDefault();
  compose.requestSubmit(elt);
});
compose.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { requestConfig, serverResponse, target } = detail;
  const { elt, formData } = requestConfig;
  if (!elt.hasAttribute("hx-select")) return;
  const isWhole = serverResponse.includes(`id="${target.id}"`);
  detail.shouldSwap = isWhole && String(texts(formData)) === String(texts());
  if (!isWhole) compose.requestSubmit(elt);
  else if (!detail.shouldSwap) elt.click();
});
compose.addEventListener("htmx:afterSettle", ({ detail }) => {
  const { elt } = detail.requestConfig;
  if (elt.hasAttribute("hx-select")) {
    asked = texts();
    note();
  }
  const { pick, pick_shown: shown } = fields;
  if (elt.id === "clocks" && shown && pick !== document.activeElement) pick.value = shown.value;
});
// Counts: what the server counted, and how much was typed since. "≈" where networks count differently: links, emoji.
const sizeOf = (text) => [...new Intl.Segmenter().segment(text.replace(/https?:\/\/\S+/g, "x".repeat(23)))].length;
let asked = texts();
const estimate = (from, own, part) => {
  const names = [own ? `variant:${own}` : "content", "thread"];
  const parts = from.filter(([name]) => names.includes(name)).map(([, text]) => text);
  const counted = part ? parts.slice(part - 1, part) : parts;
  return [Math.max(...counted.map(sizeOf), 0), counted.join("")];
};
const recount = () => {
  const now = texts();
  for (const count of compose.querySelectorAll(".count[data-limit]")) {
    const box = count.closest("[data-part]");
    const { own, length, limit } = count.dataset;
    const [[size, text], [oldSize, oldText]] = [now, asked].map((one) => estimate(one, own, box?.dataset.part));
    const total = Math.max(0, Number(length) + size - oldSize);
    const isSure = text === oldText || !/[^\n -~\u00a1-\u00a8\u00aa-\u00ad\u00af-\u024f]|[.@]\w/.test(text);
    count.querySelector("b").textContent = (isSure ? "" : "≈") + total.toLocaleString("en").replaceAll(",", "\u202f");
    count.classList.toggle("too", total > limit);
    count.classList.toggle("near", total <= limit && total >= 0.95 * limit);
  }
};
document.getElementById("check").addEventListener("htmx:afterSettle", ({ detail }) => {
  asked = texts(detail.requestConfig.formData);
  recount();
});
// One field has the time: a chip and the calendar write into it. "All" stands for the accounts of its network.
compose.addEventListener("input", ({ target }) => {
  const { name, value } = target;
  if (name === "chip") fields.at.value = value;
  if (name === "pick" && value) fields.at.value = value.replace("T", " ");
  const chips = compose.querySelectorAll("[name=chip]");
  if (name === "pick" || name === "at") for (const chip of chips) chip.checked = false;
  if (name === "at") fields.pick.value = ""; // until the server has read the words
  const group = target.closest("#accounts fieldset:has(.chip)");
  if (!group) return;
  const [every, ...boxes] = group.querySelectorAll("input");
  if (target === every) for (const box of boxes) box.checked = every.checked;
  every.checked = boxes.every((box) => box.checked);
}, true);
// Keys: Ctrl+Enter sends, as Enter does in a line; Alt with arrows moves a part or a picture.
compose.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const isSent = event.ctrlKey || event.metaKey || (target.name === "alt" && !event.shiftKey);
  const moving = `[aria-keyshortcuts="Alt+${CSS.escape(key)}"]`;
  const button = event.altKey && target.closest(".shot, .part")?.querySelector(moving);
  if (key === "Enter" && isSent && !event.isComposing) compose.requestSubmit(compose.querySelector("[value=main]"));
  else if (button) button.click();
  else return;
  event.preventDefault();
});
// A copy that the server has not stored is offered: of this post, or of any where a new one is written.
const offer = document.getElementById("copy");
const isStored = async () => {
  const answer = await fetch("/compose/keep?ask=yes", { method: "POST", body: new FormData(offer) }).catch(() => null);
  return answer?.ok;
};
const offerCopy = async () => {
  const part = (name) => document.getElementById(`copy-${name}`);
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith("ttp-copy:"))) {
    const copy = JSON.parse(localStorage.getItem(key));
    const value = (name) => new Map(copy.fields).get(name) || "";
    const isHere = ["0", value("post_id")].includes(fields.post_id.value) && key !== COPY && key.startsWith(MINE);
    const hidden = (field) => Object.assign(document.createElement("input"), { type: "hidden", ...field });
    part("fields").replaceChildren(...copy.fields.map(([name, value]) => hidden({ name, value })));
    const isDone = Date.now() - copy.at > 30 * 24 * 3600 * 1000 || (isHere && (await isStored()));
    if (isDone) localStorage.removeItem(key);
    if (isDone || !isHere) continue;
    const at = new Date(copy.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    part("when").textContent = value("post_id") === "0" ? at : `${at}, for post ${value("post_id")}`;
    part("text").textContent = value("content");
    part("forget").addEventListener("click", () => {
      localStorage.removeItem(key);
      offer.remove();
    });
    offer.hidden = false;
    return;
  }
};
if (offer) offerCopy();
