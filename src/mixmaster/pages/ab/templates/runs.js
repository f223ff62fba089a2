// A run: a stretch of the song played without a jump, from a frame of the context and a frame of
// the song on. For each version it has a chain: sources end to end, one for a piece, into one edge
// that fades in where the run begins and out where it stops.
{
  const AHEAD_S = 2.5;

  class Run {
    // `player` gives the context, the library, the fade's length, and where versions lead to.
    constructor(player, start, from) {
      this.player = player;
      this.start = start;
      this.from = from;
      this.stop = Infinity;
      this.chains = new Map();
    }

    // Fade out from a frame on.
    end(stop) {
      for (const { edge } of this.chains.values()) this.#fadeOut(edge, stop);
      this.stop = stop;
    }

    // Take back an end that lies ahead.
    goOn() {
      for (const { edge } of this.chains.values()) {
        edge.gain.cancelScheduledValues((this.stop - 0.5) / this.player.rate);
      }
      this.stop = Infinity;
    }

    // Silence at once; only where it is silent already, or has not begun.
    clear() {
      for (const chain of this.chains.values()) silence(chain);
      this.chains.clear();
    }

    #fadeOut(edge, stop) {
      const { rate, fade } = this.player;
      edge.gain.setValueAtTime(1, stop / rate);
      edge.gain.linearRampToValueAtTime(0, (stop + fade) / rate);
    }

    // Schedule what a version has to play, as far as it is loaded.
    extend(id, now) {
      const { player } = this;
      const { pieceFrames } = player.data;
      const soon = now + player.switchLead;
      const limit = Math.min(this.stop + player.fade, this.start + player.frames - this.from);
      const far = Math.min(limit, now + Math.round(AHEAD_S * player.rate));
      let chain = this.chains.get(id);
      // One that ran dry begins anew, with a fade of its own.
      if (chain && chain.to < soon && chain.to < limit) {
        silence(chain);
        this.chains.delete(id);
        chain = undefined;
      }
      let at = chain ? chain.to : Math.max(this.start, soon);
      while (at < far) {
        const place = this.from + at - this.start;
        const index = Math.floor(place / pieceFrames);
        const buffer = player.library.get(id, index);
        if (!buffer) return;
        if (!chain) {
          if (at + player.fade > this.stop) return;
          chain = this.#chain(id, at);
        }
        const offset = place - index * pieceFrames;
        const source = player.context.createBufferSource();
        source.buffer = buffer;
        source.connect(chain.edge);
        source.start(at / player.rate, offset / player.rate);
        source.onended = () => {
          source.disconnect();
          chain.sources.delete(source);
        };
        chain.sources.add(source);
        at += buffer.length - offset;
        chain.to = at;
      }
    }

    #chain(id, at) {
      const { context, rate, fade } = this.player;
      const edge = context.createGain();
      edge.gain.setValueAtTime(0, 0);
      edge.gain.setValueAtTime(0, at / rate);
      edge.gain.linearRampToValueAtTime(1, (at + fade) / rate);
      if (this.stop < Infinity) this.#fadeOut(edge, this.stop);
      edge.connect(this.player.outlet(id).node);
      const chain = { edge, sources: new Set(), to: at };
      this.chains.set(id, chain);
      return chain;
    }
  }

  const silence = (chain) => {
    for (const source of chain.sources) {
      source.onended = null;
      source.stop();
      source.disconnect();
    }
    chain.sources.clear();
    chain.edge.disconnect();
  };

  AB.Run = Run;
}
