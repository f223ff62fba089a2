// The player's output without sound: the same player, run by an OfflineAudioContext.
{
  // What the player would put out: `actions` are [seconds, act(player)] in the order of time,
  // done on the next multiple of 128 frames. Returns the rendered AudioBuffer.
  AB.offline = async (data, library, seconds, actions) => {
    const context = new OfflineAudioContext(2, Math.round(seconds * data.rate), data.rate);
    const player = new AB.Player(data, library, context);
    const times = new Set([0]);
    for (let t = 0; t < seconds; t += 0.2) times.add(quantum(t, data.rate));
    for (const [at] of actions) times.add(quantum(at, data.rate));
    const left = [...actions];
    let failed = null;
    for (const frame of [...times].sort((a, b) => a - b)) {
      if (frame >= context.length) continue;
      context.suspend(frame / data.rate).then(async () => {
        try {
          while (left.length && quantum(left[0][0], data.rate) <= frame) await left.shift()[1](player);
          player.tick();
          // What was asked for is given time to load: offline, the clock stands still meanwhile.
          await Promise.all(library.wanted.map((key) => library.load(...split(key))));
          player.tick();
        } catch (error) {
          failed ??= error;
        }
        context.resume();
      });
    }
    const out = await context.startRendering();
    if (failed) throw failed;
    return out;
  };
  const quantum = (t, rate) => Math.ceil((t * rate) / 128 - 1e-9) * 128;
  const split = (key) => {
    const [id, index] = key.split("/");
    return [id, Number(index)];
  };
}
