"use strict";
// Classic scripts, put one after another into the page: modules do not load from disk.
const AB = { nonce: document.currentScript.nonce };
{
  const data = JSON.parse(document.getElementById("data").textContent);
  AB.data = data;
  AB.versions = new Map(data.versions.map((version) => [version.id, version]));
  AB.order = data.versions.map((version) => version.id);
  AB.seconds = data.frames / data.rate;

  AB.byId = (id) => document.getElementById(id);
  AB.make = (name, settings = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(settings)) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (key === "text") element.textContent = value;
      else element.setAttribute(key, value === true ? "" : value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
  };
  const SVG = "http://www.w3.org/2000/svg";
  AB.draw = (name, settings = {}, ...children) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(settings)) {
      if (key === "text") element.textContent = value;
      else element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  };

  AB.clock = (seconds, decimals = 0) => {
    const units = Math.round(Math.max(0, seconds) * 10 ** decimals);
    const whole = Math.floor(units / 10 ** decimals);
    const rest = String(whole % 60).padStart(2, "0");
    const minutes = Math.floor(whole / 60) % 60, hours = Math.floor(whole / 3600);
    const head = hours ? `${hours}:${String(minutes).padStart(2, "0")}` : `${minutes}`;
    const tail = decimals ? "." + String(units % 10 ** decimals).padStart(decimals, "0") : "";
    return `${head}:${rest}${tail}`;
  };
  AB.signed = (value, digits = 1, plus = false) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return "–";
    const rounded = Number(value.toFixed(digits));
    const text = Math.abs(rounded).toFixed(digits);
    return rounded < 0 ? `−${text}` : plus && rounded > 0 ? `+${text}` : text;
  };
  AB.many = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;
  AB.gain = (db) => 10 ** (db / 20);

  // What a screen reader is told: the last of several sentences within a moment.
  let waiting = 0;
  AB.say = (text) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const place = AB.byId("said");
      place.textContent = place.textContent === text ? `${text}\u00a0` : text;
    }, 60);
  };
  AB.hush = () => {
    clearTimeout(waiting);
    AB.byId("said").textContent = "";
  };

  // Who wants to know what: "sound", "position", "mode", "state", "loading", "trouble".
  const listeners = new Map();
  AB.on = (what, act) => {
    if (!listeners.has(what)) listeners.set(what, []);
    listeners.get(what).push(act);
  };
  AB.tell = (what, ...about) => {
    for (const act of listeners.get(what) ?? []) act(...about);
  };

  AB.unpack = (text) => {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const letters = atob(text), bytes = new Uint8Array(letters.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
    return bytes;
  };
  AB.name = (id) => AB.versions.get(id)?.name ?? id;

  // A button that a mouse does not leave focused: the space bar goes on playing.
  AB.press = (button, act) => {
    button.addEventListener("click", act);
    button.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse") return;
      event.preventDefault();
      document.activeElement?.blur();
    });
    return button;
  };
  AB.button = (text, act, settings = {}) => AB.press(
    AB.make("button", { type: "button", text, ...settings }), act,
  );
}
