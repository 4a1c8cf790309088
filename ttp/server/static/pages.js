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
// The form that was sent last was saved if this page says so: compose.js needs no copy of it any more.
try {
  const form = sessionStorage.getItem("ttp-sent");
  const copy = `ttp-copy:${encodeURIComponent(document.body.dataset.person)}:${form}`;
  if (form && "saved" in document.body.dataset) localStorage.removeItem(copy);
  sessionStorage.removeItem("ttp-sent");
} catch {
  // Without storage there is no copy.
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
// The zone of this browser is offered where it is not the person's.
const offer = document.getElementById("browser-zone");
const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (offer && ownZone && ownZone !== offer.dataset.zone) {
  const link = offer.querySelector("a");
  link.textContent = ownZone;
  link.href += encodeURIComponent(ownZone);
  offer.hidden = false;
}
