// The dock: play, what is heard, levels, volume, difference. What can be heard is a list of
// choices that the way of listening gives: names and numbers, or letters that say nothing.
{
  const { data, byId } = AB;
  const chips = byId("chips");
  const difference = byId("difference"), hearButton = byId("difference-hear");
  const lists = [byId("difference-a"), byId("difference-b")];
  const more = byId("difference-more"), raised = byId("difference-raise"), told = byId("difference-told");

  AB.current = 0;
  AB.before = 1;

  AB.openChoices = () => data.versions.map((version, i) => ({
    label: String(i + 1), name: version.name, series: AB.several ? null : i, version: () => version.id,
  }));
  AB.spoken = ({ label, name }) => (name ? `${label}, ${name}` : label);

  AB.listen = (index) => {
    const choice = AB.mode.choices[index];
    if (!choice) return;
    if (AB.current !== index && AB.current !== null) AB.before = AB.current;
    AB.current = index;
    AB.player.select(choice.version());
    choice.heard?.();
    AB.say(AB.spoken(choice));
  };
  AB.step = (by) => {
    const count = AB.mode.choices.length;
    if (count) AB.listen(((AB.current ?? AB.before) + by + count) % count);
  };

  const drawChips = () => {
    chips.replaceChildren(...AB.mode.choices.map((choice, i) => {
      const chip = AB.make("button", { type: "button", class: "chip", "aria-pressed": "false",
        "aria-label": AB.spoken(choice) },
      AB.make("kbd", { text: choice.label, "aria-hidden": "true" }));
      if (choice.series !== null && choice.series !== undefined) {
        chip.append(AB.make("i", { class: `swatch b-s${choice.series}`, "aria-hidden": "true" }));
      }
      if (choice.name) chip.append(AB.make("bdi", { text: choice.name }));
      return AB.press(chip, () => AB.listen(i));
    }));
    chips.hidden = !AB.mode.choices.length;
    chips.dataset.count = AB.mode.choices.length;
  };
  let shown = null;
  const drawSound = () => {
    [...chips.children].forEach((chip, i) => {
      const on = i === AB.current;
      chip.setAttribute("aria-pressed", String(on));
      chip.classList.toggle("busy", on && AB.mode.open && !AB.player.ready());
    });
    if (shown !== AB.current && AB.current !== null) {
      const chip = chips.children[AB.current];
      if (chip && chips.scrollWidth > chips.clientWidth) {
        chips.scrollLeft = chip.offsetLeft - chips.offsetLeft - (chips.clientWidth - chip.clientWidth) / 2;
      }
    }
    shown = AB.current;
    for (const box of byId("levels").querySelectorAll("input")) box.checked = box.value === AB.player.level;
    drawDifference();
  };
  const drawState = () => {
    const { playing, starting } = AB.player;
    byId("play").classList.toggle("on", playing || starting);
    byId("play").classList.toggle("busy", starting);
    byId("play").setAttribute("aria-label", playing || starting ? "Pause" : "Play");
  };

  // --- levels ---

  AB.setLevel = (level) => {
    if (AB.mode.fixed) return;
    AB.player.setLevel(level);
    AB.say(`${data.levels[level].name}`);
  };
  AB.nextLevel = () => {
    const ids = Object.keys(data.levels);
    AB.setLevel(ids[(ids.indexOf(AB.player.level) + 1) % ids.length]);
  };
  for (const [id, level] of Object.entries(data.levels)) {
    const box = AB.make("input", { type: "radio", name: "level", value: id,
      onchange: () => AB.setLevel(id) });
    byId("levels").append(AB.make("label", { title: level.about }, box, AB.make("span", { text: level.name })));
  }

  // --- the difference of two ---

  const raise = () => {
    const pair = AB.pair(...lists.map((list) => list.value));
    // As loud as the versions at most, in whole steps, and never over full scale.
    return pair === null || pair.db === null ? 0 : Math.min(40, Math.max(0, Math.floor(-pair.db - 6)));
  };
  AB.pair = (a, b) => data.pairs[`${a} ${b}`] ?? data.pairs[`${b} ${a}`] ?? null;
  AB.differenceText = (a, b) => {
    if (a === b) return "Choose two versions.";
    const pair = AB.pair(a, b);
    if (pair === null) return "";
    const unsure = [a, b].filter((id) => !AB.versions.get(id).aligned);
    if (unsure.length) return "Not aligned in time: their difference means nothing.";
    if (pair.identical) return "Identical, to the sample: there is no difference.";
    if (pair.db === null) return "Silence.";
    return `${AB.signed(pair.db)} dB against the versions, ${AB.signed(pair.dbfs)} dBFS`;
  };
  const drawDifference = () => {
    const heard = AB.player.sound.kind === "difference";
    const [a, b] = lists.map((list) => list.value);
    hearButton.setAttribute("aria-pressed", String(heard));
    hearButton.disabled = a === b;
    more.hidden = !raise();
    more.lastElementChild.textContent = `raise it by ${raise()} dB`;
    const text = AB.differenceText(a, b);
    if (told.textContent !== text) told.textContent = text;
  };
  const hearDifference = () => {
    const [a, b] = lists.map((list) => list.value);
    if (a === b) return;
    const inverted = AB.versions.get(a).inverted !== AB.versions.get(b).inverted;
    if (AB.current !== null) AB.before = AB.current;
    AB.current = null;
    AB.player.hear({ kind: "difference", a, b, sign: inverted ? -1 : 1,
      raise: raised.checked ? raise() : 0 });
  };
  AB.toggleDifference = () => {
    if (!AB.mode.open) return;
    if (AB.player.sound.kind === "difference") {
      AB.listen(AB.before);
      return;
    }
    // Of what is heard and what was heard before.
    if (AB.current !== AB.before && AB.current !== null) {
      lists[0].value = AB.order[AB.current];
      lists[1].value = AB.order[AB.before];
    }
    hearDifference();
    AB.say(`Difference of ${lists.map((list) => AB.name(list.value)).join(" and ")}: ${told.textContent}`);
  };
  for (const list of lists) {
    data.versions.forEach(({ id, name }, i) => list.append(AB.make("option", { value: id, text: `${i + 1} ${name}` })));
    list.addEventListener("change", () => {
      if (AB.player.sound.kind === "difference") hearDifference();
      drawDifference();
    });
  }
  lists[1].selectedIndex = 1;
  AB.press(hearButton, AB.toggleDifference);
  raised.addEventListener("change", () => {
    if (AB.player.sound.kind === "difference") hearDifference();
    drawDifference();
  });

  // --- play and volume ---

  AB.toggle = () => {
    if (AB.player.playing || AB.player.starting) AB.player.pause();
    else AB.player.play();
  };
  AB.press(byId("play"), AB.toggle);
  byId("volume").addEventListener("input", (event) => {
    const db = Number(event.target.value);
    const silent = db <= Number(event.target.min);
    AB.player.setVolume(silent ? 0 : AB.gain(db));
    event.target.setAttribute("aria-valuetext", silent ? "silent" : `${db} decibels`);
  });

  AB.on("sound", drawSound);
  AB.on("loading", drawSound);
  AB.on("state", drawState);
  AB.on("mode", () => {
    drawChips();
    shown = null;
    // Its lists tell names: blind, they are not in the page at all.
    if (AB.mode.open) byId("stage").append(difference);
    else difference.remove();
    byId("levels").hidden = AB.mode.fixed;
    drawSound();
  });
}
