// Every page works without this file. A button that copies or shares names the field with the text.
for (const button of document.querySelectorAll("[data-copy], [data-share]")) {
  const { copy, share } = button.dataset;
  const field = document.getElementById(copy || share);
  button.hidden = !(copy ? navigator.clipboard : navigator.share);
  button.addEventListener("click", () => {
    const isDone = copy ? navigator.clipboard.writeText(field.value) : navigator.share({ text: field.value });
    isDone.then(() => copy && (button.lastChild.textContent = "Copied")).catch(() => {}); // else the field is there
  });
}
// A key presses what names it in `aria-keyshortcuts`: first in the row that has the focus, then anywhere. `j` and `k`
// go from row to row. Keys do nothing while one types.
const ROW = ".slim, .event, .need";
const FIELD = "input:not([type=checkbox], [type=radio]), textarea, select";
document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (target.matches(FIELD) || document.querySelector(":popover-open")) return;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = document.activeElement.closest(ROW);
  const by = { j: 1, k: -1 }[key];
  if (by) {
    const rows = [...document.querySelectorAll(`main :is(${ROW}):has(a.what)`)];
    const next = row ? rows[rows.indexOf(row) + by] : rows[0];
    if (next) next.querySelector("a.what").focus();
    return;
  }
  const name = `[aria-keyshortcuts="${CSS.escape(key)}"]`;
  const named = (row && row.querySelector(name)) || document.querySelector(name);
  if (!named) return;
  event.preventDefault();
  if (named.matches(FIELD)) named.focus();
  else named.click();
});
// All posts of a list are chosen at once, and their number is shown.
document.addEventListener("change", ({ target }) => {
  const list = target.closest(".pick");
  if (!list) return;
  const boxes = [...list.querySelectorAll("[name=post]")];
  if (target.name === "every") for (const box of boxes) box.checked = target.checked;
  const chosen = boxes.filter((box) => box.checked).length;
  list.elements.every.checked = chosen === boxes.length;
  list.querySelector(".bulk > b").textContent = chosen ? `${chosen} chosen` : "";
});
// The zone of this browser is offered where it is not the person's.
const [offer, zone] = [document.getElementById("browser-zone"), Intl.DateTimeFormat().resolvedOptions().timeZone];
if (offer && zone !== offer.dataset.zone) {
  offer.elements.timezone.value = document.getElementById("own-zone").textContent = zone;
  offer.hidden = false;
}
// The last form sent was saved if this page says so, and if it is not an older page that the browser went back to.
const isOld = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
if (!isOld && "saved" in document.body.dataset) localStorage.removeItem(sessionStorage.getItem("ttp-sent"));
sessionStorage.removeItem("ttp-sent");
