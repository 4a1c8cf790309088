// The files of the form: sent one by one, ordered, cropped. The form works without this file.
const ids = ["compose", "media", "files", "uploads", "sends", "sending"];
const [form, media, input, notes, sends, blank] = ids.map((id) => document.getElementById(id));
const mb = (bytes) => (bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
const typing = () => new Event("input", { bubbles: true });
const changed = () => {
  [...media.children].forEach((row, at, all) => {
    for (const one of row.querySelectorAll("[data-nr]")) one.textContent = at + 1;
    row.querySelector("[name=up]").disabled = at === 0;
    row.querySelector("[name=down]").disabled = at === all.length - 1;
  });
  form.dispatchEvent(typing());
};
const say = (textContent, className = "note bad") => {
  notes.append(Object.assign(document.createElement("p"), { className, textContent }));
};
// Each file has a request of its own, after the one before: a bad one keeps out no other. `part`: of a thread.
const add = (files, part = "") => {
  if (!sends.firstElementChild) notes.replaceChildren();
  const most = Number(input.dataset.most);
  for (const file of files) {
    const isOther = file.type && !/^(image|video|audio)\//.test(file.type);
    if (isOther) say(`${file.name} is left out: it is no picture, video or sound.`);
    else if (file.size > most) say(`${file.name} is left out: it has ${mb(file.size)}, and ${mb(most)} can be sent.`);
    else {
      const row = Object.assign(blank.content.firstElementChild.cloneNode(true), { file, part });
      row.querySelector(".label").textContent = `${file.name}, ${mb(file.size)}`;
      row.ariaLabel = file.name;
      sends.append(row);
    }
  }
  sendNext();
};
const sendNext = () => {
  const row = sends.querySelector(".sending:not(.failed)");
  if (!row) form.dispatchEvent(new Event("sent"));
  if (!row || row.request) return;
  const [label, bar, hint] = row.querySelectorAll(".label, progress, .hint");
  const [data, request, { name }] = [new FormData(), new XMLHttpRequest(), row.file];
  data.append("files", row.file);
  row.request = request;
  request.open("POST", "/compose/media");
  request.setRequestHeader("X-CSRF-Token", form.elements.csrf.value);
  hint.textContent = "You can go on writing.";
  request.upload.onprogress = ({ loaded, total }) => {
    bar.value = (100 * loaded) / total;
    label.textContent = `${name}, ${mb(loaded)} of ${mb(total)}`;
  };
  const fail = (words) => {
    row.classList.add("failed");
    hint.textContent = words;
  };
  request.onerror = () => fail("Not sent: the server cannot be reached. Try again when you are online.");
  request.onload = () => {
    const { body } = new DOMParser().parseFromString(request.responseText, "text/html");
    const [rows, words] = [body.querySelectorAll(".shot"), body.querySelector(".note.bad")?.textContent.trim()];
    if (request.status === 401 || request.status >= 500) return fail(words || "The server could not accept it.");
    if (rows.length) say(`${name} is here.`, "unseen");
    else say(words || `${name} was refused (${request.status}).`);
    for (const one of rows) one.querySelector("[name=part]").value = row.part;
    row.remove();
    media.append(...rows);
    changed();
  };
  request.onloadend = () => {
    row.request = null;
    sendNext();
  };
  request.send(data);
};
form.addEventListener("change", ({ target }) => {
  if (target.type !== "file") return;
  add(target.files, target.dataset.part);
  target.value = "";
});
sends.addEventListener("click", ({ target }) => {
  const [row, button] = [target.closest(".shot"), target.closest("button")];
  if (!button) return;
  row.remove();
  row.classList.remove("failed");
  if (button.dataset.act === "again") sends.append(row);
  else row.request?.abort();
  sendNext();
  input.focus();
});
// Order: dragging, and buttons. A file that is dropped beside the field would replace the page.
let dragged = null;
document.addEventListener("dragstart", ({ target }) => { dragged = target.closest?.("#media > .shot"); });
for (const name of ["dragover", "drop", "paste"]) {
  document.addEventListener(name, (event) => {
    const { files, types } = event.dataTransfer || event.clipboardData;
    const hasFiles = types.includes("Files") && !types.includes("text/plain"); // Texts may bring a picture along.
    if (dragged || hasFiles) event.preventDefault();
    if (hasFiles && files.length) add(files);
    const row = dragged && event.target.closest("#media > .shot");
    if (!row || row === dragged) return;
    const { top, height } = row.getBoundingClientRect();
    row[event.clientY < top + height / 2 ? "before" : "after"](dragged);
  });
}
document.addEventListener("dragend", () => { dragged = dragged && changed(); });
// Focus: a point on the whole picture, in shares of its width and height. The row shows the square around it.
const pointOf = (row) => {
  const { value } = row.querySelector("[name=focus]");
  return (/^[\d.]+,[\d.]+$/.test(value) ? value : "0.5,0.5").split(",").map(Number);
};
const show = (row) => {
  const [picture, dot, [x, y]] = [row.querySelector(".crop"), row.querySelector(".aim i"), pointOf(row)];
  if (!dot) return;
  const { width, height } = picture.firstElementChild.getBBox();
  const side = Math.min(width, height);
  const start = (length, share) => Math.min(Math.max(length * share - side / 2, 0), length - side);
  picture.setAttribute("viewBox", `${start(width, x)} ${start(height, y)} ${side} ${side}`);
  const [left, top] = [x, y].map((one) => `${Math.round(100 * one)}%`);
  Object.assign(dot.style, { left, top });
  row.querySelector("output").textContent = `${left} from the left, ${top} from the top`;
};
const aim = (row, ...point) => {
  const shares = point.map((share) => Number(Math.min(Math.max(share, 0), 1).toFixed(2)));
  Object.assign(row.querySelector("[name=focus]"), { value: shares.join() }).dispatchEvent(typing());
};
media.addEventListener("input", ({ target }) => show(target.closest(".shot")));
media.addEventListener("toggle", ({ target }) => show(target.closest(".shot")), true);
media.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const row = button.closest(".shot");
  event.preventDefault();
  if (button.name) {
    if (button.name === "up") row.after(row.previousElementSibling);
    else row.before(row.nextElementSibling);
    changed();
    const other = row.querySelector("[name=up]:enabled, [name=down]:enabled");
    if (button.disabled && button === document.activeElement) other.focus();
  } else if (event.detail) {
    aim(row, event.offsetX / button.offsetWidth, event.offsetY / button.offsetHeight);
  }
});
media.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!step || event.altKey || !event.target.matches(".aim button")) return;
  event.preventDefault();
  const row = event.target.closest(".shot");
  aim(row, ...pointOf(row).map((share, at) => share + step[at] / 20));
});
