// The board: waveform, loudness over time, ruler; where one seeks and marks a loop.
{
  const { data, byId } = AB;
  const board = byId("board");
  const { frames, rate } = data;
  const total = frames / rate;
  const SHORTEST_VIEW_S = Math.min(total, 1);
  const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
  const signedBytes = (text) => new Int8Array(AB.unpack(text).buffer);
  const waves = new Map(data.versions.map(({ id, wave, bucketS }) => [id, {
    low: signedBytes(wave.low), high: signedBytes(wave.high), rms: signedBytes(wave.rms), bucketS,
  }]));
  const several = data.versions.length > AB.dashes.length;
  const colour = (role) => getComputedStyle(document.documentElement).getPropertyValue(`--${role}`).trim();
  const series = (id) => (several ? "s0" : `s${AB.order.indexOf(id)}`);
  AB.series = series;
  AB.colour = colour;
  AB.several = several;

  let from = 0, to = total;
  const x = (seconds) => ((seconds - from) / (to - from)) * board.clientWidth;
  const seconds = (event) => {
    const box = board.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return from + share * (to - from);
  };

  const sheet = (canvas) => {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    return [pen, width, height];
  };
  const label = (pen, text, at, y, align = "left", ink = "muted") => {
    pen.font = `10.5px ${getComputedStyle(document.body).fontFamily}`;
    pen.textAlign = align;
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    pen.setLineDash([]);
    pen.strokeStyle = colour("panel");
    pen.strokeText(text, at, y);
    pen.fillStyle = colour(ink);
    pen.fillText(text, at, y);
  };

  // Blind, all versions are one outline: the largest of them, whichever is heard.
  const shown = () => (AB.mode.open ? AB.player.audible() : AB.order);
  const gainOf = (id) => AB.gain(data.levels[AB.player.level].gains[id]);
  const peak = (id) => {
    const { low, high } = waves.get(id);
    return high.reduce((most, value, i) => Math.max(most, value, -low[i]), 0) / 127;
  };
  const peaks = new Map(AB.order.map((id) => [id, peak(id)]));

  const drawWave = () => {
    const [pen, width, height] = sheet(byId("wave"));
    const loudest = Math.max(...AB.order.map((id) => peaks.get(id) * gainOf(id)));
    const full = loudest > 0 ? 2 ** Math.ceil(Math.log2(loudest) - 0.001) : 1;
    const middle = height / 2, scale = (height / 2 - 3) / full;
    pen.strokeStyle = colour("grid");
    pen.lineWidth = 1;
    for (const share of [-0.5, 0, 0.5]) {
      const y = Math.round(middle + share * full * scale) + 0.5;
      pen.beginPath();
      pen.moveTo(0, y);
      pen.lineTo(width, y);
      pen.stroke();
    }
    const ids = shown();
    const tops = new Float32Array(width), bottoms = new Float32Array(width), means = new Float32Array(width);
    for (const id of ids) {
      const { low, high, rms, bucketS } = waves.get(id);
      const gain = gainOf(id) / 127;
      for (let column = 0; column < width; column++) {
        const begin = Math.floor((from + (column / width) * (to - from)) / bucketS);
        const end = Math.max(begin + 1, Math.ceil((from + ((column + 1) / width) * (to - from)) / bucketS));
        let top = 0, bottom = 0, square = 0, count = 0;
        for (let i = begin; i < end && i < high.length; i++) {
          if (high[i] > top) top = high[i];
          if (low[i] < bottom) bottom = low[i];
          square += rms[i] * rms[i];
          count++;
        }
        tops[column] = Math.max(tops[column], top * gain);
        bottoms[column] = Math.min(bottoms[column], bottom * gain);
        means[column] = Math.max(means[column], count ? Math.sqrt(square / count) * gain : 0);
      }
    }
    pen.fillStyle = AB.mode.open && ids.length === 1 && !several ? colour(series(ids[0])) : colour("wave");
    pen.globalAlpha = 0.45;
    for (let i = 0; i < width; i++) {
      pen.fillRect(i, middle - tops[i] * scale, 1, Math.max(0.8, (tops[i] - bottoms[i]) * scale));
    }
    pen.globalAlpha = 1;
    for (let i = 0; i < width; i++) {
      const up = Math.min(means[i], tops[i]), down = Math.min(means[i], -bottoms[i]);
      if (up + down > 0) pen.fillRect(i, middle - up * scale, 1, (up + down) * scale);
    }
    label(pen, `${AB.signed(20 * Math.log10(full), 0)} dBFS`, 6, 13);
  };

  const drawCurves = () => {
    const canvas = byId("curves");
    canvas.hidden = !AB.mode.open;
    if (!AB.mode.open) return;
    const [pen, width, height] = sheet(canvas);
    const gains = data.levels[AB.player.level].gains;
    const known = data.versions.flatMap(({ id, shortTerm }) => shortTerm
      .filter((value) => value !== null).map((value) => value / 10 + gains[id]));
    pen.strokeStyle = colour("frame");
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(0, 0.5);
    pen.lineTo(width, 0.5);
    pen.stroke();
    if (!known.length) {
      label(pen, "too short or too quiet for short-term loudness", 6, 13);
      return;
    }
    known.sort((a, b) => a - b);
    const loud = known.at(-1);
    const quiet = known.find((value) => value > loud - 30);
    const top = 3 * Math.ceil((loud + 1) / 3);
    const bottom = Math.min(3 * Math.floor((Math.max(quiet, loud - 24) - 1) / 3), top - 9);
    const y = (lufs) => 6 + ((top - lufs) / (top - bottom)) * (height - 12);
    const step = [1, 2, 3, 6, 12].find((one) => ((top - bottom) / one) * 22 < height) ?? 24;
    pen.strokeStyle = colour("grid");
    for (let level = Math.ceil(bottom / step) * step; level <= top; level += step) {
      pen.beginPath();
      pen.moveTo(0, Math.round(y(level)) + 0.5);
      pen.lineTo(width, Math.round(y(level)) + 0.5);
      pen.stroke();
    }
    const line = (values, gain, role, thickness, dash, alpha) => {
      pen.strokeStyle = colour(role);
      pen.lineWidth = thickness;
      pen.setLineDash(dash);
      pen.globalAlpha = alpha;
      pen.lineJoin = "round";
      pen.beginPath();
      let on = false;
      const first = Math.max(0, Math.floor(from / data.stepS) - 2);
      const last = Math.min(values.length, Math.ceil(to / data.stepS) + 2);
      for (let i = first; i < last; i++) {
        if (values[i] === null) {
          on = false;
          continue;
        }
        const across = x((i + 1) * data.stepS), down = Math.min(height + 4, y(values[i] / 10 + gain));
        if (on) pen.lineTo(across, down);
        else pen.moveTo(across, down);
        on = true;
      }
      pen.stroke();
      pen.globalAlpha = 1;
      pen.setLineDash([]);
    };
    const heard = shown();
    for (const { id, shortTerm } of data.versions) {
      if (heard.includes(id)) continue;
      const dash = several ? [] : AB.dashes[AB.order.indexOf(id)];
      line(shortTerm, gains[id], several ? "wave" : series(id), 1.3, dash, several ? 0.35 : 0.8);
    }
    for (const id of heard) {
      const { shortTerm } = AB.versions.get(id);
      line(shortTerm, gains[id], several ? "s0" : series(id), 2.6, several ? [] : AB.dashes[AB.order.indexOf(id)], 1);
    }
    for (let level = Math.ceil(bottom / step) * step; level <= top; level += step) {
      if (y(level) > 20) label(pen, AB.signed(level, 0), 6, y(level) + 3.5);
    }
    label(pen, "LUFS, short-term", 6, 13);
  };

  const drawRuler = () => {
    const [pen, width, height] = sheet(byId("ruler"));
    const step = STEPS.find((one) => ((to - from) / one) * 62 < width) ?? 7200;
    const decimals = step < 1 ? Math.ceil(-Math.log10(step) - 1e-9) : 0;
    pen.strokeStyle = colour("frame");
    pen.beginPath();
    pen.moveTo(0, 0.5);
    pen.lineTo(width, 0.5);
    for (let i = Math.ceil(from / step - 1e-9); i * step <= to + 1e-9; i++) {
      pen.moveTo(Math.round(x(i * step)) + 0.5, 0);
      pen.lineTo(Math.round(x(i * step)) + 0.5, 5);
    }
    pen.stroke();
    for (let i = Math.ceil(from / step - 1e-9); i * step <= to + 1e-9; i++) {
      const at = x(i * step);
      const align = at < 16 ? "left" : at > width - 16 ? "right" : "center";
      label(pen, AB.clock(i * step, decimals), at, height - 5, align);
    }
  };

  const place = (element, low, high = low) => {
    element.style.left = `${x(low)}px`;
    element.style.width = `${Math.max(1, x(high) - x(low))}px`;
  };
  let marking = null;
  const drawRegion = () => {
    const { loop } = AB.player;
    const low = marking ? Math.min(...marking) : loop ? loop.from / rate : null;
    const high = marking ? Math.max(...marking) : loop ? loop.to / rate : null;
    const region = byId("region");
    region.hidden = low === null || high < from || low > to;
    if (!region.hidden) place(region, Math.max(low, from), Math.min(high, to));
    const told = loop ? `${AB.clock(loop.from / rate, 1)} to ${AB.clock(loop.to / rate, 1)}` : "";
    byId("loop-told").textContent = told;
    byId("loop-clear").disabled = !loop;
  };

  AB.drawFlags = () => {
    byId("flags").replaceChildren(...(AB.mode.open ? AB.state.notes : [])
      .filter((note) => note.time_s !== null && note.time_s >= from && note.time_s <= to)
      .map((note) => {
        const flag = AB.make("i", { title: `${AB.clock(note.time_s, 1)} ${note.text}` });
        if (note.version && !several) flag.style.background = colour(series(note.version));
        flag.style.left = `${x(note.time_s)}px`;
        return flag;
      }));
  };

  let drawn = false;
  AB.redraw = () => {
    if (drawn) return;
    drawn = true;
    requestAnimationFrame(() => {
      drawn = false;
      drawWave();
      drawCurves();
      drawRuler();
      drawRegion();
      AB.drawFlags();
      AB.tell("view");
      byId("zoom-in").disabled = to - from <= SHORTEST_VIEW_S * 1.001;
      byId("zoom-out").disabled = byId("zoom-all").disabled = to - from >= total - 1e-9;
    });
  };

  AB.zoom = (factor) => {
    const at = AB.player.position() / rate;
    const middle = at >= from && at <= to ? at : (from + to) / 2;
    const span = Math.min(total, Math.max(SHORTEST_VIEW_S, (to - from) * factor));
    const share = (middle - from) / (to - from);
    from = Math.min(Math.max(0, middle - span * share), total - span);
    to = from + span;
    AB.redraw();
  };

  // Called for every frame on the screen.
  let told = -1;
  AB.showPosition = () => {
    const at = AB.player.position() / rate;
    if (to - from < total - 1e-9 && (at < from || at > to) && AB.player.playing && !marking) {
      const span = to - from;
      from = Math.min(Math.max(0, at - span * 0.05), total - span);
      to = from + span;
      AB.redraw();
    }
    const cursor = byId("cursor");
    cursor.hidden = at < from || at > to;
    cursor.style.transform = `translateX(${x(at)}px)`;
    byId("now").textContent = AB.clock(at, 1);
    const whole = Math.floor(at);
    if (whole !== told) {
      told = whole;
      board.setAttribute("aria-valuenow", at.toFixed(1));
      board.setAttribute("aria-valuetext", `${AB.clock(at)} of ${AB.clock(total)}`);
    }
  };

  // A click seeks; a stroke across marks a loop; its edges can be moved.
  const NEAR_PX = 8, STROKE_PX = 5;
  let press = null;
  board.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const at = seconds(event);
    const { loop } = AB.player;
    const edges = loop ? [loop.from / rate, loop.to / rate] : [];
    const near = edges.findIndex((edge) => Math.abs(x(edge) - x(at)) < NEAR_PX);
    press = { x: event.clientX, anchor: near < 0 ? at : edges[1 - near], moved: false };
    board.setPointerCapture(event.pointerId);
  });
  board.addEventListener("pointermove", (event) => {
    const at = seconds(event);
    if (event.pointerType === "mouse") {
      const hover = byId("hover");
      hover.hidden = false;
      hover.style.transform = `translateX(${x(at)}px)`;
      hover.classList.toggle("left", x(at) > board.clientWidth - 70);
      hover.firstElementChild.textContent = AB.clock(at, 1);
    }
    if (!press) return;
    press.moved ||= Math.abs(event.clientX - press.x) > STROKE_PX;
    if (!press.moved) return;
    marking = [press.anchor, at];
    drawRegion();
  });
  board.addEventListener("pointerup", (event) => {
    if (!press) return;
    const at = seconds(event);
    if (marking) AB.player.setLoop(Math.min(...marking) * rate, Math.max(...marking) * rate);
    else AB.player.seek(at * rate);
    press = marking = null;
    AB.redraw();
  });
  const drop = () => {
    press = marking = null;
    AB.redraw();
  };
  board.addEventListener("pointercancel", drop);
  board.addEventListener("pointerleave", () => {
    byId("hover").hidden = true;
  });

  AB.loopLoudest = () => {
    const [low, high] = data.loudest;
    AB.player.setLoop(low * rate, high * rate);
    AB.say(`Loop of the loudest part, ${AB.clock(low)} to ${AB.clock(high)}`);
  };
  AB.loopEdge = (which) => {
    const at = AB.player.position(), { loop } = AB.player;
    if (which === "from") AB.player.setLoop(at, loop && loop.to > at ? loop.to : frames);
    else AB.player.setLoop(loop && loop.from < at ? loop.from : 0, at);
    const now = AB.player.loop;
    AB.say(`Loop from ${AB.clock(now.from / rate, 1)} to ${AB.clock(now.to / rate, 1)}`);
  };
  AB.clearLoop = () => {
    if (!AB.player.loop) return;
    AB.player.setLoop(null);
    AB.say("No loop");
  };
  AB.zoomAll = () => AB.zoom(Infinity);

  for (const [id, act] of [["loop-loudest", AB.loopLoudest], ["loop-in", () => AB.loopEdge("from")],
    ["loop-out", () => AB.loopEdge("to")], ["loop-clear", AB.clearLoop],
    ["zoom-in", () => AB.zoom(0.5)], ["zoom-out", () => AB.zoom(2)], ["zoom-all", AB.zoomAll]]) {
    AB.press(byId(id), act);
  }
  for (const what of ["sound", "mode", "kept"]) AB.on(what, AB.redraw);
  AB.on("loop", drawRegion);
  new ResizeObserver(AB.redraw).observe(board);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", AB.redraw);
}
