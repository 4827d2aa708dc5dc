"use strict";
// Sorts and searches the coefficients; without it the page has all of them, by size.
(() => {
  const table = document.getElementById("coefficients-table");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];

  const values = (column) => {
    const texts = rows.map((row) => row.cells[column].textContent);
    const numbers = texts.map(Number);
    return numbers.every((number) => !Number.isNaN(number)) ? numbers : texts;
  };
  const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));

  const sort = (column) => {
    const head = heads[column];
    const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const keys = values(column);
    const order = rows.map((_, i) => i).sort((i, j) => direction * compare(keys[i], keys[j]) || i - j);
    heads.forEach((each) => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
    body.append(...order.map((i) => rows[i]));
  };

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(column));
    head.replaceChildren(button);
  });

  const label = document.createElement("label");
  label.textContent = "Search columns";
  label.htmlFor = "coefficients-search";
  const input = document.createElement("input");
  input.type = "search";
  input.id = "coefficients-search";
  const count = document.createElement("span");
  count.setAttribute("role", "status");
  const names = rows.map((row) => row.cells[0].textContent.toLowerCase());
  const search = () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !names[i].includes(wanted);
      shown += !row.hidden;
    });
    count.textContent = wanted ? `${shown} of ${rows.length}` : "";
  };
  input.addEventListener("input", search);
  const box = document.createElement("div");
  box.className = "search";
  box.append(label, input, count);
  table.parentElement.before(box);
})();
