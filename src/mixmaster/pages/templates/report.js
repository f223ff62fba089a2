"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const files = JSON.parse(document.getElementById("data").textContent).files;
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30,
    60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

  const clock = (seconds, decimals) => {
    const units = Math.round(Math.max(0, seconds) * 10 ** decimals);
    const whole = Math.floor(units / 10 ** decimals);
    const rest = String(whole % 60).padStart(2, "0");
    const minutes = Math.floor(whole / 60) % 60;
    const hours = Math.floor(whole / 3600);
    const head = hours ? `${hours}:${String(minutes).padStart(2, "0")}` : `${minutes}`;
    const tail = decimals ? "." + String(units % 10 ** decimals).padStart(decimals, "0") : "";
    return `${head}:${rest}${tail}`;
  };
  const signed = (value, digits) => value === null || value === undefined
    ? "–" : value.toFixed(digits).replace("-", "−");
  const make = (name, attributes, parent) => {
    const element = document.createElementNS(SVG, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    parent.append(element);
    return element;
  };

  // One of these for each file: its charts share a cursor and a zoom.
  const connect = (file, figures, place) => {
    const total = file.seconds;
    let from = 0, to = total, at = null;
    const charts = figures.flatMap((figure) => [...figure.querySelectorAll("svg.chart")]
      .map((svg) => ({
        svg, left: +svg.dataset.left, right: +svg.dataset.right,
        top: 0, height: svg.viewBox.baseVal.height,
        cursor: null, extra: null,
      })));
    const read = document.createElement("div");
    read.className = "read";
    read.hidden = true;
    place.append(read);
    const said = document.createElement("p");
    said.className = "unseen";
    said.setAttribute("aria-live", "polite");
    place.append(said);

    const x = (chart, t) => chart.left + (t - from) / (to - from) * (chart.right - chart.left);
    const value = (curve, t) => curve
      ? curve[Math.min(curve.length - 1, Math.max(0, Math.floor(t / total * curve.length)))]
      : null;
    const words = (t) => {
      const parts = [["", clock(t, 2)], ["momentary ", `${signed(value(file.momentary, t), 1)} LUFS`],
        ["short-term ", `${signed(value(file.short_term, t), 1)} LUFS`]];
      if (file.correlation) parts.push(["correlation ", signed(value(file.correlation, t), 2)]);
      return parts;
    };
    const show = (t, aloud) => {
      at = t;
      for (const chart of charts) {
        chart.cursor ??= make("line", { class: "cursor", y1: 2 }, chart.svg);
        const seen = t !== null && t >= from && t <= to;
        chart.cursor.setAttribute("visibility", seen ? "visible" : "hidden");
        if (!seen) continue;
        chart.cursor.setAttribute("x1", x(chart, t));
        chart.cursor.setAttribute("x2", x(chart, t));
        chart.cursor.setAttribute("y2", chart.height - 20);
      }
      read.hidden = t === null;
      if (t === null) return;
      read.replaceChildren(...words(t).map(([name, text]) => {
        const item = document.createElement("span"), strong = document.createElement("b");
        strong.textContent = text;
        item.append(name, strong);
        return item;
      }));
      if (aloud) said.textContent = words(t).map((pair) => pair.join("")).join(", ");
    };

    const ticks = (chart) => {
      chart.extra?.remove();
      chart.extra = null;
      const zoomed = from > 0 || to < total;
      chart.svg.classList.toggle("zoomed", zoomed);
      if (!zoomed) return;
      chart.extra = make("g", {}, chart.svg);
      const most = Math.max(2, (chart.right - chart.left) / 62);
      const step = steps.find((s) => (to - from) / s <= most) ?? steps.at(-1);
      const decimals = step < 1 ? Math.ceil(-Math.log10(step) - 1e-9) : 0;
      const base = +chart.svg.dataset.ticks;
      for (let i = Math.ceil(from / step); i * step <= to; i++) {
        const label = make("text", { class: "t-muted", x: x(chart, i * step), y: base,
          "font-size": 10.5, "text-anchor": "middle" }, chart.extra);
        label.textContent = clock(i * step, decimals);
        make("line", { class: "l-frame", x1: x(chart, i * step), x2: x(chart, i * step),
          y1: base - 15, y2: base - 11 }, chart.extra);
      }
    };
    const zoom = (low, high) => {
      const span = Math.min(total, Math.max(high - low, Math.min(total, 0.05)));
      from = Math.min(Math.max(0, low), total - span);
      to = from + span;
      const factor = total / span;
      for (const chart of charts) {
        const shift = chart.left - (chart.left + from / total * (chart.right - chart.left)) * factor;
        for (const group of chart.svg.querySelectorAll("g.zoom")) {
          if (factor === 1) group.removeAttribute("transform");
          else group.setAttribute("transform", `translate(${shift} 0) scale(${factor} 1)`);
        }
        ticks(chart);
      }
      for (const [button, off] of buttons) button.disabled = off();
      show(at, false);
    };
    const around = (factor) => {
      const middle = at ?? (from + to) / 2, span = (to - from) * factor;
      zoom(middle - span * (middle - from) / (to - from), middle + span * (to - middle) / (to - from));
    };

    const tools = document.createElement("div");
    tools.className = "tools";
    const buttons = [
      ["+", "Zoom in", () => around(0.5), () => to - from <= 0.05],
      ["−", "Zoom out", () => around(2), () => to - from >= total],
      ["All", "Show the whole length", () => zoom(0, total), () => to - from >= total],
    ].map(([text, label, act, off]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.setAttribute("aria-label", label);
      button.disabled = off();
      button.addEventListener("click", act);
      tools.append(button);
      return [button, off];
    });
    figures[0].before(tools);

    const keys = {
      ArrowRight: (step) => step, ArrowLeft: (step) => -step,
      PageDown: (step) => 10 * step, PageUp: (step) => -10 * step,
    };
    for (const figure of figures) {
      figure.addEventListener("pointermove", (event) => {
        const chart = charts.find((c) => c.svg === event.target.closest?.("svg.chart"));
        const box = chart?.svg.getBoundingClientRect();
        if (!chart || !box.width) return;
        const across = (event.clientX - box.left) / box.width * chart.svg.viewBox.baseVal.width;
        const t = from + (across - chart.left) / (chart.right - chart.left) * (to - from);
        show(t >= from && t <= to ? t : null, false);
      });
      figure.addEventListener("pointerleave", () => show(null, false));
      figure.addEventListener("blur", () => show(null, false));
      figure.addEventListener("keydown", (event) => {
        if (event.target !== figure || event.ctrlKey || event.metaKey || event.altKey) return;
        const step = (to - from) / (event.shiftKey ? 20 : 200);
        if (event.key in keys) {
          const t = Math.min(total, Math.max(0, (at ?? from) + keys[event.key](step)));
          if (t < from) zoom(t, t + to - from);
          if (t > to) zoom(t - (to - from), t);
          show(t, true);
        } else if (event.key === "Home") { show(from, true);
        } else if (event.key === "End") { show(to, true);
        } else if (event.key === "+" || event.key === "=") { around(0.5);
        } else if (event.key === "-") { around(2);
        } else if (event.key === "0") { zoom(0, total);
        } else if (event.key === "Escape") { show(null, false);
        } else return;
        event.preventDefault();
      });
    }
  };

  files.forEach((file, index) => {
    const article = document.getElementById(`file-${index + 1}`);
    const figures = [...article.querySelectorAll("figure[data-seconds]")];
    if (figures.length && file.seconds > 0) connect(file, figures, figures[0].parentElement);
  });

  const toggles = document.querySelector(".toggles");
  if (toggles) {
    toggles.hidden = false;
    toggles.addEventListener("change", (event) => {
      const part = event.target.dataset.toggle;
      for (const group of document.querySelectorAll(`[data-part="${part}"]`))
        group.setAttribute("visibility", event.target.checked ? "visible" : "hidden");
    });
  }
})();
