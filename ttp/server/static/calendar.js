// The calendar works without this file. A post is dragged to another time, and "Move to…" opens as a menu.
let post = null; // that is dragged
const mark = (cell) => {
  document.querySelector(".over")?.classList.remove("over");
  cell?.classList.add("over");
};
document.addEventListener("dragstart", (event) => {
  post = event.target.closest("[data-post]");
  if (post) event.dataTransfer.setData("text/plain", post.dataset.post); // Some browsers drag nothing without data.
});
document.addEventListener("dragover", (event) => {
  const cell = post && event.target.closest("[data-date]");
  if (cell) event.preventDefault();
  mark(cell);
});
document.addEventListener("dragend", () => { post = mark(null); });
document.addEventListener("drop", (event) => {
  const cell = post && event.target.closest("[data-date]");
  if (!cell || cell.contains(post)) return;
  event.preventDefault();
  // A day keeps the clock of the post, an hour its minutes. The form has the rest, and says what is swapped.
  const [hour, minute] = post.querySelector("time").textContent.split(":");
  const values = { at: `${cell.dataset.date} ${cell.dataset.hour || hour}:${minute}`, revision: post.dataset.revision };
  htmx.ajax("POST", `/posts/${post.dataset.post}/move`, { source: "#move", values }).catch(() => {
    document.getElementById("messages").replaceChildren(document.getElementById("not-moved").content.cloneNode(true));
  });
});
document.addEventListener("htmx:afterSwap", ({ target, detail }) => {
  if (target.id !== "move-menu") return;
  const link = detail.requestConfig.elt;
  if (!target.firstElementChild) return location.assign(link.href); // which says why
  target.showPopover({ source: link });
  target.querySelector("button").focus();
});
