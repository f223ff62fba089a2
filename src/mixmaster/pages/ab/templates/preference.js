// Preference: pairs of versions, every version in as many, first as often as second; which is
// better? The order is chance's, the names are hidden, nothing is undone.
{
  let panel = null;

  const running = () => (AB.state.running?.kind === "preference" ? AB.state.running : null);
  const valid = (run) => run && Array.isArray(run.ids) && run.ids.length > 1
    && run.ids.every((id) => AB.versions.has(id)) && Object.hasOwn(AB.data.levels, run.level)
    && Array.isArray(run.answers) && run.answers.length < pairsOf(run).length;
  const pairsOf = ({ ids, rounds, seed }) => AB.rounds(ids, rounds, AB.random(seed));
  const cycle = (count) => (count % 2 ? count : count - 1);

  const setup = () => {
    AB.setMode({ name: "preference" });
    const boxes = AB.versionBoxes("Versions");
    const rounds = AB.make("input", { type: "number", min: "1", max: "60", step: "1", inputmode: "numeric" });
    const told = AB.make("p", { class: "about" });
    const problem = AB.make("p", { class: "problem", role: "alert" });
    const count = () => Math.min(60, Math.max(1, Math.round(Number(rounds.value)) || 1));
    const suggest = (many) => (many < 2 ? 1 : many <= 6 ? cycle(many) * (many <= 3 ? 3 : 1) : Math.min(cycle(many), 5));
    const explain = () => {
      const many = boxes.chosen().length;
      const each = Math.floor(many / 2);
      told.textContent = many < 2 ? "Two versions at least."
        : `${AB.many(each * count(), "pair")}: every version in ${many % 2 ? "about " : ""}${count()}${many % 2 ? " or fewer" : ""}; `
          + `all have met all after ${AB.many(cycle(many), "round")}.`;
    };
    rounds.value = suggest(boxes.chosen().length);
    rounds.addEventListener("input", explain);
    boxes.addEventListener("change", () => {
      rounds.value = suggest(boxes.chosen().length);
      explain();
    });
    const start = AB.button("Start", () => {
      const ids = boxes.chosen();
      if (ids.length < 2) {
        problem.textContent = "Two versions at least.";
        return;
      }
      AB.keep((state) => {
        state.running = { kind: "preference", ids, rounds: count(), seed: AB.newSeed(), level: AB.player.level, answers: [] };
      });
      ask(true);
    }, { class: "main" });
    explain();
    panel.replaceChildren(AB.heading("Preference"),
      AB.make("p", { class: "about", text: "Two at a time, without names: say which you prefer. Every version meets others equally often, and comes first as often as second." }),
      boxes, AB.make("div", { class: "fields" }, AB.make("label", { class: "field narrow" }, AB.make("span", { text: "Rounds" }), rounds)),
      told, AB.make("p", { class: "about", text: AB.levelText() }), problem, AB.make("div", { class: "answers start" }, start));
  };

  const ask = (fresh = false) => {
    const run = running();
    const pairs = pairsOf(run);
    const at = run.answers.length;
    const [first, second] = pairs[at];
    const listened = new Set();
    const heard = (which) => () => {
      listened.add(which);
      if (listened.size === 2) for (const button of panel.querySelectorAll("button.big")) button.disabled = false;
    };
    AB.player.setLevel(run.level);
    AB.setMode({ name: "preference", fixed: true, answer: (number) => say([null, first, second][number]),
      choices: [{ label: "1", name: "First", version: () => first, heard: heard(1) },
        { label: "2", name: "Second", version: () => second, heard: heard(2) }] });
    listened.add(1);
    const say = (preferred) => {
      if (preferred === undefined) return;
      if (listened.size < 2) {
        AB.say("Listen to both first: keys 1 and 2");
        return;
      }
      AB.keep((state) => {
        run.answers.push(preferred);
        state.preferences.push({ first, second, preferred, level: run.level });
        if (run.answers.length === pairs.length) state.running = null;
      });
      if (running()) {
        ask();
        AB.say(`Pair ${at + 2} of ${pairs.length}`);
      } else {
        done(run);
      }
    };
    const focused = panel.contains(document.activeElement) && document.activeElement.dataset.answer;
    const answer = (text, preferred, number) => AB.button(text, () => say(preferred),
      { class: "big", "data-answer": number, disabled: true, "aria-keyshortcuts": `Shift+${number}` });
    const bar = AB.make("progress", { max: pairs.length, value: at, "aria-label": "Pairs answered" });
    panel.replaceChildren(AB.heading(`Pair ${at + 1} of ${pairs.length}`), bar,
      AB.make("p", { class: "about" }, "Listen to the first ", AB.make("kbd", { text: "1" }), " and the second ", AB.make("kbd", { text: "2" }),
        ". Which do you prefer? An answer cannot be taken back."),
      AB.make("div", { class: "answers big" }, answer("The first", first, 1), answer("No preference", null, 0), answer("The second", second, 2)),
      AB.make("p", { class: "about", text: "Shift with 1, 2 or 0 answers, once both were heard." }),
      AB.make("div", { class: "answers" }, AB.button("Stop here", stop, { class: "plain" })));
    if (focused || fresh) AB.focusHeading(panel);
  };

  const stop = async () => {
    const run = running();
    const many = run.answers.length;
    if (!(await AB.ask(many ? `Stop after ${AB.many(many, "pair")}? The answers are kept; the test cannot go on.` : "Stop the test?", "Stop"))) return false;
    AB.keep((state) => {
      state.running = null;
    });
    if (many) done(run);
    else setup();
    return true;
  };

  // Wins of each, a tie as half a win for both.
  AB.standing = (answers) => {
    const table = new Map();
    const row = (id) => {
      if (!table.has(id)) table.set(id, { id, wins: 0, ties: 0, losses: 0 });
      return table.get(id);
    };
    for (const { first, second, preferred } of answers) {
      for (const id of [first, second]) {
        const entry = row(id);
        if (preferred === null) entry.ties++;
        else if (preferred === id) entry.wins++;
        else entry.losses++;
      }
    }
    const list = [...table.values()];
    for (const entry of list) {
      entry.pairs = entry.wins + entry.ties + entry.losses;
      entry.share = (entry.wins + entry.ties / 2) / entry.pairs;
      entry.interval = AB.wilson(entry.wins + entry.ties / 2, entry.pairs);
    }
    return list.sort((a, b) => b.share - a.share);
  };
  AB.standingTable = (list) => AB.make("div", { class: "scroll" }, AB.make("table", { class: "plain standing" },
    AB.make("thead", {}, AB.make("tr", {}, ["Version", "Preferred", "Tied", "Not", "Share, 95 % interval"].map((text) => AB.make("th", { scope: "col", text })))),
    AB.make("tbody", {}, list.map(({ id, wins, ties, losses, share, interval }) => {
      const range = AB.make("i", { class: "range", "aria-hidden": "true" }, AB.make("i", { class: "part" }), AB.make("i", { class: "dot" }));
      range.firstElementChild.style.left = `${interval[0] * 100}%`;
      range.firstElementChild.style.width = `${(interval[1] - interval[0]) * 100}%`;
      range.lastElementChild.style.left = `${share * 100}%`;
      return AB.make("tr", {}, AB.make("th", { scope: "row" }, AB.make("bdi", { text: AB.name(id) })),
        AB.make("td", { text: String(wins) }), AB.make("td", { text: String(ties) }), AB.make("td", { text: String(losses) }),
        AB.make("td", { class: "share" }, range,
          AB.make("span", { text: `${Math.round(share * 100)} % (${Math.round(interval[0] * 100)} to ${Math.round(interval[1] * 100)})` })));
    }))));

  const done = (run) => {
    AB.setMode({ name: "preference" });
    const pairs = pairsOf(run);
    const answers = run.answers.map((preferred, i) => ({ first: pairs[i][0], second: pairs[i][1], preferred }));
    const list = AB.standing(answers);
    const best = list[0];
    const clear = best.interval[0] > 0.5;
    const verdict = clear
      ? [AB.make("bdi", { text: AB.name(best.id) }), ` was preferred: in ${Math.round(best.share * 100)} % of its pairs, where chance gives 50 %.`]
      : ["No clear preference: the intervals reach to 50 %, which chance gives."];
    panel.replaceChildren(AB.heading("Preference: the result"),
      AB.make("p", { class: clear ? "verdict good" : "verdict" }, verdict), AB.standingTable(list),
      AB.make("p", { class: "honest", text: answers.length < pairs.length
        ? `Broken off after ${answers.length} of ${pairs.length} pairs: not all met equally often.`
        : "With more rounds, and more listeners, the intervals shrink. The best of many looks better than it is." }),
      AB.make("div", { class: "answers" }, AB.button("Another test", setup), AB.button("Save the results", () => AB.go("results")),
        AB.button("Back to all versions", () => AB.go("open"), { class: "main" })));
    AB.focusHeading(panel);
    AB.say(panel.querySelector(".verdict").textContent);
  };

  AB.addMode("preference", {
    enter: (place) => {
      panel = place;
      if (valid(running())) ask();
      else setup();
    },
    leave: () => (running() ? stop() : true),
  });
}
