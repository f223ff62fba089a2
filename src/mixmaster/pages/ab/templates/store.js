// What a listener says, kept in this browser, saved as a file, read back. Its parts are those of
// the results' schema; what is only kept here (a test under way) stands apart.
{
  const { data } = AB;
  const KEY = `mixmaster.ab.${data.id}`;
  const MOST_TEXT = 4000;

  const nothing = () => ({
    listener: "", abx: [], preferences: [], blind: [], ratings: {}, notes: [], chosen: null,
    running: null,
  });

  // Whether a value is what the schema says; where it is not, in words.
  const isId = (value) => AB.versions.has(value);
  const isText = (value, most) => typeof value === "string" && value.length <= most;
  const isLevel = (value) => Object.hasOwn(data.levels, value);
  const isSeed = (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32;
  const isStars = (value) => Number.isInteger(value) && value >= 1 && value <= 5;
  const isStarsById = (value) => value && typeof value === "object" && !Array.isArray(value)
    && Object.entries(value).every(([id, stars]) => isId(id) && isStars(stars));
  const isList = (value, test) => Array.isArray(value) && value.length <= 10000
    && value.every((item) => item !== null && typeof item === "object" && test(item));
  const isTrial = (run) => (trial) => [trial.x, trial.answer]
    .every((id) => id === run.first || id === run.second);
  const TESTS = {
    listener: (value) => isText(value, 200),
    abx: (value) => isList(value, (run) => isId(run.first) && isId(run.second)
      && run.first !== run.second && isLevel(run.level) && isSeed(run.seed)
      && Number.isInteger(run.planned) && run.planned >= 1
      && isList(run.trials, isTrial(run)) && run.trials.length <= run.planned),
    preferences: (value) => isList(value, (one) => isId(one.first) && isId(one.second)
      && isLevel(one.level) && [null, one.first, one.second].includes(one.preferred)),
    blind: (value) => isList(value, (one) => isLevel(one.level) && isSeed(one.seed)
      && Array.isArray(one.order) && one.order.every(isId) && isStarsById(one.ratings)
      && (one.favourite === null || isId(one.favourite))),
    ratings: isStarsById,
    notes: (value) => isList(value, (note) => (note.version === null || isId(note.version))
      && (note.time_s === null || (Number.isFinite(note.time_s) && note.time_s >= 0))
      && isText(note.text, MOST_TEXT)),
    chosen: (value) => value === null || isId(value),
  };

  AB.state = nothing();
  let keeps = true;
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (kept !== null && typeof kept === "object") {
      for (const [name, test] of Object.entries(TESTS)) {
        if (test(kept[name])) AB.state[name] = kept[name];
      }
      AB.state.running = kept.running ?? null;
    }
  } catch {
    keeps = false;
  }

  // Changes go through here, so that none is lost.
  AB.keep = (change = () => {}) => {
    change(AB.state);
    try {
      localStorage.setItem(KEY, JSON.stringify(AB.state));
    } catch {
      if (keeps) {
        AB.tell("trouble", "This browser keeps nothing for this page: save the results as a file before you leave.");
      }
      keeps = false;
    }
    AB.tell("kept");
  };
  AB.keeps = () => keeps;

  AB.isEmpty = () => {
    const { state } = AB;
    return !["abx", "preferences", "blind", "notes"].some((name) => state[name].length)
      && !Object.keys(state.ratings).length && state.chosen === null;
  };

  AB.resultsDocument = () => {
    const { state } = AB;
    return {
      schema: data.results,
      session: data.id,
      title: data.title,
      listener: state.listener,
      saved: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
      versions: data.versions.map(({ id, key, name }) => ({ id, key, name })),
      abx: state.abx,
      preferences: state.preferences,
      blind: state.blind,
      ratings: state.ratings,
      notes: state.notes,
      chosen: state.chosen,
    };
  };

  // Take over a saved file; throws an Error that says what is wrong with it.
  AB.takeResults = (text) => {
    let found;
    try {
      found = JSON.parse(text);
    } catch {
      throw new Error("This is not a results file: it is not JSON.");
    }
    if (found?.schema !== data.results) {
      throw new Error(`This is not a results file: its schema is not “${data.results}”.`);
    }
    if (found.session !== data.id) {
      throw new Error("These results are of another comparison.");
    }
    for (const [name, test] of Object.entries(TESTS)) {
      if (!test(found[name])) throw new Error(`The results file is damaged: “${name}” is not as it should be.`);
    }
    AB.keep((state) => {
      for (const name of Object.keys(TESTS)) state[name] = found[name];
      state.running = null;
    });
  };

  AB.forget = () => AB.keep((state) => Object.assign(state, nothing()));

  AB.download = (name, text, type) => {
    const address = URL.createObjectURL(new Blob([text], { type }));
    const link = AB.make("a", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  };
  AB.saveResults = () => {
    const who = AB.state.listener.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40);
    const saved = AB.resultsDocument();
    const when = saved.saved.replace(/[-:Z]/g, "").replace("T", "-");
    const name = ["ab-results", data.id, who, when].filter(Boolean).join("-");
    AB.download(`${name}.json`, `${JSON.stringify(saved, null, 2)}\n`, "application/json");
  };

  AB.copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Over plain http there is no clipboard but this.
      const area = AB.make("textarea", { class: "unseen" });
      area.value = text;
      (document.querySelector("dialog[open]") ?? document.body).append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };

  // A question that has to be answered; true for yes.
  AB.ask = (text, yes) => new Promise((resolve) => {
    const dialog = AB.byId("ask");
    AB.byId("ask-text").textContent = text;
    AB.byId("ask-yes").textContent = yes;
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });
}
