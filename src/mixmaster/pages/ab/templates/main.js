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
  const frame = () => {
    if (AB.mode.choices.length) {
      AB.showPosition();
      AB.showMeters();
    }
    requestAnimationFrame(frame);
  };
  frame();
  document.addEventListener("visibilitychange", () => AB.player.tick());
}
