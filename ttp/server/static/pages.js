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
