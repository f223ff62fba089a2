// Blind listening: all versions shuffled under letters, rated, and one preferred; then revealed.
{
  const { byId } = AB;
  const letter = (i) => (i < 26 ? String.fromCharCode(65 + i) : `${letter(Math.floor(i / 26) - 1)}${letter(i % 26)}`);
  let panel = null;

  const running = () => (AB.state.running?.kind === "blind" ? AB.state.running : null);
  const valid = (run) => run && Array.isArray(run.order) && run.order.length > 1
    && run.order.every((id) => AB.versions.has(id)) && Object.hasOwn(AB.data.levels, run.level);

  const setup = () => {
    AB.setMode({ name: "blind" });
    const boxes = AB.versionBoxes("Versions");
    const problem = AB.make("p", { class: "problem", role: "alert" });
    const start = AB.button("Shuffle and hide the names", () => {
      const ids = boxes.chosen();
      if (ids.length < 2) {
        problem.textContent = "Two versions at least.";
        return;
      }
      const seed = AB.newSeed();
      AB.keep((state) => {
        state.running = { kind: "blind", seed, level: AB.player.level,
          order: AB.random(seed).shuffled(ids), ratings: {}, notes: {}, favourite: null };
      });
      listen(true);
    }, { class: "main" });
    panel.replaceChildren(AB.heading("Blind listening"),
      AB.make("p", { class: "about", text: "The versions lose their names and their order. Switch between them, rate each, say which you prefer; then the names come back. Figures, curves and settings are hidden meanwhile." }),
      boxes, AB.make("p", { class: "about", text: AB.levelText() }), problem, AB.make("div", { class: "answers start" }, start));
  };

  const listen = (fresh = false) => {
    const run = running();
    AB.player.setLevel(run.level);
    AB.setMode({ name: "blind", fixed: true, answer: (number) => rate(AB.current, number),
      favourite: () => prefer(AB.current), enough: () => reveal(),
      choices: run.order.map((id, i) => ({ label: letter(i), name: "", version: () => id })) });
    const rows = run.order.map((id, i) => {
      const note = AB.make("input", { type: "text", maxlength: "4000", "aria-label": `Note about ${letter(i)}`,
        placeholder: "what you hear", onchange: (event) => AB.keep(() => {
          run.notes[id] = event.target.value;
        }) });
      note.value = run.notes[id] ?? "";
      const favourite = AB.make("input", { type: "radio", name: "blind-favourite", onchange: () => prefer(i) });
      favourite.checked = run.favourite === id;
      return AB.make("li", { "data-row": i },
        AB.button(letter(i), () => AB.listen(i), { class: "letter", "aria-label": `Listen to ${letter(i)}`, "aria-pressed": "false" }),
        AB.stars(`blind-${i}`, `Rating of ${letter(i)}`, run.ratings[id], (stars) => rate(i, stars)),
        AB.make("label", { class: "check" }, favourite, `prefer ${letter(i)}`),
        note);
    });
    panel.replaceChildren(AB.heading("Blind listening"),
      AB.make("p", { class: "about" }, "Keys: ", AB.make("kbd", { text: "1" }), " … ", AB.make("kbd", { text: "9" }),
        " listen to A, B, …; ", AB.make("kbd", { text: "Shift" }), " with ", AB.make("kbd", { text: "1" }), " to ",
        AB.make("kbd", { text: "5" }), " rates what is heard, ", AB.make("kbd", { text: "F" }), " prefers it."),
      AB.make("ol", { class: "blindlist" }, rows),
      AB.make("p", { class: "problem", id: "blind-problem", role: "alert" }),
      AB.make("div", { class: "answers" },
        AB.button("Stop without an answer", () => AB.go("open"), { class: "plain" }),
        AB.button("Reveal the names", reveal, { class: "main" })));
    drawSound();
    if (fresh) AB.focusHeading(panel);
  };

  const rate = (i, stars) => {
    const run = running();
    if (i === null || stars < 1 || stars > 5) return;
    AB.keep(() => {
      run.ratings[run.order[i]] = stars;
    });
    const input = panel.querySelector(`[name="blind-${i}"][value="${stars}"]`);
    if (input) input.checked = true;
    AB.say(`${letter(i)}: ${AB.many(stars, "star")}`);
  };
  const prefer = (i) => {
    const run = running();
    if (i === null) return;
    AB.keep(() => {
      run.favourite = run.order[i];
    });
    panel.querySelectorAll("[name=blind-favourite]")[i].checked = true;
    AB.say(`${letter(i)} preferred`);
  };

  const reveal = () => {
    const run = running();
    if (!run.favourite && !Object.keys(run.ratings).length) {
      byId("blind-problem").textContent = "Rate one at least, or say which you prefer: afterwards you know their names.";
      return;
    }
    AB.keep((state) => {
      const { level, seed, order, ratings, favourite } = run;
      state.blind.push({ level, seed, order, ratings, favourite });
      Object.assign(state.ratings, ratings);
      for (const [id, text] of Object.entries(run.notes)) {
        if (text.trim()) state.notes.push({ version: id, time_s: null, text: text.trim() });
      }
      state.running = null;
    });
    AB.setMode({ name: "blind" });
    const rows = run.order.map((id, i) => AB.make("tr", { class: id === run.favourite ? "chosen" : null },
      AB.make("th", { scope: "row", text: letter(i) }),
      AB.make("td", {}, AB.make("bdi", { text: AB.name(id) })),
      AB.make("td", { text: run.ratings[id] ? "★".repeat(run.ratings[id]) : "–", "aria-label": run.ratings[id] ? AB.many(run.ratings[id], "star") : "not rated" }),
      AB.make("td", { text: id === run.favourite ? "preferred" : "" })));
    const told = run.favourite
      ? [`You preferred ${letter(run.order.indexOf(run.favourite))}: `, AB.make("bdi", { text: AB.name(run.favourite) }), "."]
      : ["You preferred none."];
    panel.replaceChildren(AB.heading("Revealed"), AB.make("p", { class: "verdict" }, told),
      AB.make("p", { class: "about", text: "One listening says what you liked this time. Whether you hear a difference at all is what ABX tells; which you like over and over, the preference test." }),
      AB.make("div", { class: "scroll" }, AB.make("table", { class: "plain" },
        AB.make("thead", {}, AB.make("tr", {}, ["Heard as", "Version", "Rating", ""].map((text) => AB.make("th", { scope: "col", text })))),
        AB.make("tbody", {}, rows))),
      AB.make("div", { class: "answers" }, AB.button("Again", setup), AB.button("Back to all versions", () => AB.go("open"), { class: "main" })));
    AB.focusHeading(panel);
    AB.say(panel.querySelector(".verdict").textContent);
  };

  const drawSound = () => {
    panel?.querySelectorAll(".letter").forEach((button, i) => button.setAttribute("aria-pressed", String(i === AB.current)));
  };
  AB.on("sound", drawSound);

  AB.addMode("blind", {
    enter: (place) => {
      panel = place;
      if (valid(running())) listen();
      else setup();
    },
    leave: async () => {
      if (!running()) return true;
      if (!(await AB.ask("Leave the blind listening? What you rated in it is lost.", "Leave it"))) return false;
      AB.keep((state) => {
        state.running = null;
      });
      return true;
    },
  });
}
