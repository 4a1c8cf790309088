"use strict";
// The files of the form: sent one by one, ordered, cropped. The form works without this.
const media = document.getElementById("media");
if (media) {
  const form = document.getElementById("compose");
  const [input, notes, drop, blank] = ["files", "uploads", "drop", "sending"].map((id) => document.getElementById(id));
  let queue = []; // Rows of files: the first is being sent.
  let pressed = null; // The button of a form that waits for its files.
  const mb = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
  const shots = () => [...media.querySelectorAll(".shot:not(.sending)")];
  const changed = () => {
    shots().forEach((row, at, all) => {
      for (const one of row.querySelectorAll("[data-nr]")) one.textContent = at + 1;
      row.querySelector("[name=up]").disabled = at === 0;
      row.querySelector("[name=down]").disabled = at === all.length - 1;
    });
    form.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const note = (text, kind) => {
    const line = document.createElement("p");
    Object.assign(line, { className: kind, textContent: text });
    notes.append(line);
    return line;
  };
  // Each file has a request of its own: a bad one keeps out no other.
  const add = (files) => {
    if (!queue.length) notes.replaceChildren();
    for (const file of files) {
      const most = Number(input.dataset.most);
      const wrong =
        (file.type && !/^(image|video|audio)\//.test(file.type) && "is no picture, video or sound") ||
        (!file.size && "is empty") || (file.size > most && `has ${mb(file.size)}, and at most ${mb(most)} can be sent`);
      if (wrong) {
        note(`${file.name} ${wrong}, so it is left out.`, "note error");
        continue;
      }
      const row = blank.content.firstElementChild.cloneNode(true);
      row.file = file;
      row.querySelector(".label").textContent = `${file.name}, ${mb(file.size)}`;
      row.querySelector("progress").setAttribute("aria-label", file.name);
      for (const one of row.querySelectorAll(".unseen")) one.textContent = ` ${file.name}`;
      media.append(row);
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
    const [began, data, request] = [Date.now(), new FormData(), new XMLHttpRequest()];
    data.append("files", row.file);
    row.request = request;
    request.open("POST", "/compose/media");
    request.setRequestHeader("X-CSRF-Token", document.body.dataset.csrf);
    request.setRequestHeader("HX-Request", "true");
    hint.textContent = "You can go on writing.";
    request.upload.onprogress = ({ loaded, total }) => {
      bar.value = (100 * loaded) / total;
      label.textContent = `${row.file.name}, ${mb(loaded)} of ${mb(total)}`;
      const left = Math.round(((Date.now() - began) / 1000) * (total / loaded - 1));
      hint.textContent = loaded === total ? "It is being checked." : `About ${left} s left. You can go on writing.`;
    };
    const fail = (words) => {
      row.classList.add("failed");
      hint.textContent = words;
      note(`${row.file.name}: ${words}`, "unseen");
    };
    request.onerror = () => fail("It was not sent: the server cannot be reached. Try again when you are online.");
    request.onload = () => {
      const answer = document.createElement("template");
      answer.innerHTML = request.responseText;
      const [parts, lines] = [".shot", ".note"].map((name) => [...answer.content.querySelectorAll(name)]);
      const words = lines.map((one) => one.textContent.trim()).join(" ");
      if (request.status === 401 || request.status >= 500) return fail(words || "The server could not take it.");
      const refusal = parts.length ? words : words || `${row.file.name} was refused (${request.status}).`;
      note(refusal || `${row.file.name} is here.`, refusal ? "note error" : "unseen");
      row.replaceWith(...parts);
      parts.forEach(aim);
      changed();
    };
    request.onloadend = () => {
      queue.shift();
      const button = queue.length ? null : pressed;
      if (queue.length) send(queue[0]);
      else pressed = null;
      if (button) form.requestSubmit(button);
    };
    request.send(data);
  };
  // A form waits for its files, and is not sent without one that failed.
  form.addEventListener("submit", (event) => {
    const again = media.querySelector(".failed [data-act=again]");
    if (!again && !queue.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (again) again.focus();
    else pressed = event.submitter;
  }, true);
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = "";
    add(files);
  });
  form.addEventListener("paste", ({ clipboardData }) => {
    if (!clipboardData.types.includes("text/plain")) add(clipboardData.files);
  });
  // Order: dragging, buttons, and Alt with arrows. A file that is dropped beside the field would replace the page.
  let dragged = null;
  for (const name of ["dragstart", "dragover", "dragleave", "drop", "dragend"]) {
    document.addEventListener(name, (event) => {
      const row = event.target.closest && event.target.closest("#media .shot:not(.sending)");
      const isFile = event.dataTransfer.types.includes("Files");
      if (name === "dragstart") dragged = row;
      if (dragged && name === "dragover" && row && row !== dragged) {
        const box = row.getBoundingClientRect();
        row[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
      }
      if (dragged && name === "dragend") changed();
      if (name === "dragend") dragged = null;
      drop.classList.toggle("over", isFile && name === "dragover");
      if (dragged ? name !== "dragstart" : isFile) event.preventDefault();
      if (isFile && !dragged && name === "drop") add(event.dataTransfer.files);
    });
  }
  const move = (row, name) => {
    const all = shots();
    const other = all[all.indexOf(row) + (name === "up" ? -1 : 1)];
    if (other) other[name === "up" ? "before" : "after"](row);
    changed();
  };
  const remove = (row) => {
    const [all, place] = [shots(), shots().indexOf(row)];
    row.remove();
    notes.replaceChildren();
    const back = document.createElement("button");
    Object.assign(back, { type: "button", className: "small", textContent: "Undo" });
    const line = note(`${row.querySelector(".name").textContent} is removed. `, "note");
    line.append(back);
    back.addEventListener("click", () => {
      line.remove();
      if (all[place + 1] && all[place + 1].isConnected) all[place + 1].before(row);
      else media.append(row);
      changed();
      row.querySelector("[name=drop]").focus();
    });
    back.focus();
    changed();
  };
  media.addEventListener("click", (event) => {
    const button = event.target.closest("button[name], [data-act]");
    if (!button) return;
    const row = button.closest(".shot");
    event.preventDefault();
    if (button.dataset.act) return button.dataset.act === "again" ? wait(row) : cancel(row);
    if (button.name === "drop") return remove(row);
    move(row, button.name);
    (button.disabled ? row.querySelector("[name=up]:enabled, [name=down]:enabled") : button).focus();
  });
  media.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.name === "alt" && !event.shiftKey && !event.isComposing) {
      event.preventDefault(); // As in a field of one line: no alt text has lines.
      form.querySelector("[name=do]").click();
    }
    const [name, row] = [{ ArrowUp: "up", ArrowDown: "down" }[event.key], event.target.closest(".shot:not(.sending)")];
    if (!event.altKey || !name || !row) return;
    event.preventDefault();
    move(row, name);
    event.target.focus();
  });
  // Focus: a point on the whole picture; the row shows the square around it.
  const aim = (row) => {
    row.querySelector("figure").draggable = true;
    const [box, point, dot, words] = row.querySelectorAll(".aim, .aim button, .aim i, .aim output");
    if (!box) return;
    const [field, picture, image] = ["[name=focus]", ".crop", ".crop image"].map((name) => row.querySelector(name));
    const at = () => (/^[\d.]+,[\d.]+$/.test(field.value) ? field.value : "0.5,0.5").split(",").map(Number);
    const show = () => {
      const [[x, y], ...size] = [at(), image.getAttribute("width"), image.getAttribute("height")];
      const side = Math.min(...size);
      const start = (length, share) => Math.min(Math.max(length * share - side / 2, 0), length - side);
      picture.setAttribute("viewBox", `${start(size[0], x)} ${start(size[1], y)} ${side} ${side}`);
      Object.assign(dot.style, { left: `${100 * x}%`, top: `${100 * y}%` });
    };
    const set = (...shares) => {
      const [x, y] = shares.map((one) => Number(Math.min(Math.max(one, 0), 1).toFixed(2)));
      field.value = `${x},${y}`;
      words.textContent = `${Math.round(100 * x)} % from the left, ${Math.round(100 * y)} % from the top`;
      show();
      changed();
    };
    point.addEventListener("click", (event) => {
      const area = point.getBoundingClientRect();
      if (event.detail) set((event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height);
    });
    point.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step || event.altKey) return;
      event.preventDefault();
      const [x, y] = at();
      set(x + step[0] / 20, y + step[1] / 20);
    });
    field.addEventListener("input", show);
    box.hidden = false;
    show();
  };
  shots().forEach(aim);
}
