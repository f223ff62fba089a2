"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const keys = JSON.parse(find("data").textContent);
  const body = find("table").tBodies[0];
  const rows = [...body.rows].map((row, index) => ({
    row, keys: keys[index], group: row.dataset.group, words: null, shown: true,
  }));
  const headings = [...document.querySelectorAll("th[data-column]")];
  const form = document.querySelector(".tools");
  const search = find("find"), target = find("target"), pick = find("sort");
  let order = { column: 0, up: true };

  // Names by their numbers: Song 2 before Song 10. What has no figure stays last, both ways.
  const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const compare = (a, b) => {
    const one = a.keys[order.column], other = b.keys[order.column];
    if (one === null || other === null) {
      return (one === null) - (other === null) || a.keys[0] - b.keys[0];
    }
    const by = typeof one === "string" ? names.compare(one, other) : one - other;
    return (order.up ? by : -by) || a.keys[0] - b.keys[0];
  };
  const sort = (column, up) => {
    order = { column, up };
    rows.sort(compare);
    const all = document.createDocumentFragment();
    for (const each of rows) all.append(each.row);
    body.append(all);
    for (const heading of headings) {
      if (Number(heading.dataset.column) !== column) heading.removeAttribute("aria-sort");
      else heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    }
    pick.value = String(column);
  };

  // Figures are wanted with the highest first, names with the first.
  const first = (column) => column < 3;
  const toggle = (column) => sort(column, order.column === column ? !order.up : first(column));

  const show = () => {
    const parts = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const group = form.querySelector("input[type=radio]:checked").value;
    const of = target === null ? "" : target.value;
    let count = 0;
    for (const each of rows) {
      if (parts.length && each.words === null) each.words = each.row.textContent.toLowerCase();
      const on = (group === "" || each.group === group)
        && (of === "" || each.keys[2] === Number(of))
        && parts.every((part) => each.words.includes(part));
      if (on !== each.shown) {
        each.shown = on;
        each.row.hidden = !on;
      }
      count += on;
    }
    find("counted").textContent = count === rows.length ? ""
      : `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
    find("none").hidden = count > 0;
  };
  let waiting = 0;
  const soon = () => {
    if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; show(); });
  };
  const clear = () => {
    search.value = "";
    form.querySelector("input[type=radio]").checked = true;
    if (target !== null) target.value = "";
    show();
  };

  const step = (by) => {
    const list = rows.filter((each) => each.shown);
    const at = list.findIndex((each) => each.row.contains(document.activeElement));
    const next = list[at < 0 ? (by > 0 ? 0 : list.length - 1) : at + by];
    if (next) next.row.querySelector(".file").focus();
    else if (by < 0) search.focus();
  };

  for (const heading of headings) {
    const button = document.createElement("button");
    const name = heading.querySelector(".by-name");
    button.type = "button";
    button.textContent = name.textContent;
    name.replaceChildren(button);
    button.addEventListener("click", () => toggle(Number(heading.dataset.column)));
  }
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", soon);
  form.addEventListener("change", (event) => {
    if (event.target === pick) sort(Number(pick.value), first(Number(pick.value)));
    else show();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const typing = event.target === search;
    const inTable = body.contains(event.target);
    if (event.key === "/" && !typing) search.focus();
    else if (event.key === "Escape") clear();
    else if (event.key === "ArrowDown" && (typing || inTable)) step(1);
    else if (event.key === "ArrowUp" && inTable) step(-1);
    else return;
    event.preventDefault();
  });
  if (search.value || form.querySelector("input[type=radio]:checked").value) show();
})();
