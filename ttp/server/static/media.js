"use strict";
// The files of the form: sent one by one, ordered, cropped. The form works without this file.
{
const media = document.getElementById("media");
const form = document.getElementById("compose");
const [input, notes, drop, sends, blank] = ["files", "uploads", "drop", "sends", "sending"].map((id) => document.getElementById(id));
let queue = []; // Rows of files: the first is being sent.
let pressed = null; // The button of a form that waits for its files.
const mb = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`);
const changed = () => {
  [...media.children].forEach((row, at, all) => {
    for (const one of row.querySelectorAll("[data-nr]")) one.textContent = at + 1;
    row.querySelector("[name=up]").disabled = at === 0;
    row.querySelector("[name=down]").disabled = at === all.length - 1;
  });
  form.dispatchEvent(new Event("input", { bubbles: true }));
};
const note = (textContent, className) => notes.appendChild(Object.assign(document.createElement("p"), { className, textContent }));
// Each file has a request of its own: a bad one keeps out no other.
const add = (files) => {
  if (!queue.length) notes.replaceChildren();
  for (const file of files) {
    const most = Number(input.dataset.most);
    const why =
      (file.type && !/^(image|video|audio)\//.test(file.type) && "it is no picture, video or sound") ||
      (!file.size && "it is empty") || (file.size > most && `it has ${mb(file.size)}, and at most ${mb(most)} can be sent`);
    if (why) {
      note(`${file.name} is left out: ${why}.`, "note bad");
      continue;
    }
    const row = blank.content.firstElementChild.cloneNode(true);
    row.file = file;
    row.querySelector(".label").textContent = `${file.name}, ${mb(file.size)}`;
    row.querySelector("progress").setAttribute("aria-label", file.name);
    for (const one of row.querySelectorAll(".unseen")) one.textContent = ` ${file.name}`;
    sends.append(row);
    wait(row);
  }
};
const wait = (row) => {
  row.classList.remove("failed");
  if (queue.push(row) === 1) send(row);
};
const cancel = (row) => {
  row.remove();
  if (queue[0] === row) row.request.abort();
  else queue = queue.filter((one) => one !== row);
  input.focus();
};
const send = (row) => {
  const [label, bar, hint] = row.querySelectorAll(".label, progress, .hint");
  const [data, request] = [new FormData(), new XMLHttpRequest()];
  data.append("files", row.file);
  row.request = request;
  request.open("POST", "/compose/media");
  request.setRequestHeader("X-CSRF-Token", document.body.dataset.csrf);
  request.setRequestHeader("HX-Request", "true");
  hint.textContent = "You can go on writing.";
  request.upload.onprogress = ({ loaded, total }) => {
    bar.value = (100 * loaded) / total;
    label.textContent = `${row.file.name}, ${mb(loaded)} of ${mb(total)}`;
    if (loaded === total) hint.textContent = "It is being checked.";
  };
  const fail = (words) => {
    row.classList.add("failed");
    hint.textContent = words;
    note(`${row.file.name}: ${words}`, "unseen");
  };
  request.onerror = () => fail("Not sent: the server cannot be reached. Try again when you are online.");
  request.onload = () => {
    const answer = document.createElement("template");
    answer.innerHTML = request.responseText;
    const [parts, lines] = [".shot", ".note"].map((name) => [...answer.content.querySelectorAll(name)]);
    const words = lines.map((one) => one.textContent.trim()).join(" ");
    if (request.status === 401 || request.status >= 500) return fail(words || "The server could not take it.");
    const refusal = words || (!parts.length && `${row.file.name} was refused (${request.status}).`);
    note(refusal || `${row.file.name} is here.`, refusal ? "note bad" : "unseen");
    row.remove();
    media.append(...parts);
    changed();
  };
  request.onloadend = () => {
    queue.shift();
    if (queue.length) return send(queue[0]);
    const button = pressed;
    pressed = null;
    if (button) form.requestSubmit(button);
  };
  request.send(data);
};
// A form waits for its files, and is not sent without one that failed.
form.addEventListener("submit", (event) => {
  const again = sends.querySelector(".failed [data-act=again]");
  if (!again && !queue.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (again) again.focus();
  else pressed = event.submitter;
}, true);
input.addEventListener("change", () => {
  add(input.files);
  input.value = "";
});
form.addEventListener("paste", ({ clipboardData }) => {
  if (!clipboardData.types.includes("text/plain")) add(clipboardData.files);
});
sends.addEventListener("click", ({ target }) => {
  const act = target.closest("[data-act]");
  if (act) (act.dataset.act === "again" ? wait : cancel)(act.closest(".shot"));
});
// Order: dragging, buttons, and Alt with arrows. A file that is dropped beside the field would replace the page.
let dragged = null;
for (const name of ["dragstart", "dragover", "dragleave", "drop", "dragend"]) {
  document.addEventListener(name, (event) => {
    const row = event.target.closest && event.target.closest("#media > .shot");
    const hasFiles = !dragged && event.dataTransfer.types.includes("Files");
    if (name === "dragstart") dragged = row;
    else if (dragged || hasFiles) event.preventDefault();
    if (dragged && name === "dragover" && row && row !== dragged) {
      const { top, height } = row.getBoundingClientRect();
      row[event.clientY < top + height / 2 ? "before" : "after"](dragged);
    }
    drop.classList.toggle("over", hasFiles && name === "dragover");
    if (hasFiles && name === "drop") add(event.dataTransfer.files);
    if (dragged && name === "dragend") changed();
    if (name === "dragend") dragged = null;
  });
}
const move = (row, name) => {
  const other = row[name === "up" ? "previousElementSibling" : "nextElementSibling"];
  if (other) other[name === "up" ? "before" : "after"](row);
  changed();
};
// Focus: a point on the whole picture. The row shows the square around it.
const point = (row, shares) => {
  const [field, picture, dot, words] = ["[name=focus]", ".crop", ".aim i", ".aim output"].map((name) => row.querySelector(name));
  if (!dot) return [];
  const text = shares ? shares.map((one) => Number(Math.min(Math.max(one, 0), 1).toFixed(2))).join() : field.value;
  const [x, y] = (/^[\d.]+,[\d.]+$/.test(text) ? text : "0.5,0.5").split(",").map(Number);
  const [width, height] = ["width", "height"].map((name) => Number(picture.firstElementChild.getAttribute(name)));
  const side = Math.min(width, height);
  const start = (length, share) => Math.min(Math.max(length * share - side / 2, 0), length - side);
  picture.setAttribute("viewBox", `${start(width, x)} ${start(height, y)} ${side} ${side}`);
  Object.assign(dot.style, { left: `${100 * x}%`, top: `${100 * y}%` });
  if (!shares) return [x, y];
  field.value = text;
  words.textContent = `${Math.round(100 * x)} % from the left, ${Math.round(100 * y)} % from the top`;
  changed();
};
media.addEventListener("input", ({ target }) => target.name === "focus" && point(target.closest(".shot")));
media.addEventListener("toggle", ({ target }) => point(target.closest(".shot")), true);
media.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const row = button.closest(".shot");
  event.preventDefault();
  if (button.name === "drop") {
    row.querySelector("[data-drop]").name = row.classList.toggle("gone") ? "drop" : ""; // The same button brings it back.
    return changed();
  }
  if (!button.name) {
    const { left, top, width, height } = button.getBoundingClientRect();
    return event.detail && point(row, [(event.clientX - left) / width, (event.clientY - top) / height]);
  }
  move(row, button.name);
  (button.disabled ? row.querySelector("[name=up]:enabled, [name=down]:enabled") : button).focus();
});
media.addEventListener("keydown", (event) => {
  const { key, target, altKey } = event;
  const [row, step] = [target.closest(".shot"), { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key]];
  if (altKey && step && step[1]) move(row, step[1] < 0 ? "up" : "down");
  else if (!altKey && step && target.closest(".aim")) point(row, point(row).map((one, at) => one + step[at] / 20));
  // As in a field of one line: no alt text has lines.
  else if (key === "Enter" && target.name === "alt" && !event.shiftKey && !event.isComposing) form.querySelector("[name=do]").click();
  else return;
  event.preventDefault();
  target.focus();
});
}
