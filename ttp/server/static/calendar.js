"use strict";
// The calendar works without this file. It moves a post that is dragged, and opens *Move to…* as a menu.
function movePost(post, values) {
  const move = document.getElementById("move").elements;
  const sent = htmx.ajax("POST", `/posts/${post.dataset.post}/move`, {
    values: { ...values, revision: post.dataset.revision, tz: move.tz.value, back_to: move.back_to.value },
    headers: { "HX-Boosted": "true" },
    target: "#main",
    select: "#main",
    selectOOB: "#messages",
    swap: "outerHTML show:none",
    push: "true",
  });
  const lost = { className: "toast", role: "status", textContent: "Not moved: the server cannot be reached." };
  sent.catch(() => document.getElementById("messages").replaceChildren(Object.assign(document.createElement("p"), lost)));
}
let dragged = null;
const clear = () => document.querySelectorAll(".over").forEach((one) => one.classList.remove("over"));
const place = (event) => (dragged ? event.target.closest("[data-date]") : null);
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest("[data-post]");
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.post);
  dragged.classList.add("dragged");
});
document.addEventListener("dragover", (event) => {
  clear();
  const cell = place(event);
  if (!cell) return;
  event.preventDefault();
  cell.classList.add("over");
});
document.addEventListener("dragend", () => {
  clear();
  if (dragged) dragged.classList.remove("dragged");
  dragged = null;
});
document.addEventListener("drop", (event) => {
  const cell = place(event);
  if (!cell || cell.contains(dragged)) return;
  event.preventDefault();
  // A day keeps the clock of the post, an hour its minutes.
  const [hour, minute] = dragged.querySelector("time").textContent.split(":");
  movePost(dragged, { at: `${cell.dataset.date} ${cell.dataset.hour || hour}:${minute}` });
});
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href$='/move']");
  const menu = document.getElementById("move-menu");
  if (!link || !menu || !menu.showPopover || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  menu.replaceChildren();
  await htmx.ajax("GET", link.href, { target: menu, select: "#move-form", swap: "innerHTML" }).catch(() => {});
  if (!menu.firstElementChild) return location.assign(link.href);
  menu.showPopover({ source: link });
  menu.querySelector("button, input:not([type=hidden])").focus();
});
