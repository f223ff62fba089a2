"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const keys = JSON.parse(find("data").textContent);
  const body = find("table").tBodies[0];
  const rows = [...body.rows].map((row, index) => ({
    row, keys: keys[index], group: row.dataset.group, words: null,
  }));
  const headings = [...document.querySelectorAll("th[data-column]")];
  const form = document.querySelector(".tools");
  const search = find("find"), target = find("target"), pick = find("sort"), more = find("more");
  let order = { column: 0, up: true };

  // Thousands of rows take seconds to lay out: only so many are in the table as were scrolled to.
  const AT_ONCE = 200;
  let list = rows, laid = 0;
  const lay = (upTo) => {
    const end = Math.min(list.length, upTo);
    if (end > laid) body.append(...list.slice(laid, end).map((each) => each.row));
    laid = Math.max(laid, end);
    more.hidden = laid >= list.length;
    more.firstElementChild.textContent
      = `${(list.length - laid).toLocaleString("en")} more rows`;
  };
  const layAgain = () => {
    body.replaceChildren();
    laid = 0;
    lay(AT_ONCE);
  };

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
    for (const heading of headings) {
      if (Number(heading.dataset.column) !== column) heading.removeAttribute("aria-sort");
      else heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    }
    pick.value = String(column);
    show();
  };

  // Figures are wanted with the highest first, names with the first.
  const first = (column) => column < 3;
  const toggle = (column) => sort(column, order.column === column ? !order.up : first(column));

  // What it is called, where it goes and what is said of it; figures would be found in every row.
  const wordsOf = (row) => [
    ...row.querySelectorAll(".file, .tag, .state, .why, [data-label=Target]"),
  ].map((part) => part.textContent).join(" ").toLowerCase();
  const show = () => {
    const parts = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const group = form.querySelector("input[type=radio]:checked").value;
    const of = target === null ? "" : target.value;
    list = rows.filter((each) => {
      if (parts.length && each.words === null) each.words = wordsOf(each.row);
      return (group === "" || each.group === group)
        && (of === "" || each.keys[2] === Number(of))
        && parts.every((part) => each.words.includes(part));
    });
    layAgain();
    find("counted").textContent = list.length === rows.length ? ""
      : `${list.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
    find("none").hidden = list.length > 0;
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
    const at = list.findIndex((each) => each.row.contains(document.activeElement));
    const next = at < 0 ? (by > 0 ? 0 : -1) : at + by;
    if (next >= laid) lay(laid + AT_ONCE);
    if (list[next]) list[next].row.querySelector(".file").focus();
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
    else if (event.target !== search) show();
  });
  more.firstElementChild.addEventListener("click", () => lay(laid + AT_ONCE));
  new IntersectionObserver((seen) => {
    if (seen.some((each) => each.isIntersecting)) lay(laid + AT_ONCE);
  }, { rootMargin: "1200px" }).observe(more);
  window.addEventListener("beforeprint", () => lay(Infinity));

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
  show();
})();
