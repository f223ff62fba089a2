// Beginning: the player, where listening was left, and the clock that keeps all going.
{
  const { data, byId } = AB;
  AB.library = new AB.Library(data);
  AB.player = new AB.Player(data, AB.library);
  AB.on("trouble", (text) => {
    byId("trouble").textContent = text;
    byId("trouble").hidden = false;
  });
  for (const id of ["stage", "dock", "spectrum-section", "notes-section"]) byId(id).hidden = false;
  document.querySelector(".modes").hidden = false;
  byId("needs-script").hidden = true;
  document.body.classList.add("alive");

  AB.start(AB.state.running?.kind ?? "open");
  AB.keep();
  AB.tell("state");
  AB.player.preload();

  setInterval(() => AB.player.tick(), 50);
  // While nothing moves, nothing is drawn.
  let shown = -1;
  for (const what of ["sound", "mode", "loop", "position", "view"]) {
    AB.on(what, () => {
      shown = -1;
    });
  }
  const frame = () => {
    const at = AB.player.position();
    if (at !== shown && AB.mode.choices.length) {
      shown = at;
      AB.showPosition();
      AB.showMeters();
    }
    requestAnimationFrame(frame);
  };
  frame();
  document.addEventListener("visibilitychange", () => AB.player.tick());
}
