// The keyboard. Single keys act wherever one does not type; they can be switched off.
{
  const { byId } = AB;
  const OFF = "mixmaster.ab.keys";
  const rate = () => AB.data.rate;
  const seek = (by) => {
    AB.player.seek(AB.player.position() + by * rate());
    AB.say(AB.clock(AB.player.position() / rate()));
  };
  const keys = {
    " ": { does: "play or pause", act: AB.toggle, name: "Space" },
    ArrowLeft: { act: (event) => seek(event.shiftKey ? -1 : -5) },
    ArrowRight: { act: (event) => seek(event.shiftKey ? 1 : 5), does: "5 s back or on; with Shift 1 s", name: "← →" },
    Home: { act: () => AB.player.seek(AB.player.loop?.from ?? 0), does: "to the beginning, or the loop's", name: "Home" },
    ",": { act: () => AB.step(-1) },
    ".": { act: () => AB.step(1), does: "version before, version after", name: ", ." },
    l: { act: AB.loopLoudest, does: "loop the loudest part" },
    i: { act: () => AB.loopEdge("from") },
    o: { act: () => AB.loopEdge("to"), does: "loop from here, to here", name: "I O" },
    Escape: { act: AB.clearLoop, does: "no loop", name: "Esc" },
    m: { act: AB.nextLevel, does: "level-matched or not" },
    d: { act: AB.toggleDifference, does: "difference of what is heard and what was before" },
    n: { act: AB.startNote, does: "note, here and about what is heard" },
    f: { act: () => AB.mode.favourite?.(), does: "blind: prefer what is heard" },
    "+": { act: () => AB.zoom(0.5) },
    "=": { act: () => AB.zoom(0.5) },
    "-": { act: () => AB.zoom(2) },
    z: { act: AB.zoomAll, does: "zoom in, out, all", name: "+ − Z" },
    "?": { act: () => byId("help").showModal(), does: "this list" },
  };
  const stageKeys = ["l", "i", "o", "Escape", " ", "ArrowLeft", "ArrowRight", "Home", "+", "=", "-", "z"];

  const on = byId("keys-on");
  try {
    on.checked = localStorage.getItem(OFF) !== "off";
  } catch {
    on.checked = true;
  }
  on.addEventListener("change", () => {
    try {
      localStorage.setItem(OFF, on.checked ? "on" : "off");
    } catch {
      AB.say("This browser does not keep that.");
    }
  });

  const types = (element) => element.closest?.("textarea,select,[contenteditable]")
    || (element.tagName === "INPUT" && !["radio", "checkbox", "range", "button"].includes(element.type));
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    if (types(target)) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (!on.checked && target !== byId("board") && event.key !== "?") return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    // What has the focus keeps the keys that it needs.
    if (key === " " && target.closest?.("button,summary,a,input,label")) return;
    if (key.startsWith("Arrow") && target.closest?.("input,[role=tab]")) return;
    if (key === "Home" && target.closest?.("input,[role=tab],.scroll")) return;
    if (key.startsWith("Arrow") && target.closest?.(".scroll")) return;
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
    if (digit) {
      const number = Number(digit[1]);
      if (event.shiftKey && !event.code.startsWith("Numpad")) AB.mode.answer?.(number);
      else if (!event.repeat) AB.listen((number + 9) % 10);
      event.preventDefault();
      return;
    }
    if (AB.mode.name === "abx" && ["a", "b", "x"].includes(key)) {
      AB.listen(["a", "b", "x"].indexOf(key));
      return;
    }
    const found = keys[key];
    if (!found || (event.repeat && !key.startsWith("Arrow") && key !== "," && key !== ".")) return;
    if (!AB.mode.choices.length && key !== "?") return;
    if (!AB.mode.open && !stageKeys.includes(key) && !["?", ",", ".", "f"].includes(key)) return;
    event.preventDefault();
    found.act(event);
  });

  const list = byId("keylist");
  const row = (names, does) => list.append(AB.make("div", {}, AB.make("dt", {}, names.map((name) => AB.make("kbd", { text: name }))), AB.make("dd", { text: does })));
  row(["1", "…", "9", "0"], "listen to a version: the first to the tenth");
  for (const [key, { does, name }] of Object.entries(keys)) {
    if (does) row((name ?? key.toUpperCase()).split(" "), does);
  }
  row(["Shift", "0", "…", "5"], "tests: answer, or rate what is heard");
  AB.press(byId("help-open"), () => byId("help").showModal());
}
