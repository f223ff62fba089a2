// The long-term spectra together, and how far each is from the one heard.
{
  const { data, byId } = AB;
  const hz = data.spectrumHz;
  const LOW_HZ = 20;
  const TICKS = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000];

  const path = (values, x, y) => {
    let text = "", on = false;
    values.forEach((value, i) => {
      if (value === null || hz[i] < LOW_HZ) {
        on = false;
        return;
      }
      text += `${on ? "L" : "M"}${x(hz[i]).toFixed(1)} ${y(value).toFixed(1)}`;
      on = true;
    });
    return text;
  };
  const steps = (low, high, height) => {
    const step = [1, 2, 3, 6, 12, 24].find((one) => ((high - low) / one) * 20 < height) ?? 48;
    const list = [];
    for (let level = Math.ceil(low / step) * step; level <= high; level += step) list.push(level);
    return list;
  };
  const text = (settings, content) => AB.draw("text", { class: "t", ...settings, text: content });

  AB.drawSpectrum = () => {
    const place = byId("spectrum");
    if (!place || !AB.mode.open || !hz.length) return;
    const width = Math.max(280, place.clientWidth || 900);
    const narrow = width < 520;
    const left = 34, right = 4, tall = narrow ? 180 : 230, gap = 14, low = narrow ? 90 : 110, foot = 20;
    const high = hz.at(-1);
    const x = (f) => left + (Math.log(f / LOW_HZ) / Math.log(high / LOW_HZ)) * (width - left - right);
    const gains = data.levels[AB.player.level].gains;
    const levels = new Map(data.versions.map(({ id, spectrum }) => [id,
      spectrum.map((value) => (value === null ? null : value / 10 + gains[id]))]));
    const all = [...levels.values()].flatMap((list) => list
      .filter((value, i) => value !== null && hz[i] >= 40)).sort((a, b) => a - b);
    if (!all.length) {
      place.replaceChildren(AB.make("p", { class: "none", text: "There is no spectrum: the versions are silent." }));
      return;
    }
    const top = 6 * Math.ceil((all.at(-1) + 1) / 6);
    const bottom = Math.max(6 * Math.floor(all[Math.floor(all.length * 0.02)] / 6), top - 66);
    const y = (db) => 4 + ((top - Math.max(db, bottom - 3)) / (top - bottom)) * tall;
    const heard = AB.player.audible();
    const base = levels.get(heard[0]);
    const apart = new Map([...levels].map(([id, list]) => [id,
      list.map((value, i) => (value === null || base[i] === null ? null : value - base[i]))]));
    // What few bands at the ends do is cut off, so that the rest is seen.
    const far = [...apart.values()].flatMap((list) => list
      .filter((value, i) => value !== null && hz[i] >= 40 && hz[i] <= 16000).map(Math.abs)).sort((a, b) => a - b);
    const wide = far[Math.floor(far.length * 0.98)] ?? 0;
    const span = [3, 6, 9, 12].find((one) => wide <= one) ?? 18;
    const middle = 4 + tall + gap + low / 2;
    const yd = (db) => middle - (Math.max(-span * 1.1, Math.min(span * 1.1, db)) / span) * (low / 2 - 2);
    const total = 4 + tall + gap + low + foot;
    const names = heard.map(AB.name).join(" and ");
    const svg = AB.draw("svg", { class: "chart", viewBox: `0 0 ${width} ${total}`, role: "img",
      "aria-label": `Long-term spectra of ${data.versions.length} versions from 20 hertz up; heard now: ${names}` });
    const panel = (y0, height) => AB.draw("rect", { class: "panel", x: left, y: y0, width: width - left - right, height });
    svg.append(panel(4, tall), panel(4 + tall + gap, low));
    for (const f of TICKS.filter((one) => one <= high && !(narrow && [50, 200, 2000, 5000].includes(one)))) {
      svg.append(AB.draw("path", { class: "grid", d: `M${x(f)} 4V${4 + tall}M${x(f)} ${4 + tall + gap}V${4 + tall + gap + low}` }));
      const anchor = f === LOW_HZ ? "start" : x(f) > width - 20 ? "end" : "middle";
      svg.append(text({ x: x(f), y: total - 5, "text-anchor": anchor }, f >= 1000 ? `${f / 1000}k` : String(f)));
    }
    for (const db of steps(bottom, top, tall)) {
      svg.append(AB.draw("path", { class: "grid", d: `M${left} ${y(db)}H${width - right}` }));
      svg.append(text({ x: left - 6, y: y(db) + 4, "text-anchor": "end" }, AB.signed(db, 0)));
    }
    for (const db of [-span, 0, span]) {
      svg.append(AB.draw("path", { class: "grid", d: `M${left} ${yd(db)}H${width - right}` }));
      svg.append(text({ x: left - 6, y: yd(db) + 4, "text-anchor": "end" }, AB.signed(db, 0, true)));
    }
    svg.append(text({ x: left - 6, y: total - 5, "text-anchor": "end" }, "Hz"));
    const curves = (lists, scale) => {
      const later = [];
      for (const [id, list] of lists) {
        const on = heard.includes(id);
        const role = AB.several ? (on ? "s0" : "wave") : AB.series(id);
        const line = AB.draw("path", { class: `curve l-${role}${on ? " on" : ""}${AB.several && !on ? " faint" : ""}`, d: path(list, x, scale) });
        if (!AB.several) line.setAttribute("stroke-dasharray", AB.dashes[AB.order.indexOf(id)].join(" "));
        line.append(AB.draw("title", { text: AB.name(id) }));
        if (on) later.push(line);
        else svg.append(line);
      }
      svg.append(...later);
    };
    curves(levels, y);
    curves(apart, yd);
    place.replaceChildren(svg);
  };

  let waiting = 0;
  const soon = () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(AB.drawSpectrum);
  };
  for (const what of ["sound", "mode"]) AB.on(what, soon);
  window.addEventListener("resize", soon);
}
