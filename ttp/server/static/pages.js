"use strict";
// Every page works without this file. It adds the token of the session to what htmx sends.
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = document.body.dataset.csrf;
});
// Refusals are pages too: show them where the answer would be. That the login has ended is said once, where it matters.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400) {
    const isSaidElsewhere = ["check", "clocks"].includes(event.detail.target.id);
    event.detail.shouldSwap = !isSaidElsewhere || ![401, 403].includes(event.detail.xhr.status);
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
  button.addEventListener("click", () => {
    const isDone = copy ? navigator.clipboard.writeText(text()) : navigator.share({ text: text() });
    isDone.then(() => copy && (button.lastChild.textContent = "Copied")).catch(() => {}); // else the field is there
  });
}
const chosen = document.querySelector(".filter [aria-current]");
if (chosen) chosen.scrollIntoView({ block: "nearest", inline: "center" });
// A key presses what names it in `aria-keyshortcuts`: first in the row that has the focus, then anywhere. `j` and `k` go
// from row to row. Keys do nothing while one types.
const KEYS = "aria-keyshortcuts";
const ROW = ".slim, .event, .need";
const rows = () => [...document.querySelectorAll(`main :is(${ROW}) a.what`)];
const row = () => document.activeElement.closest(ROW);
function press(key) {
  const target = [row(), document].map((one) => one && one.querySelector(`[${KEYS}="${CSS.escape(key)}"]`)).find(Boolean);
  if (!target) return false;
  if (target.matches("input:not([type=checkbox], [type=radio]), textarea, select")) target.focus();
  else target.click();
  return true;
}
function step(by) {
  const all = rows();
  const at = all.findIndex((one) => one.closest(ROW) === row());
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
// The form that was sent last was saved if this page says so: compose.js needs no copy of it any more.
try {
  const form = sessionStorage.getItem("ttp-sent");
  const copy = `ttp-copy:${encodeURIComponent(document.body.dataset.person)}:${form}`;
  if (form && "saved" in document.body.dataset) localStorage.removeItem(copy);
  sessionStorage.removeItem("ttp-sent");
} catch {
  // Without storage there is no copy.
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
// All posts of a list are chosen at once, and how many are chosen is told.
document.addEventListener("change", ({ target }) => {
  const list = target.closest(".pick");
  if (!list) return;
  const boxes = [...list.querySelectorAll("[name=post]")];
  if (target.name === "every") for (const box of boxes) box.checked = target.checked;
  const chosen = boxes.filter((box) => box.checked).length;
  list.elements.every.checked = chosen === boxes.length;
  list.querySelector(".bulk > b").textContent = chosen ? `${chosen} chosen` : "";
});
