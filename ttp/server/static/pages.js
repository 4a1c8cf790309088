"use strict";
// Every page works without this file. It adds the token of the session to what htmx sends.
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = document.body.dataset.csrf;
});
// Refusals are pages too: show them where the answer would be. That the login has ended is said once, where it matters.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400) {
    event.detail.shouldSwap = event.detail.target.id !== "check" || ![401, 403].includes(event.detail.xhr.status);
    event.detail.isError = false;
  }
});
// A message goes away at once. Without this file, its link leads to the same page without it.
document.addEventListener("click", (event) => {
  const close = event.target.closest("[data-close]");
  if (close) {
    event.preventDefault();
    document.getElementById(close.dataset.close).remove();
    history.replaceState(null, "", close.href);
    document.getElementById("main").focus();
  }
});
// A button that copies or shares names the field with the text.
for (const button of document.querySelectorAll("[data-copy], [data-share]")) {
  const { copy, share } = button.dataset;
  const text = () => document.getElementById(copy || share).value;
  button.hidden = !(copy ? navigator.clipboard : navigator.share);
  button.addEventListener("click", async () => {
    await (copy ? navigator.clipboard.writeText(text()) : navigator.share({ text: text() })).catch(() => {});
    if (copy) button.lastChild.textContent = "Copied";
  });
}
// A key presses what names it in `aria-keyshortcuts`: first in the row that has the focus, then anywhere. `j` and `k` go
// from row to row. Keys do nothing while one types.
const KEYS = "aria-keyshortcuts";
const rows = () => [...document.querySelectorAll("main :is(.slim, .event, .need) a.what")];
function press(key) {
  const row = document.activeElement.closest(".slim, .event, .need");
  const target = [row, document].map((one) => one && one.querySelector(`[${KEYS}="${CSS.escape(key)}"]`)).find(Boolean);
  if (!target) return false;
  if (target.matches("input:not([type=checkbox], [type=radio]), textarea, select")) target.focus();
  else target.click();
  return true;
}
function step(by) {
  const all = rows();
  const row = document.activeElement.closest(".slim, .event, .need");
  const at = all.findIndex((one) => row && row.contains(one));
  const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
  if (next) next.focus();
  return next !== undefined;
}
function showKeys() {
  const menu = document.getElementById("keys");
  const named = [...document.querySelectorAll(`[${KEYS}]`)].map((one) => [
    one.getAttribute(KEYS),
    one.getAttribute("aria-label") || (one.labels && one.labels[0] ? one.labels[0].textContent : one.textContent),
  ]);
  if (rows().length) named.push(["j", "Next post"], ["k", "Previous post"]);
  const list = document.createElement("dl");
  list.className = "keys";
  for (const [key, name] of new Map([...named.reverse(), ["?", "These keys"]])) {
    const term = document.createElement("dt");
    term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    list.append(term, Object.assign(document.createElement("dd"), { textContent: name.trim() }));
  }
  menu.replaceChildren(Object.assign(document.createElement("h2"), { textContent: "Keys" }), list);
  return true;
}
document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const isTyped = target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  if (isTyped || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector(":popover-open") || !document.getElementById("keys")) return;
  const isDone = key === "?" ? showKeys() : key === "j" ? step(1) : key === "k" ? step(-1) : press(key);
  if (key === "?") document.getElementById("keys").showPopover();
  if (isDone) event.preventDefault();
});
const keysButton = document.getElementById("show-keys");
if (keysButton) {
  keysButton.hidden = false;
  keysButton.addEventListener("click", showKeys);
}
// What was typed and is not stored yet stays in this browser, under the name of the person who typed it.
const COPIES = "ttp-copy:";
const KEPT_FOR_MS = 30 * 24 * 3600 * 1000;
const copies = {
  prefix: `${COPIES}${encodeURIComponent(document.body.dataset.person)}:`,
  put(id, copy) {
    try {
      localStorage.setItem(this.prefix + id, JSON.stringify(copy));
    } catch {
      // Storage is full or forbidden: the server keeps drafts, too.
    }
  },
  remove(id) {
    try {
      localStorage.removeItem(this.prefix + id);
    } catch {
      // There is nothing to remove.
    }
  },
  // The copies of this person, newest first. Old ones of anybody are removed.
  all() {
    const mine = [];
    try {
      for (const key of Object.keys(localStorage)) {
        if (!key.startsWith(COPIES)) continue;
        const copy = JSON.parse(localStorage.getItem(key));
        if (Date.now() - copy.at > KEPT_FOR_MS) localStorage.removeItem(key);
        else if (key.startsWith(this.prefix)) mine.push({ ...copy, id: key.slice(this.prefix.length) });
      }
    } catch {
      // What cannot be read is not offered.
    }
    return mine.sort((one, other) => other.at - one.at);
  },
};
function send(path, body, more) {
  const headers = { "X-CSRF-Token": document.body.dataset.csrf, "HX-Request": "true" };
  return fetch(path, { method: "POST", body, headers, ...more });
}
// The form that was sent last was saved if this page says so.
const SENT = "ttp-sent";
try {
  const sent = sessionStorage.getItem(SENT);
  if (sent && "saved" in document.body.dataset) copies.remove(sent);
  sessionStorage.removeItem(SENT);
} catch {
  // Without storage there is no copy.
}
function line(text, className) {
  const made = document.createElement("p");
  made.className = className;
  made.textContent = text;
  return made;
}
// A draft is never kept while its form is sent, nor a form sent while its draft is kept or its files are uploaded: one
// would make the other stale.
const compose = document.getElementById("compose");
if (compose) {
  const kept = document.getElementById("kept");
  const id = compose.elements.form.value;
  let keeping = false;
  let uploading = 0;
  let changed = false;
  let sent = false;
  let waiting = null;
  const typed = () => {
    const data = new FormData(compose);
    for (const name of ["files", "csrf"]) data.delete(name);
    return data;
  };
  const goOn = () => {
    if (waiting && !keeping && !uploading) {
      const button = waiting;
      waiting = null;
      compose.requestSubmit(button);
    }
  };
  const note = () => compose.dispatchEvent(new Event("input", { bubbles: true }));
  for (const name of ["input", "change"]) {
    compose.addEventListener(name, (event) => {
      if (event.target.type === "file") return;
      changed = true;
      copies.put(id, { at: Date.now(), fields: [...typed()] });
    });
  }
  // A lost connection: say so, and try again until it is kept.
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    kept.addEventListener(name, () => {
      if (!document.getElementById("unreachable")) {
        const said = line("Not kept: the server cannot be reached. Leave this page open; it is tried again.", "note warn");
        said.id = "unreachable";
        kept.append(said);
      }
      setTimeout(note, 3000);
    });
  }
  kept.addEventListener("htmx:beforeRequest", (event) => {
    if (sent) {
      event.preventDefault();
    } else {
      keeping = true;
      changed = false;
    }
  });
  kept.addEventListener("htmx:afterRequest", (event) => {
    const isKept = event.detail.xhr.status === 200;
    if (!isKept) changed = true;
    // The fields of the draft are swapped in after this event.
    setTimeout(() => {
      keeping = false;
      if (isKept && !changed) copies.remove(id);
      // A reload shows the draft again.
      const post = compose.elements.post_id.value;
      if (location.pathname === "/compose" && post !== "0") history.replaceState(null, "", `/posts/${post}/edit`);
      goOn();
    }, 50);
  });
  compose.addEventListener("submit", (event) => {
    if (keeping || uploading) {
      event.preventDefault();
      waiting = event.submitter;
      return;
    }
    sent = true;
    try {
      sessionStorage.setItem(SENT, id);
    } catch {
      // The copy stays, and is offered once too often.
    }
  });
  // The last words before the page is left.
  addEventListener("pagehide", () => {
    if (sent || !(changed || keeping)) return;
    copies.put(id, { at: Date.now(), fields: [...typed()] });
    send("/compose/keep", typed(), { keepalive: true }).catch(() => {});
  });
  // The page comes back from the browser's memory after it was left.
  addEventListener("pageshow", (event) => {
    if (event.persisted) sent = false;
  });
  // A suggestion is swapped into the form. A page without the part, such as the one that asks to log in, is opened.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const button = event.detail.requestConfig.elt;
    const part = button.getAttribute("hx-select");
    if (part && !event.detail.serverResponse.includes(`id="${part.slice(1)}"`)) {
      event.detail.shouldSwap = false;
      compose.requestSubmit(button);
    }
  });
  compose.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.requestConfig.elt.hasAttribute("hx-select")) note();
  });
  // Each file has a request of its own, one after the other: a bad one keeps out no other.
  const files = document.getElementById("files");
  const uploads = document.getElementById("uploads");
  let queue = Promise.resolve();
  const upload = async (file) => {
    const progress = line(`Uploading ${file.name} …`, "hint");
    uploads.append(progress);
    const data = new FormData();
    data.append("files", file);
    try {
      const answer = await send("/compose/media", data);
      const part = document.createElement("template");
      part.innerHTML = await answer.text();
      if ([401, 403].includes(answer.status)) uploads.append(line(`${file.name} was not uploaded.`, "note error"));
      uploads.append(...part.content.querySelectorAll(".note"));
      document.getElementById("media").append(...part.content.querySelectorAll(".attached"));
    } catch {
      uploads.append(line(`${file.name} was not uploaded: the server cannot be reached. Choose it again.`, "note error"));
    }
    progress.remove();
    uploading -= 1;
    note();
    goOn();
  };
  const add = (chosen) => {
    if (!uploading) uploads.replaceChildren();
    uploading += chosen.length;
    for (const file of chosen) queue = queue.then(() => upload(file));
  };
  files.addEventListener("change", () => {
    const chosen = [...files.files];
    files.value = "";
    add(chosen);
  });
  // Files dropped on the form are like those of its field.
  const drop = document.getElementById("drop");
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    add([...event.dataTransfer.files]);
  });
  // A copy that the server has not stored is offered: of this post, or of any where a new one is written. The server
  // shows it, as a form that is checked.
  const offer = document.getElementById("copy");
  const of = (copy, name) => (copy.fields.find((field) => field[0] === name) || ["", ""])[1];
  const hasWords = (copy) => copy.fields.some(([name, value]) => /^(content|thread|variant:)/.test(name) && value.trim());
  const isStored = async (copy) => {
    const fields = new FormData();
    for (const [name, value] of [...copy.fields, ["ask", "yes"]]) fields.append(name, value);
    const answer = await send("/compose/keep", fields).catch(() => null);
    return answer !== null && answer.ok;
  };
  const show = (copy) => {
    const at = new Date(copy.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const its = of(copy, "post_id");
    document.getElementById("copy-when").textContent = its === "0" ? at : `${at}, for post ${its}`;
    document.getElementById("copy-text").textContent = of(copy, "content");
    for (const [name, value] of [...copy.fields, ["csrf", document.body.dataset.csrf]]) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      offer.append(field);
    }
    document.getElementById("copy-forget").addEventListener("click", () => {
      copies.remove(copy.id);
      offer.remove();
    });
    offer.hidden = false;
  };
  const offerCopy = async () => {
    const post = compose.elements.post_id.value;
    const isOfThis = (one) => one.id !== id && ["0", of(one, "post_id")].includes(post) && hasWords(one);
    for (const copy of copies.all().filter(isOfThis)) {
      if (await isStored(copy)) copies.remove(copy.id);
      else return show(copy);
    }
  };
  if (offer) offerCopy();
}
// A post that is dropped on another day or hour is moved by an ordinary form.
const move = document.getElementById("move");
if (move) {
  let dragged = null;
  const target = (event) => (dragged ? event.target.closest("td[data-date]") : null);
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("[data-post]");
    if (dragged) {
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", dragged.dataset.post);
    }
  });
  document.addEventListener("dragover", (event) => {
    for (const cell of document.querySelectorAll("td.over")) cell.classList.remove("over");
    const cell = target(event);
    if (cell) {
      event.preventDefault();
      cell.classList.add("over");
    }
  });
  document.addEventListener("dragend", () => {
    dragged = null;
    for (const cell of document.querySelectorAll("td.over")) cell.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    const cell = target(event);
    if (!cell) return;
    event.preventDefault();
    move.action = `/posts/${dragged.dataset.post}/move`;
    move.elements.revision.value = dragged.dataset.revision;
    move.elements.date.value = cell.dataset.date;
    move.elements.hour.value = cell.dataset.hour || "";
    move.submit();
  });
}
// The zone of this browser is offered once where it is not the person's; on the page of the timezone each time.
const offer = document.getElementById("browser-zone");
const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const isNews = location.pathname === "/timezone" || localStorage.getItem("ttp-zone") !== ownZone;
if (offer && ownZone && ownZone !== offer.dataset.zone && isNews) {
  offer.elements.timezone.value = document.getElementById("own-zone").textContent = ownZone;
  offer.hidden = false;
  document.getElementById("keep-zone").addEventListener("click", () => {
    localStorage.setItem("ttp-zone", ownZone);
    offer.remove();
  });
}
