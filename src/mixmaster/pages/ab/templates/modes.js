// Ways of listening: a tab each. While names are hidden, all that tells them is taken out of the
// page, not only out of sight.
{
  const { byId } = AB;
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const panel = byId("panel");
  const panels = { open: byId("panel-open") };
  const modes = {};
  const title = document.title;

  // A way of listening: `enter(panel)` draws and returns what the page needs to know: `open`
  // (names are shown), `fixed` (levels do not change), `choices`; `leave()` resolves to false
  // where one should stay.
  AB.addMode = (name, mode) => {
    modes[name] = mode;
  };
  AB.mode = { name: "open", open: true, fixed: false, choices: AB.openChoices() };

  const show = (name) => {
    for (const tab of tabs) {
      const on = tab.id === `tab-${name}`;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    panels[name] ??= AB.make("section", { class: "test" });
    panel.replaceChildren(panels[name]);
  };
  // What the page is like now; a test under way calls it again at every step.
  AB.setMode = (settings) => {
    const wasOpen = AB.mode.open;
    AB.mode = { open: false, fixed: false, choices: [], ...settings };
    const count = AB.mode.choices.length;
    document.title = AB.mode.open ? title : "Listening blind – A/B";
    document.body.classList.toggle("blind", !AB.mode.open);
    if (AB.mode.open) AB.player.setHeard(AB.order);
    else if (count) AB.player.setHeard([...new Set(AB.mode.choices.map((choice) => choice.version()))].sort(), true);
    if (count) {
      AB.current = Math.min(AB.mode.first ?? 0, count - 1);
      if (AB.mode.open && !wasOpen) AB.before = AB.current ? 0 : Math.min(1, count - 1);
      AB.player.select(AB.mode.choices[AB.current].version());
    } else {
      AB.player.pause();
      AB.current = null;
    }
    if (!AB.mode.open) AB.hush();
    AB.byId("stage").hidden = !count;
    AB.byId("dock").hidden = !count;
    AB.tell("mode");
  };

  AB.go = async (name, focus = false) => {
    const from = AB.mode.name;
    if (from === name) return;
    if (modes[from]?.leave && !(await modes[from].leave())) {
      show(from);
      return;
    }
    show(name);
    modes[name].enter(panels[name]);
    if (focus) byId(`tab-${name}`).focus();
  };
  AB.start = (wanted) => {
    const name = Object.hasOwn(modes, wanted) ? wanted : "open";
    show(name);
    modes[name].enter(panels[name]);
  };

  AB.addMode("open", {
    enter: () => AB.setMode({ name: "open", open: true, choices: AB.openChoices() }),
  });

  for (const tab of tabs) {
    AB.press(tab, () => AB.go(tab.id.slice(4)));
    tab.addEventListener("keydown", (event) => {
      const i = tabs.indexOf(tab);
      const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      AB.go(tabs[(to + tabs.length) % tabs.length].id.slice(4), true);
    });
  }

  // What the tests share.
  AB.heading = (text) => AB.make("h2", { text, tabindex: "-1" });
  AB.focusHeading = (place) => place.querySelector("h2")?.focus({ preventScroll: true });
  AB.versionBoxes = (label, chosen = AB.order) => {
    const box = AB.make("fieldset", { class: "boxes" }, AB.make("legend", { text: label }));
    AB.data.versions.forEach(({ id, name }, i) => {
      const input = AB.make("input", { type: "checkbox", value: id });
      input.checked = chosen.includes(id);
      box.append(AB.make("label", { class: "check" }, input, AB.make("span", { text: `${i + 1} ` }, AB.make("bdi", { text: name }))));
    });
    box.chosen = () => [...box.querySelectorAll("input:checked")].map((input) => input.value);
    return box;
  };
  // The levels of a test are those that listening had; who wants others is told how.
  AB.levelText = () => {
    const level = AB.data.levels[AB.player.level];
    return AB.player.level === "matched" ? `Levels: ${level.name.toLowerCase()}.`
      : `Levels: ${level.name.toLowerCase()}. Louder will be heard as better: level-matched is fair.`;
  };
}
