"use strict";

// Tables: each heading becomes a button that sorts, which a keyboard can reach.
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((one, other) => compare(key(one, column), key(other, column), down ? -1 : 1));
      table.tBodies[0].append(...rows);
    });
  });
}

function key(row, column) {
  const cell = row.cells[column];
  const text = cell.dataset.sort ?? (cell.classList.contains("unknown") ? null : cell.textContent.trim());
  if (text === null || text === "") return null;
  if (text === "inf") return Infinity;
  return Number.isNaN(Number(text)) ? text : Number(text);
}

// Unknown values come last in either direction.
function compare(one, other, sign) {
  if (one === null || other === null) return (one === null) - (other === null);
  if (typeof one === "number" && typeof other === "number") return sign * (one - other);
  return sign * String(one).localeCompare(String(other), "en", { numeric: true });
}

// Those that are wider than the page say so: their last columns are seen by scrolling only.
const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const box = target.closest(".table");
    box.classList.toggle("wide", box.scrollWidth > box.clientWidth);
  }
});
for (const box of document.querySelectorAll(".table")) {
  widths.observe(box);
  widths.observe(box.firstElementChild);
}

// Figures: a click, or Enter, enlarges them; without this script the link opens the file.
const lightbox = document.getElementById("lightbox");
const large = lightbox.querySelector("img");
for (const link of document.querySelectorAll("a.large")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    large.src = link.href;
    large.alt = link.querySelector("img").alt;
    lightbox.showModal();
  });
}
lightbox.addEventListener("click", (event) => {
  if (event.target.closest("button") === null) lightbox.close();
});

// A link into a folded part unfolds it, and all parts around it.
function unfold() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (!target) return;
  const inner = target.querySelector(":scope > details");
  for (let part = inner ?? target; part; part = part.parentElement) {
    if (part.tagName === "DETAILS") part.open = true;
  }
  target.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();
