"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const sound = find("sound"), dock = find("dock"), problem = find("problem");
  const buttons = [...document.querySelectorAll("button[data-src]")];
  const files = [...document.querySelectorAll("tbody.file")];
  const levels = [...document.querySelectorAll(".level")];
  const filter = document.querySelector(".filter");
  let current = null;

  const fileOf = (button) => button.closest("tbody");
  const visible = () => buttons.filter((button) => !fileOf(button).hidden);

  const mark = () => {
    for (const button of buttons) {
      const on = button === current;
      fileOf(button).classList.toggle("playing", on);
      button.firstElementChild.classList.toggle("pause", on && !sound.paused);
      if (on) button.setAttribute("aria-pressed", String(!sound.paused));
      else button.removeAttribute("aria-pressed");
    }
  };
  const start = () => sound.play().catch(() => {});

  // Another file of the same track goes on where this one is: so two formats can be compared.
  const goesOn = (button) => current && button.dataset.track && !button.dataset.kind
    && !current.dataset.kind && button.dataset.track === current.dataset.track;

  const play = (button) => {
    if (button === current) {
      if (sound.paused) start();
      else sound.pause();
      return;
    }
    const at = goesOn(button) ? sound.currentTime : 0;
    current = button;
    problem.textContent = "";
    const row = fileOf(button);
    find("playing").textContent = row.querySelector(".title bdi").textContent;
    find("from").textContent = row.querySelector("[data-label=Target] bdi").textContent
      + ", " + button.dataset.format;
    dock.hidden = false;
    sound.src = button.dataset.src;
    if (at > 0) sound.addEventListener("loadedmetadata", () => { sound.currentTime = at; },
      { once: true });
    start();
    mark();
  };
  const step = (by) => {
    const list = visible();
    if (!list.length) return;
    const at = list.indexOf(current);
    const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : at + by;
    if (next >= 0 && next < list.length) play(list[next]);
  };

  for (const button of buttons) {
    button.hidden = false;
    button.addEventListener("click", () => play(button));
  }
  for (const name of ["play", "pause", "ended"]) sound.addEventListener(name, mark);
  sound.addEventListener("ended", () => step(1));
  sound.addEventListener("error", () => {
    if (!current) return;
    problem.textContent = `This browser does not play ${current.dataset.format}, or the file is `
      + "not where it was: open it by its link.";
    mark();
  });
  find("before").addEventListener("click", () => step(-1));
  find("after").addEventListener("click", () => step(1));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const own = event.target.closest("button, input, a, audio, summary, [tabindex]");
    const key = event.key.toLowerCase();
    if (key === " " && !own) {
      if (current) play(current);
      else step(1);
    } else if (key === "n") step(1);
    else if (key === "p") step(-1);
    else if ((key === "arrowleft" || key === "arrowright") && current && !own) {
      const by = key === "arrowleft" ? -5 : 5;
      sound.currentTime = Math.max(0, Math.min(sound.duration || 0, sound.currentTime + by));
    } else return;
    event.preventDefault();
  });

  const show = () => {
    const of = filter.querySelector("input[type=radio]:checked").value;
    const open = filter.querySelector("input[type=checkbox]").checked;
    let count = 0;
    for (const file of files) {
      const hidden = (of !== "" && file.dataset.of !== of)
        || (open && file.dataset.state === "green");
      file.hidden = hidden;
      if (!hidden) count += 1;
    }
    for (const level of levels) level.hidden = of !== "" && level.dataset.of !== of;
    find("none").hidden = count > 0;
    find("counted").textContent = `${count} of ${files.length} files are shown`;
  };
  for (const file of files) {
    if (file.querySelector(".why")) file.classList.add("has-why");
  }
  filter.hidden = false;
  filter.addEventListener("change", show);
})();
