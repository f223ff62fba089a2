// The player: one AudioContext at the files' rate; every version sounds all the time from sources
// that were started at the same frame, and a gain for each decides which is heard.
//
//   source (a piece) -> edge (fades where a run begins and ends) -> level -> volume -> out
//
// Seeking and looping are a new run that fades in while the old one fades out. All places are whole frames. Nothing here knows of the page but AB.tell: the same player is run
// by an OfflineAudioContext to see what it does to the sample.
{
  const FADE_S = 0.01;
  const LEAD_S = 0.05;
  const SWITCH_LEAD_S = 0.015;
  const SEAM_S = 0.4;
  const SEAM_HIDDEN_S = 1.6; // timers of hidden pages fire once a second
  const SHORTEST_LOOP_S = 0.1;

  class Player {
    constructor(data, library, context = null) {
      this.data = data;
      this.library = library;
      this.rate = data.rate;
      this.frames = data.frames;
      this.fade = Math.round(FADE_S * this.rate);
      this.lead = Math.round(LEAD_S * this.rate);
      this.switchLead = Math.round(SWITCH_LEAD_S * this.rate);
      this.place = 0;
      this.playing = false;
      this.starting = false;
      this.loop = null;
      this.level = data.level;
      this.sound = { kind: "one", id: data.versions[0].id };
      this.heard = data.versions.map((version) => version.id);
      this.together = false;
      this.pending = null;
      this.runs = [];
      this.levels = new Map();
      this.settled = 0;
      this.context = null;
      if (context) this.#adopt(context);
    }

    #adopt(context) {
      this.context = context;
      this.volume = context.createGain();
      this.volume.connect(context.destination);
      this.volume.gain.value = this.loudness ?? 1;
    }

    #wake() {
      if (!this.context) {
        this.#adopt(new AudioContext({ sampleRate: this.rate, latencyHint: "interactive" }));
      }
      return this.context.state === "suspended" && this.context instanceof AudioContext
        ? this.context.resume() : Promise.resolve();
    }

    // --- what is heard ---

    // The gain of each version that is heard now.
    gains() {
      const gain = (id) => AB.gain(this.data.levels[this.level].gains[id]);
      const { sound } = this;
      if (sound.kind === "one") return new Map([[sound.id, gain(sound.id)]]);
      const raise = AB.gain(sound.raise ?? 0);
      return new Map([
        [sound.a, raise * gain(sound.a)],
        [sound.b, -sound.sign * raise * gain(sound.b)],
      ]);
    }

    audible() {
      const { sound } = this;
      return sound.kind === "one" ? [sound.id] : [sound.a, sound.b];
    }

    select(id) {
      this.hear({ kind: "one", id });
    }

    hear(sound) {
      this.sound = sound;
      this.tick();
      AB.tell("sound");
    }

    setLevel(level) {
      this.level = level;
      this.tick();
      AB.tell("sound");
    }

    // Which versions there are now; `together`: none sounds before all are there, so that
    // no delay tells which is which.
    setHeard(ids, together = false) {
      this.heard = ids;
      this.together = together;
      this.tick();
    }

    setVolume(value) {
      this.loudness = value;
      if (!this.context) return;
      this.volume.gain.setTargetAtTime(value, this.context.currentTime, 0.01);
    }

    // --- where ---

    now() {
      // A frame's time may come back a rounding error late.
      return this.context ? Math.ceil(this.context.currentTime * this.rate - 1e-6) : 0;
    }

    // The frame of the song that is scheduled for a frame of the context.
    #at(frame) {
      const run = this.runs.findLast((one) => one.start <= frame) ?? this.runs[0];
      return run ? run.from + Math.max(0, frame - run.start) : this.place;
    }

    // The frame of the song that is heard now.
    position() {
      if (!this.playing || !this.runs.length) return this.place;
      if (this.pending !== null) return this.pending;
      const late = this.context.outputLatency || this.context.baseLatency || 0;
      const frame = this.#at(Math.floor((this.context.currentTime - late) * this.rate));
      return Math.min(this.frames, frame);
    }

    seek(frame) {
      this.place = Math.min(this.frames - 1, Math.max(0, Math.round(frame)));
      // Outside a loop one has left it.
      if (this.loop && !(this.place >= this.loop.from && this.place < this.loop.to)) {
        this.loop = null;
        AB.tell("loop");
      }
      if (this.playing) {
        this.pending = this.place;
        this.tick();
      } else {
        this.#want(this.place);
      }
      AB.tell("position");
    }

    setLoop(from, to) {
      if (from === null) {
        this.loop = null;
      } else {
        const least = Math.min(this.frames, Math.round(SHORTEST_LOOP_S * this.rate));
        const low = Math.min(Math.max(0, Math.round(from)), this.frames - least);
        this.loop = { from: low, to: Math.min(this.frames, Math.max(low + least, Math.round(to))) };
      }
      if (this.playing) {
        this.#undoSeams();
        const at = this.pending ?? this.#at(this.now() + this.lead);
        if (this.loop && !(at >= this.loop.from && at < this.loop.to)) this.pending = this.loop.from;
        this.tick();
      } else if (this.loop) {
        this.place = this.loop.from;
        this.#want(this.place);
      }
      AB.tell("loop");
      AB.tell("position");
    }

    // --- playing ---

    async play() {
      if (this.playing || this.starting) return;
      this.starting = true;
      AB.tell("state");
      try {
        await this.#wake();
      } catch (error) {
        this.starting = false;
        AB.tell("trouble", `This browser does not play at ${this.rate} Hz: ${error.message}`);
        AB.tell("state");
        return;
      }
      const { loop } = this;
      if (loop && !(this.place >= loop.from && this.place < loop.to)) this.place = loop.from;
      if (this.place >= this.frames - 1) this.place = loop ? loop.from : 0;
      const index = Math.floor(this.place / this.data.pieceFrames);
      this.#want(this.place);
      const first = this.together ? this.heard : this.audible();
      const buffers = await Promise.all(first.map((id) => this.library.load(id, index)));
      // It may have been called off meanwhile.
      if (!this.starting) return;
      this.starting = false;
      if (buffers.every(Boolean)) {
        this.playing = true;
        this.#setGains(this.now());
        this.#begin(this.place);
        this.tick();
      }
      AB.tell("state");
    }

    pause() {
      this.starting = false;
      if (this.playing) {
        this.#undoSeams();
        const run = this.runs.at(-1);
        const end = Math.max(this.now() + this.switchLead, run.start + this.fade);
        this.place = Math.min(this.frames - 1, this.pending ?? this.#at(end));
        this.pending = null;
        run.end(end);
        this.playing = false;
      }
      AB.tell("state");
    }

    // Called often: schedules what comes next, and clears away what is over.
    tick() {
      if (!this.context) return;
      const now = this.now();
      for (const run of this.runs.filter((one) => one.stop + this.fade < now)) this.#clear(run);
      if (!this.playing) return;
      // A jump waits until what it needs is there; meanwhile it goes on where it was.
      if (this.pending !== null) {
        const index = Math.floor(this.pending / this.data.pieceFrames);
        const needed = this.together ? this.heard : this.audible();
        if (needed.every((id) => this.library.get(id, index))) {
          this.#jump(this.pending);
          this.pending = null;
        }
      }
      const hidden = typeof document !== "undefined" && document.hidden;
      const horizon = now + Math.round((hidden ? SEAM_HIDDEN_S : SEAM_S) * this.rate);
      for (;;) {
        const run = this.runs.at(-1);
        const seam = this.loop && run.from < this.loop.to
          ? run.start + this.loop.to - run.from : Infinity;
        if (seam > horizon) break;
        this.#follow(run, Math.max(seam, now + this.lead), this.loop.from);
      }
      const run = this.runs.at(-1);
      if (run.stop === Infinity && now >= run.start + this.frames - run.from) {
        this.#clear(run);
        this.playing = false;
        this.place = 0;
        AB.tell("state");
        AB.tell("position");
        return;
      }
      this.#want(this.pending ?? this.#at(now));
      for (const one of this.runs) for (const id of this.heard) one.extend(id, now);
      this.#setGains(now);
    }

    // A new run as soon as may be, with nothing before it.
    #begin(from) {
      this.runs.push(new AB.Run(this, this.now() + this.lead, from));
      this.#fill(this.runs.at(-1));
    }

    #follow(run, start, from) {
      run.end(start);
      this.runs.push(new AB.Run(this, start, from));
      this.#fill(this.runs.at(-1));
    }

    #jump(from) {
      this.#undoSeams();
      const run = this.runs.at(-1);
      this.#follow(run, Math.max(this.now() + this.lead, run.start + this.fade), from);
    }

    // All that is there of a run's beginning, started together. Were that to take so long that
    // the frame has passed meanwhile, sources would have started each at its own: then again, later.
    #fill(run) {
      for (let again = 1; again < 5; again++) {
        const begun = performance.now();
        for (const id of this.heard) run.extend(id, this.now());
        const spent = ((performance.now() - begun) / 1000) * this.rate;
        if (spent < this.lead / 2 || !(this.context instanceof AudioContext)) return;
        run.clear();
        run.start = this.now() + this.lead * 2 ** again;
      }
    }

    // Go back to before the seams that lie ahead.
    #undoSeams() {
      const now = this.now() + this.switchLead;
      while (this.runs.length > 1 && this.runs.at(-1).start > now) {
        this.#clear(this.runs.at(-1));
        this.runs.at(-1).goOn();
      }
    }

    #clear(run) {
      run.clear();
      this.runs.splice(this.runs.indexOf(run), 1);
    }

    // Where a version's sources lead: its gain, silent at first.
    outlet(id) {
      let level = this.levels.get(id);
      if (!level) {
        level = { node: this.context.createGain(), value: 0 };
        level.node.gain.setValueAtTime(0, 0);
        level.node.connect(this.volume);
        this.levels.set(id, level);
      }
      return level;
    }

    // Whether what is to be heard is there, from now on.
    ready(now = this.now()) {
      if (!this.playing) return true;
      const run = this.runs.findLast((one) => one.start <= now + this.lead) ?? this.runs[0];
      return this.audible().every((id) => {
        const chain = run?.chains.get(id);
        return chain && chain.to > now + this.switchLead;
      });
    }

    // Fade to what is to be heard: every gain that changes, over the same frames; together they
    // are one all the time (equal gain: the versions are alike, and their sum keeps its level).
    #setGains(now) {
      const wanted = this.gains();
      const changes = [];
      for (const id of new Set([...this.levels.keys(), ...wanted.keys()])) {
        const level = this.outlet(id), to = wanted.get(id) ?? 0;
        if (level.value !== to) changes.push([level, to]);
      }
      if (!changes.length || !this.ready(now)) return;
      // One fade after another: they never overlap.
      const start = Math.max(now + this.switchLead, this.settled);
      if (start > now + 2 * this.switchLead + this.fade) return;
      this.settled = start + this.fade;
      for (const [level, to] of changes) {
        level.node.gain.setValueAtTime(level.value, start / this.rate);
        level.node.gain.linearRampToValueAtTime(to, this.settled / this.rate);
        level.node.gain.setValueAtTime(to, this.settled / this.rate);
        level.value = to;
      }
      AB.tell("sound");
    }

    // What should be loaded: the pieces about to be heard, of what is heard first; then of the
    // others; then those that follow, and where a loop begins.
    #want(place) {
      const index = Math.floor(place / this.data.pieceFrames);
      const first = this.audible();
      const order = [...first, ...this.heard.filter((id) => !first.includes(id))];
      const places = [index];
      const inLoop = this.loop && place < this.loop.to;
      const last = (inLoop ? this.loop.to - 1 : this.frames - 1) / this.data.pieceFrames;
      if (index + 1 <= last) places.push(index + 1);
      if (inLoop) {
        const begin = Math.floor(this.loop.from / this.data.pieceFrames);
        if (!places.includes(begin)) places.push(begin);
      }
      // Before anything plays only the first is fetched: a page that is opened stays light.
      if (!this.playing && !this.starting) {
        this.library.want((this.together ? order : first).map((id) => [id, index]));
        return;
      }
      const others = order.slice(first.length);
      this.library.want([first, others].flatMap((ids) =>
        places.flatMap((at) => ids.map((id) => [id, at]))));
    }

    preload() {
      this.#want(this.place);
    }
  }

  AB.Player = Player;
}
