// The audio: pieces of some seconds, each a FLAC of its own in a script beside the page, since
// fetch() may not read from disk. A piece is loaded and decoded shortly before it is heard, and
// forgotten when room is needed: of 30 versions of any length only what is near is in memory.
{
  const AT_ONCE = 3;
  const ROOM_BYTES = 256 * 2 ** 20;

  class Library {
    // `data` holds rate, frames, pieceFrames and versions with `audio`, the stem of their pieces.
    constructor(data, roomBytes = ROOM_BYTES) {
      this.data = data;
      this.pieces = Math.ceil(data.frames / data.pieceFrames);
      // Two pieces of each at least: the one that is heard, and the next.
      this.room = Math.max(2 * data.versions.length + 2,
        Math.floor(roomBytes / (data.pieceFrames * 2 * 4)));
      this.held = new Map();
      this.loading = new Map();
      this.wanted = [];
      this.failed = new Set();
      // Decoding needs a context of the files' rate, and none that may sound.
      this.decoder = new OfflineAudioContext(2, 1, data.rate);
    }

    get(id, index) {
      return this.held.get(`${id}/${index}`);
    }

    // What is needed, most urgent first. What is not among it may be forgotten.
    want(list) {
      this.wanted = list.slice(0, this.room).map(([id, index]) => `${id}/${index}`);
      this.#pump();
    }

    async load(id, index) {
      const key = `${id}/${index}`;
      if (this.held.has(key)) return this.held.get(key);
      if (!this.loading.has(key)) this.#start(key);
      return this.loading.get(key);
    }

    #pump() {
      for (const key of this.wanted) {
        if (this.loading.size >= AT_ONCE) return;
        if (!this.held.has(key) && !this.loading.has(key) && !this.failed.has(key)) {
          this.#start(key);
        }
      }
    }

    #start(key) {
      const [id, index] = key.split("/");
      const done = this.#fetch(id, Number(index)).then((buffer) => {
        this.held.set(key, buffer);
        this.#forget();
        return buffer;
      }, (error) => {
        this.failed.add(key);
        AB.tell("trouble", error.message);
        return null;
      }).finally(() => {
        this.loading.delete(key);
        AB.tell("loading", id, Number(index));
        this.#pump();
      });
      this.loading.set(key, done);
    }

    async #fetch(id, index) {
      const { data } = this;
      const text = await delivered(`${AB.versions.get(id).audio}-${index}`);
      const buffer = await this.decoder.decodeAudioData(AB.unpack(text).buffer);
      const frames = Math.min(data.pieceFrames, data.frames - index * data.pieceFrames);
      if (buffer.length !== frames) {
        throw new Error(`A piece of audio has ${buffer.length} frames instead of ${frames}.`);
      }
      return buffer;
    }

    // The oldest go first: a Map keeps the order of coming.
    #forget() {
      const needed = new Set(this.wanted);
      for (const key of this.held.keys()) {
        if (this.held.size <= this.room) return;
        if (!needed.has(key)) this.held.delete(key);
      }
    }
  }

  // A piece's script calls AB.piece(name, frames, text).
  const expected = new Map();
  AB.piece = (name, frames, text) => {
    expected.get(name)?.(text);
    expected.delete(name);
  };
  const delivered = (name) => new Promise((resolve, reject) => {
    expected.set(name, resolve);
    const script = document.createElement("script");
    script.nonce = AB.nonce;
    script.src = `audio/${name}.js`;
    script.onload = () => {
      script.remove();
      if (expected.delete(name)) reject(new Error(`${script.src} holds no audio.`));
    };
    script.onerror = () => {
      script.remove();
      expected.delete(name);
      reject(new Error("A piece of audio is missing: the folder “audio” must lie beside the page."));
    };
    document.head.append(script);
  });

  AB.Library = Library;
}
