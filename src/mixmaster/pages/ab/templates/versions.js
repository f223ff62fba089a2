// The table of versions: meters that follow the song, figures at the levels heard, ratings, and
// the one that is chosen.
{
  const { data, byId } = AB;
  const rows = [...document.querySelectorAll("table.versions tbody tr")];
  const parts = rows.map((row) => ({
    row, id: row.dataset.id,
    bar: row.querySelector(".bar"), tick: row.querySelector(".tick"), figure: row.querySelector("td.live .figure"),
    cells: [...row.querySelectorAll("td[data-value]")].map((cell) => [cell, Number(cell.dataset.value)]),
  }));
  const LOWEST_LUFS = -42;

  // Stars, as radio buttons that can be read; `name` is unique on the page.
  AB.stars = (name, label, value, act) => {
    const box = AB.make("fieldset", { class: "stars" }, AB.make("legend", { class: "unseen", text: label }));
    for (let stars = 1; stars <= 5; stars++) {
      const input = AB.make("input", { type: "radio", name, value: stars, "aria-label": AB.many(stars, "star"),
        onchange: () => act(stars) });
      input.checked = stars === value;
      box.append(AB.make("label", {}, input, AB.make("span", { text: "★", "aria-hidden": "true" })));
    }
    return box;
  };

  const drawLevels = () => {
    const level = data.levels[AB.player.level];
    byId("level-about")?.replaceChildren(level.about);
    for (const { id, row, cells } of parts) {
      for (const [cell, value] of cells) cell.textContent = AB.signed(value + level.gains[id]);
      const on = AB.player.audible().includes(id);
      row.classList.toggle("on", on);
      row.querySelector("button.listen").setAttribute("aria-pressed", String(on));
    }
  };

  // What the meters read at the place that is heard; of all versions at once.
  AB.showMeters = () => {
    if (!AB.mode.open) return;
    const at = Math.round(AB.player.position() / data.rate / data.stepS) - 1;
    const { gains } = data.levels[AB.player.level];
    const live = AB.player.playing || at >= 0;
    for (const { id, bar, tick, figure } of parts) {
      const { momentary, shortTerm } = AB.versions.get(id);
      const read = (list) => (live && list.length && list[Math.min(at, list.length - 1)] !== null
        && list[Math.min(at, list.length - 1)] !== undefined
        ? list[Math.min(at, list.length - 1)] / 10 + gains[id] : null);
      const share = (value) => (value === null ? 0 : Math.min(1, Math.max(0, 1 - value / LOWEST_LUFS)));
      const now = read(momentary);
      bar.style.transform = `scaleX(${share(now).toFixed(4)})`;
      tick.style.left = `${(share(read(shortTerm)) * 100).toFixed(2)}%`;
      figure.textContent = AB.signed(now);
    }
  };

  const choose = (id) => {
    AB.keep((state) => {
      state.chosen = id;
    });
    AB.showWinner(id);
  };
  AB.showWinner = (id) => {
    const dialog = byId("winner");
    const { name, recipe, kind } = AB.versions.get(id);
    const told = AB.make("p", { class: "told", role: "status" });
    const copier = (label, value, settings = {}) => AB.button(label, async () => {
      told.textContent = (await AB.copy(value)) ? "Copied." : "The browser refused to copy: mark the text and copy it by hand.";
    }, settings);
    const content = [AB.make("h2", { id: "winner-title" }, "Chosen: ", AB.make("bdi", { text: name }))];
    if (recipe) {
      content.push(
        AB.make("p", { text: `This renders it again; ${recipe.file} is its resolved preset.` }),
        AB.make("pre", { tabindex: "0", "aria-label": "Command" }, AB.make("code", { text: recipe.command })),
        AB.make("div", { class: "answers" }, copier("Copy the command", recipe.command, { autofocus: true }),
          AB.button(`Save ${recipe.file}`, () => AB.download(recipe.file, recipe.preset, "application/toml"))),
        AB.make("details", {}, AB.make("summary", { text: "The preset" }),
          AB.make("pre", { tabindex: "0", "aria-label": "Preset" }, AB.make("code", { text: recipe.preset })),
          copier("Copy the preset", recipe.preset)),
      );
    } else {
      content.push(AB.make("p", { text: kind === "mix"
        ? "This is the mix itself: nothing has to be rendered."
        : "It was given as a file: nothing has to be rendered." }));
    }
    const back = AB.button("Choose none", () => {
      AB.keep((state) => {
        state.chosen = null;
      });
      dialog.close();
    });
    content.push(told, AB.make("div", { class: "answers" }, back,
      AB.button("Close", () => dialog.close(), { class: "main" })));
    dialog.replaceChildren(...content);
    dialog.addEventListener("close", () => dialog.replaceChildren(), { once: true });
    dialog.showModal();
  };

  const drawOpinions = () => {
    for (const { row, id } of parts) {
      const chosen = AB.state.chosen === id;
      row.classList.toggle("chosen", chosen);
      const pick = row.querySelector("td.pick");
      const focused = pick.contains(document.activeElement);
      pick.replaceChildren(AB.button(chosen ? "Chosen" : "Choose", () => choose(id), {
        class: chosen ? "main" : null, "aria-label": `${chosen ? "Chosen" : "Choose"}: ${AB.name(id)}`,
      }));
      if (focused) pick.firstElementChild.focus();
      const rate = row.querySelector("td.rate");
      if (!rate.firstElementChild) {
        rate.append(AB.stars(`stars-${id}`, `Rating of ${AB.name(id)}`, AB.state.ratings[id], (stars) => {
          AB.keep((state) => {
            state.ratings[id] = stars;
          });
        }));
      }
      for (const input of rate.querySelectorAll("input")) input.checked = Number(input.value) === AB.state.ratings[id];
    }
  };

  parts.forEach(({ row }, i) => AB.press(row.querySelector("button.listen"), () => AB.listen(i)));
  AB.on("sound", drawLevels);
  AB.on("mode", drawLevels);
  AB.on("kept", drawOpinions);
}
