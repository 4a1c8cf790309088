"use strict";
// Every page works without this file. It adds the token of the session to what htmx sends.
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = document.body.dataset.csrf;
});
// Refusals are pages too: show them where the answer would be.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
// A draft is never kept while its form is sent, nor a form sent while its draft is kept: one would make the other stale.
const compose = document.getElementById("compose");
if (compose) {
  const kept = document.getElementById("kept");
  let keeping = false;
  let sent = false;
  let waiting = null;
  // A lost connection: say so, and try again until it is kept.
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    kept.addEventListener(name, () => {
      if (!document.getElementById("unreachable")) {
        const said = document.createElement("p");
        said.id = "unreachable";
        said.className = "note warn";
        said.textContent = "Not kept: the server cannot be reached. Leave this page open; it is tried again.";
        kept.append(said);
      }
      setTimeout(() => compose.dispatchEvent(new Event("input", { bubbles: true })), 3000);
    });
  }
  // A reload shows the draft again.
  kept.addEventListener("htmx:afterSettle", () => {
    const id = kept.querySelector("[name=post_id]").value;
    if (location.pathname === "/compose" && id !== "0") history.replaceState(null, "", `/posts/${id}/edit`);
  });
  kept.addEventListener("htmx:beforeRequest", (event) => {
    if (sent) event.preventDefault();
    else keeping = true;
  });
  kept.addEventListener("htmx:afterRequest", () => {
    // The fields of the draft are swapped in after this event.
    setTimeout(() => {
      keeping = false;
      if (waiting) compose.requestSubmit(waiting);
    }, 50);
  });
  compose.addEventListener("submit", (event) => {
    if (keeping) {
      event.preventDefault();
      waiting = event.submitter;
    } else {
      sent = true;
    }
  });
}
// Files dropped on the form are those of its field.
const drop = document.getElementById("drop");
if (drop) {
  const files = document.getElementById("files");
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
    files.files = event.dataTransfer.files;
    files.dispatchEvent(new Event("change", { bubbles: true }));
  });
  // They are stored by now, and must not be sent again with the form.
  files.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) {
      files.value = "";
      document.getElementById("compose").dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
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
