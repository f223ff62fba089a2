// What was said so far: to look at, to save, to read back, to clear away.
{
  let panel = null;

  const summary = () => {
    const { state } = AB;
    const parts = [];
    if (state.abx.length) {
      parts.push(AB.make("h3", { text: "ABX" }), AB.make("ul", { class: "said" }, state.abx.map(({ first, second, trials, planned }) => {
        const hits = trials.filter(({ x, answer }) => x === answer).length;
        return AB.make("li", {}, AB.make("bdi", { text: AB.name(first) }), " against ", AB.make("bdi", { text: AB.name(second) }),
          `: ${AB.verdict(hits, trials.length)}${trials.length < planned ? `, broken off after ${trials.length} of ${planned}` : ""}`);
      })));
    }
    if (state.preferences.length) {
      parts.push(AB.make("h3", { text: `Preference, ${AB.many(state.preferences.length, "pair")}` }), AB.standingTable(AB.standing(state.preferences)));
    }
    if (state.blind.length) {
      parts.push(AB.make("h3", { text: "Blind listening" }), AB.make("ul", { class: "said" }, state.blind.map(({ order, favourite }) => AB.make("li", {},
        `${order.length} versions: `, favourite ? AB.make("bdi", { text: AB.name(favourite) }) : "none", " preferred"))));
    }
    const rated = AB.order.filter((id) => state.ratings[id]);
    if (rated.length) {
      parts.push(AB.make("h3", { text: "Ratings" }), AB.make("ul", { class: "said" }, rated.map((id) => AB.make("li", {},
        AB.make("bdi", { text: AB.name(id) }), ": ", AB.make("span", { "aria-label": AB.many(state.ratings[id], "star"), role: "img", text: "★".repeat(state.ratings[id]) })))));
    }
    if (state.notes.length) parts.push(AB.make("p", { text: `${AB.many(state.notes.length, "note")}.` }));
    if (state.chosen) parts.push(AB.make("p", {}, "Chosen: ", AB.button(AB.name(state.chosen), () => AB.showWinner(state.chosen)), "."));
    if (!parts.length) parts.push(AB.make("p", { class: "none", text: "Nothing yet: rate, note, choose, or take a test." }));
    return parts;
  };

  const draw = () => {
    AB.setMode({ name: "results" });
    const told = AB.make("p", { class: "told", role: "status" });
    const listener = AB.make("input", { type: "text", maxlength: "200", autocomplete: "name",
      onchange: (event) => AB.keep((state) => {
        state.listener = event.target.value;
      }) });
    listener.value = AB.state.listener;
    const file = AB.make("input", { type: "file", accept: ".json,application/json", class: "unseen", tabindex: "-1", "aria-label": "Results file",
      onchange: async () => {
        const [picked] = file.files;
        if (!picked) return;
        try {
          if (picked.size > 4 * 2 ** 20) throw new Error("This is not a results file: it is larger than 4 MB.");
          const text = await picked.text();
          if (!AB.isEmpty() && !(await AB.ask("Replace what is here by what is in the file?", "Replace it"))) return;
          AB.takeResults(text);
          draw();
          AB.say("Results read");
        } catch (error) {
          told.textContent = error.message;
        } finally {
          file.value = "";
        }
      } });
    panel.replaceChildren(AB.heading("Results"),
      AB.make("p", { class: "about" }, AB.keeps() ? "Kept in this browser, for this comparison. " : "This browser keeps nothing for this page. ",
        "Saved files, put beside this page, are summed up over all listeners by ", AB.make("code", { text: "mixmaster compare results" }), "."),
      AB.make("div", { class: "fields" }, AB.make("label", { class: "field" }, AB.make("span", { text: "Listener" }), listener)),
      ...summary(), told,
      AB.make("div", { class: "answers" },
        AB.button("Delete all of it", async () => {
          if (!(await AB.ask("Delete all answers, ratings and notes in this browser? What was saved as a file stays.", "Delete"))) return;
          AB.forget();
          draw();
        }, { class: "plain", disabled: AB.isEmpty() }),
        AB.button("Read a results file", () => file.click()), file,
        AB.button("Save as a file", AB.saveResults, { class: "main" })));
  };

  AB.addMode("results", {
    enter: (place) => {
      panel = place;
      draw();
    },
  });
}
