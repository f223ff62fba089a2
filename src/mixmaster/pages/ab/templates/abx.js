// ABX: is there a difference that can be heard? X is A or B by chance, a number of times that is
// fixed before; nothing is undone, and a reload changes nothing.
{
  const TRIALS = [10, 12, 16, 20, 25, 30];
  const LEVEL = 0.05;
  let panel = null, choice = { a: AB.order[0], b: AB.order[1], planned: 16, score: true };

  const running = () => (AB.state.running?.kind === "abx" ? AB.state.running : null);
  const valid = (run) => run && run.first !== run.second && AB.versions.has(run.first)
    && AB.versions.has(run.second) && Object.hasOwn(AB.data.levels, run.level)
    && Array.isArray(run.trials) && run.trials.length < run.planned;
  // What X is in each trial: of the seed alone, so that a reload finds the same.
  const secrets = ({ first, second, planned, seed }) => {
    const chance = AB.random(seed);
    return Array.from({ length: planned }, () => (chance.coin() ? first : second));
  };
  const right = (trials) => trials.filter(({ x, answer }) => x === answer).length;

  AB.pText = (p) => (p < 0.001 ? "p < 0.001" : `p = ${p < 0.1 ? p.toFixed(3) : p.toFixed(2)}`);
  AB.verdict = (hits, count) => {
    if (count < 10) return `too few trials to tell (${hits} of ${count})`;
    const p = AB.atLeast(hits, count);
    return `${p <= LEVEL ? "a difference was heard" : "no evidence of an audible difference"} (${hits} of ${count}, ${AB.pText(p)})`;
  };
  const percent = (share) => `${Math.round(share * 100)} %`;

  const setup = () => {
    AB.setMode({ name: "abx" });
    const list = (label, value, act) => {
      const select = AB.make("select", { onchange: (event) => act(event.target.value) },
        AB.data.versions.map(({ id, name }, i) => AB.make("option", { value: id, text: `${i + 1} ${name}` })));
      select.value = value;
      return AB.make("label", { class: "field" }, AB.make("span", { text: label }), select);
    };
    const told = AB.make("p", { class: "about" });
    const count = AB.make("select", { onchange: (event) => {
      choice.planned = Number(event.target.value);
      explain();
    } }, TRIALS.map((n) => AB.make("option", { value: n, text: String(n) })));
    count.value = choice.planned;
    const score = AB.make("input", { type: "checkbox", onchange: (event) => {
      choice.score = event.target.checked;
    } });
    score.checked = choice.score;
    const problem = AB.make("p", { class: "problem", role: "alert" });
    const explain = () => {
      const n = choice.planned, needed = AB.hitsNeeded(n, LEVEL);
      told.textContent = `${needed} of ${n} right are needed: guessing gets there in ${(AB.atLeast(needed, n) * 100).toFixed(1)} % of all tests. `
        + `Who hears the difference in 7 of 10 cases passes ${percent(AB.power(n, 0.7))} of them; in 9 of 10, ${percent(AB.power(n, 0.9))}.`;
    };
    const start = AB.button("Start", () => {
      if (choice.a === choice.b) {
        problem.textContent = "A and B are the same version: choose two.";
        return;
      }
      AB.keep((state) => {
        state.running = { kind: "abx", first: choice.a, second: choice.b, level: AB.player.level,
          planned: choice.planned, seed: AB.newSeed(), score: choice.score, trials: [] };
      });
      trial(true);
    }, { class: "main" });
    explain();
    panel.replaceChildren(AB.heading("ABX"),
      AB.make("p", { class: "about", text: "X is either A or B, anew in every trial. Say which. This tells whether you hear a difference, not which is better." }),
      AB.make("div", { class: "fields" },
        list("A", choice.a, (id) => {
          choice.a = id;
        }), list("B", choice.b, (id) => {
          choice.b = id;
        }), AB.make("label", { class: "field narrow" }, AB.make("span", { text: "Trials" }), count)),
      AB.make("label", { class: "check" }, score, "show the score while the test runs"),
      told, AB.make("p", { class: "about", text: AB.levelText() }), problem,
      AB.make("div", { class: "answers start" }, start));
  };

  const trial = (fresh = false) => {
    const run = running();
    const x = secrets(run)[run.trials.length];
    let listened = false;
    AB.player.setLevel(run.level);
    AB.setMode({ name: "abx", fixed: true, answer: (number) => answers[number - 1]?.(),
      choices: [
        { label: "A", name: "", version: () => run.first },
        { label: "B", name: "", version: () => run.second },
        { label: "X", name: "", version: () => x, heard: () => {
          listened = true;
          for (const button of panel.querySelectorAll("button.big")) button.disabled = false;
        } },
      ] });
    const say = (id) => () => {
      if (!listened) {
        AB.say("Listen to X first: key 3");
        return;
      }
      AB.keep((state) => {
        run.trials.push({ x, answer: id });
        if (run.trials.length === run.planned) finish(state, run);
      });
      if (AB.state.running) {
        trial();
        AB.say(`Trial ${run.trials.length + 1} of ${run.planned}`);
      } else {
        done(run);
      }
    };
    const answers = [say(run.first), say(run.second)];
    const count = run.trials.length, hits = right(run.trials);
    const score = run.score && count
      ? AB.make("p", { class: "score", id: "abx-score" }, AB.make("b", { text: `${hits} of ${count}` }), " right, ",
        AB.make("b", { text: AB.pText(AB.atLeast(hits, count)) }),
        AB.make("span", { class: "about", text: " by guessing; counts at the end" }))
      : AB.make("p", { class: "score about", id: "abx-score", text: run.score ? "No answer yet." : "The score is told at the end." });
    const dots = AB.make("div", { class: "dots", "aria-hidden": "true" }, Array.from({ length: run.planned },
      (_, i) => AB.make("i", { class: i < count ? "done" : i === count ? "now" : null })));
    const focused = panel.contains(document.activeElement) && document.activeElement.dataset.answer;
    panel.replaceChildren(AB.heading(`Trial ${count + 1} of ${run.planned}`), dots,
      AB.make("p", { class: "about" }, "Listen to A ", AB.make("kbd", { text: "1" }), ", B ", AB.make("kbd", { text: "2" }),
        " and X ", AB.make("kbd", { text: "3" }), " as often as you like; a short loop helps. An answer cannot be taken back."),
      AB.make("div", { class: "answers big" },
        AB.button("X is A", answers[0], { class: "big", "data-answer": "1", disabled: true, "aria-keyshortcuts": "Shift+1" }),
        AB.button("X is B", answers[1], { class: "big", "data-answer": "2", disabled: true, "aria-keyshortcuts": "Shift+2" })),
      AB.make("p", { class: "about", text: "Shift with 1 or 2 answers, once X was heard." }),
      score,
      AB.make("div", { class: "answers" }, AB.button("Stop here", stop, { class: "plain" })));
    if (focused || fresh) AB.focusHeading(panel);
  };

  const finish = (state, { first, second, level, planned, seed, trials }) => {
    if (trials.length) state.abx.push({ first, second, level, planned, seed, trials });
    state.running = null;
  };
  const stop = async () => {
    const run = running();
    const many = run.trials.length;
    const about = many ? `Stop after ${AB.many(many, "trial")} of ${run.planned}? It is kept as a test that was broken off, and cannot go on.`
      : "Stop the test?";
    if (!(await AB.ask(about, "Stop"))) return false;
    AB.keep((state) => finish(state, run));
    if (many) done(run);
    else setup();
    return true;
  };

  const done = (run) => {
    AB.setMode({ name: "abx" });
    const hits = right(run.trials), count = run.trials.length;
    const p = AB.atLeast(hits, count), early = count < run.planned;
    const passed = count >= 10 && p <= LEVEL;
    const same = AB.state.abx.filter((one) => [run.first, run.second].includes(one.first) && [run.first, run.second].includes(one.second)).length;
    const words = AB.verdict(hits, count);
    const honest = [];
    if (early) honest.push(`Broken off after ${count} of ${run.planned}: a test that ends when one likes shows more than there is.`);
    if (passed) {
      honest.push(`Someone who only guesses gets this far, or further, in ${p < 0.001 ? "less than 0.1" : (p * 100).toFixed(1)} % of such tests. It does not say which is better.`);
    } else if (count >= 10) {
      const low = AB.wilson(hits, count);
      honest.push(`That is no proof that there is none: someone who hears it in 7 of 10 cases misses this test ${percent(1 - AB.power(count, 0.7))} of the time. With what was answered, you hear right in ${percent(low[0])} to ${percent(low[1])} of cases (95 % interval; guessing is 50 %).`);
    } else {
      honest.push("With fewer than ten trials chance decides too much. Take 16.");
    }
    if (same > 1) honest.push(`This was test ${same} of this pair. Of twenty tests by guessing, one passes: all of them count, not the best.`);
    const rows = run.trials.map(({ x, answer }, i) => AB.make("tr", {}, AB.make("th", { scope: "row", text: String(i + 1) }),
      AB.make("td", { text: x === run.first ? "A" : "B" }), AB.make("td", { text: answer === run.first ? "A" : "B" }),
      AB.make("td", { text: x === answer ? "right" : "wrong" })));
    panel.replaceChildren(AB.heading("ABX: the result"),
      AB.make("p", { class: passed ? "verdict good" : "verdict", id: "abx-verdict", text: `${words[0].toUpperCase()}${words.slice(1)}.` }),
      AB.make("p", { class: "about" }, "A was ", AB.make("bdi", { text: AB.name(run.first) }), ", B was ", AB.make("bdi", { text: AB.name(run.second) }),
        `; ${AB.data.levels[run.level].name.toLowerCase()}.`),
      ...honest.map((text) => AB.make("p", { class: "honest", text })),
      AB.make("details", {}, AB.make("summary", { text: "Every trial" }), AB.make("table", { class: "plain" },
        AB.make("thead", {}, AB.make("tr", {}, ["Trial", "X was", "Answer", ""].map((text) => AB.make("th", { scope: "col", text })))),
        AB.make("tbody", {}, rows))),
      AB.make("div", { class: "answers" }, AB.button("Another test", setup), AB.button("Save the results", () => AB.go("results")),
        AB.button("Back to all versions", () => AB.go("open"), { class: "main" })));
    AB.focusHeading(panel);
    AB.say(words);
  };

  AB.addMode("abx", {
    enter: (place) => {
      panel = place;
      if (valid(running())) trial();
      else setup();
    },
    leave: () => (running() ? stop() : true),
  });
}
