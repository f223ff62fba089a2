// Notes: about a version or about all, at a time or about the whole.
{
  const { data, byId } = AB;
  const place = byId("notes");
  const about = AB.make("select", {});
  const text = AB.make("textarea", { rows: 2, maxlength: 4000, placeholder: "harsh in the chorus, kick disappears …" });
  const timed = AB.make("input", { type: "checkbox" });
  timed.checked = true;
  const when = AB.make("span", { text: "at 0:00.0" });
  const list = AB.make("ol", { class: "notelist" });
  let at = 0;

  const fill = () => {
    about.replaceChildren(AB.make("option", { value: "", text: "All versions" }),
      ...data.versions.map(({ id, name }, i) => AB.make("option", { value: id, text: `${i + 1} ${name}` })));
  };
  const add = (event) => {
    event?.preventDefault();
    const said = text.value.trim();
    if (!said) {
      text.focus();
      return;
    }
    AB.keep((state) => {
      state.notes.push({ version: about.value || null, time_s: timed.checked ? Math.round(at * 100) / 100 : null, text: said });
      state.notes.sort((a, b) => (a.time_s ?? -1) - (b.time_s ?? -1));
    });
    text.value = "";
    AB.say("Noted");
  };
  // N: a note where the song is now, about what is heard.
  AB.startNote = () => {
    if (!AB.mode.open) return;
    about.value = AB.current === null ? "" : AB.order[AB.current];
    mark();
    text.focus();
    text.scrollIntoView({ block: "center", behavior: AB.calm() ? "auto" : "smooth" });
  };
  const mark = () => {
    at = AB.player.position() / data.rate;
    when.textContent = `at ${AB.clock(at, 1)}`;
  };
  AB.calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  const form = AB.make("form", { class: "note", onsubmit: add },
    AB.make("label", { class: "field" }, AB.make("span", { text: "About" }), about),
    AB.make("label", { class: "field wide" }, AB.make("span", { class: "unseen", text: "Note" }), text),
    AB.make("label", { class: "check" }, timed, when),
    AB.make("button", { class: "main", text: "Add the note" }));
  text.addEventListener("focus", () => {
    if (!text.value) mark();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) add(event);
  });

  const draw = () => {
    list.replaceChildren(...AB.state.notes.map((note) => AB.make("li", {},
      note.time_s === null ? AB.make("span", { class: "whole", text: "whole" })
        : AB.button(AB.clock(note.time_s, 1), () => AB.player.seek(note.time_s * data.rate),
          { "aria-label": `Go to ${AB.clock(note.time_s, 1)}` }),
      AB.make("span", { class: "of" }, AB.make("bdi", { text: note.version ? AB.name(note.version) : "All versions" })),
      AB.make("span", { class: "said", text: note.text }),
      AB.button("×", () => AB.keep((state) => state.notes.splice(state.notes.indexOf(note), 1)),
        { class: "plain", "aria-label": `Delete the note “${note.text.slice(0, 40)}”` }))));
    list.hidden = !AB.state.notes.length;
  };
  fill();
  place.append(form, list);
  AB.on("kept", draw);
}
