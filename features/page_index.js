"use strict";
// Finds and sorts documents; the page is complete without it.
const table = document.querySelector("table");
if (table) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const box = document.querySelector(".find");
  const words = rows.map((row) => `${row.cells[0].textContent} ${row.cells[1].textContent}`.toLowerCase());

  const find = () => {
    const wanted = box.querySelector("input").value.toLowerCase().split(/\s+/);
    let found = 0;
    rows.forEach((row, place) => {
      row.hidden = !wanted.every((word) => words[place].includes(word));
      found += !row.hidden;
    });
    box.querySelector("output").textContent = found < rows.length ? `${found} of ${rows.length}` : "";
  };

  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.textContent.trim();
    return cell.classList.contains("num") ? Number(text.replace(/\D/g, "")) : text.toLowerCase();
  };

  const sort = (heading, column) => {
    const numbers = heading.classList.contains("num");
    const before = heading.getAttribute("aria-sort");
    const order = before ? (before === "ascending" ? "descending" : "ascending") : numbers ? "descending" : "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const compare = (a, b) => (numbers ? a - b : a.localeCompare(b));
    body.append(...rows.toSorted((a, b) => sign * compare(value(a, column), value(b, column))));
  };

  box.hidden = false;
  box.querySelector("input").addEventListener("input", find);
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sort(heading, column));
  });
}
