"use strict";
// The form of a post: a copy in this browser, counts while one types, keys. The form works without this file.
{
const compose = document.getElementById("compose");
const kept = document.getElementById("kept");
const id = compose.elements.form.value;
const all = (selector) => [...compose.querySelectorAll(selector)];
const typed = () => {
  const data = new FormData(compose);
  for (const name of ["files", "csrf"]) data.delete(name);
  return data;
};
const note = () => compose.dispatchEvent(new Event("input", { bubbles: true }));
const attempt = (work) => {
  try {
    return work();
  } catch {
    return null; // Storage is full or forbidden: the server keeps drafts, too.
  }
};
const keep = (body, more) => {
  const headers = { "X-CSRF-Token": document.body.dataset.csrf, "HX-Request": "true" };
  return fetch("/compose/keep", { method: "POST", body, headers, ...more }).catch(() => null);
};
// What is not stored yet stays in this browser for 30 days, under the name of the person who typed it.
const [EVERY, MINE] = ["ttp-copy:", `ttp-copy:${encodeURIComponent(document.body.dataset.person)}:`];
const putCopy = () => attempt(() => localStorage.setItem(MINE + id, JSON.stringify({ at: Date.now(), fields: [...typed()] })));
const removeCopy = (one) => attempt(() => localStorage.removeItem(MINE + one));
const copies = () => {
  const found = (attempt(() => Object.keys(localStorage)) || [])
    .filter((key) => key.startsWith(EVERY))
    .map((key) => ({ ...attempt(() => JSON.parse(localStorage.getItem(key))), key }));
  for (const { at, key } of found) if (Date.now() - at > 30 * 24 * 3600 * 1000) attempt(() => localStorage.removeItem(key));
  const mine = found.filter(({ key, fields }) => fields && key.startsWith(MINE));
  return mine.map((one) => ({ ...one, id: one.key.slice(MINE.length) })).sort((one, other) => other.at - one.at);
};
// A draft is never kept while its form is sent, nor a form sent while its draft is kept: one would make the other stale.
// media.js lets a form wait for its files.
let [keeping, changed, sent, waiting] = [false, false, false, null];
for (const name of ["input", "change"]) {
  compose.addEventListener(name, (event) => {
    if (event.target.type === "file") return;
    changed = true;
    putCopy();
    recount();
  });
}
// A lost connection: say so, and try again until it is kept.
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  kept.addEventListener(name, () => {
    const words = "Not kept: the server cannot be reached. Leave this page open; it is tried again.";
    kept.replaceChildren(Object.assign(document.createElement("p"), { id: "unreachable", className: "warn", textContent: words }));
    setTimeout(note, 3000);
  });
}
kept.addEventListener("htmx:beforeRequest", (event) => {
  if (sent) return event.preventDefault();
  [keeping, changed] = [true, false];
});
kept.addEventListener("htmx:afterRequest", (event) => {
  const isKept = event.detail.xhr.status === 200;
  if (!isKept) changed = true;
  // The fields of the draft are swapped in after this event.
  setTimeout(() => {
    keeping = false;
    if (isKept && !changed) removeCopy(id);
    const post = compose.elements.post_id.value;
    if (location.pathname === "/compose" && post !== "0") history.replaceState(null, "", `/posts/${post}/edit`);
    const button = waiting;
    waiting = null;
    if (button) compose.requestSubmit(button);
  }, 50);
});
compose.addEventListener("submit", (event) => {
  if (keeping) {
    event.preventDefault();
    waiting = event.submitter;
    return;
  }
  sent = true;
  attempt(() => sessionStorage.setItem("ttp-sent", id));
});
// The last words before the page is left.
addEventListener("pagehide", () => {
  if (sent || !(changed || keeping)) return;
  putCopy();
  keep(typed(), { keepalive: true });
});
addEventListener("pageshow", (event) => {
  if (event.persisted) sent = false;
});
// A part of the page is swapped by its button. Where the answer has no such part, as the one that asks to log in, or while
// files are sent, the form is sent as a whole. What is typed before the answer comes is not replaced: it is asked again.
let before = "";
compose.addEventListener("htmx:beforeRequest", (event) => {
  const button = event.detail.elt;
  if (!button.hasAttribute("hx-select")) return;
  before = JSON.stringify(texts());
  if (!compose.querySelector(".sending")) return;
  event.preventDefault();
  compose.requestSubmit(button);
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const button = event.detail.requestConfig.elt;
  const part = button.getAttribute("hx-select");
  if (!part || event.detail.target.id !== part.slice(1)) return;
  const isWhole = event.detail.serverResponse.includes(`id="${part.slice(1)}"`);
  if (isWhole && before === JSON.stringify(texts())) return;
  event.detail.shouldSwap = false;
  if (isWhole) button.click();
  else compose.requestSubmit(button);
});
compose.addEventListener("htmx:afterSettle", (event) => {
  const { elt } = event.detail.requestConfig;
  if (elt.hasAttribute("hx-select")) {
    asked = texts();
    note();
  }
  const { pick, pick_shown: shown } = compose.elements;
  if (elt.id === "clocks" && shown && pick !== document.activeElement) pick.value = shown.value;
});
// Counts: what the server counted, and how much was typed since. "≈" where networks count differently: links, emoji.
const segments = window.Intl.Segmenter && new Intl.Segmenter();
const size = (text) => {
  const short = text.replace(/https?:\/\/\S+/g, "x".repeat(23));
  return segments ? [...segments.segment(short)].length : [...short].length;
};
const texts = () => all("[name=content], [name=thread], [name^='variant:']").map((one) => [one.name, one.value]);
let asked = texts();
let asking = asked;
function estimate(from, own, part) {
  const named = (name) => from.filter(([one]) => one === name).map(([, text]) => text);
  const parts = [...named(own ? `variant:${own}` : "content"), ...named("thread")];
  const chosen = part ? parts.slice(part - 1, part) : parts;
  return [Math.max(...chosen.map(size), 0), chosen.join("")];
}
function recount() {
  const now = texts();
  for (const count of all(".count[data-limit]")) {
    const box = count.closest("[data-part]");
    const [[length, text], [before, text_before]] = [now, asked].map((one) => estimate(one, count.dataset.own, box && box.dataset.part));
    const total = Math.max(0, Number(count.dataset.length) + length - before);
    const isSure = text === text_before || (/^[\n -~\u00a1-\u00a8\u00aa-\u00ad\u00af-\u024f]*$/.test(text) && !/[.@]\w/.test(text));
    count.querySelector("b").textContent = (isSure ? "" : "≈") + total.toLocaleString("en").replaceAll(",", "\u202f");
    count.classList.toggle("too", total > count.dataset.limit);
    count.classList.toggle("near", total <= count.dataset.limit && total >= 0.95 * count.dataset.limit);
  }
}
const check = document.getElementById("check");
check.addEventListener("htmx:beforeRequest", () => { asking = texts(); });
check.addEventListener("htmx:afterSwap", () => { asked = asking; });
check.addEventListener("htmx:afterSettle", recount);
// One field has the time: a chip and the calendar write into it. "All" stands for the accounts of its network.
for (const one of all("[name=all]")) one.removeAttribute("name");
const uncheckChips = () => all("[name=chip]").forEach((chip) => { chip.checked = false; });
compose.addEventListener("change", ({ target }) => {
  const { at } = compose.elements;
  if (target.name === "chip") at.value = target.value;
  if (target.name === "pick" && target.value) {
    at.value = target.value.replace("T", " ");
    uncheckChips();
  }
  const group = target.closest("#accounts fieldset");
  const every = group && group.querySelector(".chip > input");
  if (!every) return;
  const boxes = [...group.querySelectorAll("[name=accounts]")];
  if (target === every) boxes.forEach((one) => { one.checked = every.checked; });
  else every.checked = boxes.every((one) => one.checked);
}, true);
compose.addEventListener("input", ({ target }) => {
  if (target.name !== "at") return;
  uncheckChips();
  const { pick, pick_shown: shown } = compose.elements;
  if (shown) pick.value = shown.value;
}, true);
// Keys: Ctrl+Enter sends, as Enter does in a line; Alt with arrows moves a part.
compose.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const box = target.closest(".thread > .part");
  const by = event.altKey ? { ArrowUp: 0, ArrowDown: 1 }[key] : undefined;
  if (key === "Enter" && !event.isComposing && (event.ctrlKey || event.metaKey || (target.name === "alt" && !event.shiftKey))) {
    event.preventDefault();
    compose.requestSubmit(compose.querySelector("[value=main]"));
  } else if (box && by !== undefined) {
    event.preventDefault();
    const button = compose.querySelector(`[value="up:${Number(box.dataset.part) + by}"]:enabled`);
    if (button) button.click();
  }
});
// Pictures that are chosen with the button of a part are that part's.
let taker = null;
compose.addEventListener("click", (event) => {
  const link = event.target.closest(".part-foot a");
  if (event.target.type === "file" && event.isTrusted) taker = null;
  if (!link) return;
  event.preventDefault();
  taker = { part: link.closest(".part").dataset.part, rows: all("#media .shot") };
  compose.elements.files.click();
});
compose.addEventListener("input", () => {
  for (const row of taker ? all("#media .shot:not(.sending)").filter((one) => !taker.rows.includes(one)) : []) {
    row.querySelector("[name=part]").value = taker.part;
    taker.rows.push(row);
  }
}, true);
document.addEventListener("drop", () => { taker = null; }, true);
// A copy that the server has not stored is offered: of this post, or of any where a new one is written. The server shows
// it, as a form that is checked.
const offer = document.getElementById("copy");
const part = (name) => document.getElementById(`copy-${name}`);
const of = (copy, name) => (copy.fields.find((field) => field[0] === name) || ["", ""])[1];
const hasWords = (copy) => copy.fields.some(([name, value]) => /^(content|thread|variant:)/.test(name) && value.trim());
const isStored = async (copy) => {
  const fields = new FormData();
  for (const [name, value] of [...copy.fields, ["ask", "yes"]]) fields.append(name, value);
  const answer = await keep(fields);
  return answer !== null && answer.ok;
};
const offerCopy = async () => {
  const post = compose.elements.post_id.value;
  for (const copy of copies().filter((one) => one.id !== id && ["0", of(one, "post_id")].includes(post) && hasWords(one))) {
    if (await isStored(copy)) {
      removeCopy(copy.id);
      continue;
    }
    const [its, at] = [of(copy, "post_id"), new Date(copy.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })];
    part("when").textContent = its === "0" ? at : `${at}, for post ${its}`;
    part("text").textContent = of(copy, "content");
    for (const [name, value] of [...copy.fields, ["csrf", document.body.dataset.csrf]]) {
      offer.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    part("forget").addEventListener("click", () => {
      removeCopy(copy.id);
      offer.remove();
    });
    offer.hidden = false;
    return;
  }
};
if (offer) offerCopy();
}
