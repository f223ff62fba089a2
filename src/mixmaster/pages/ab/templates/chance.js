// Chance: seeded shuffles, and what counts can tell.
{
  // A seed of 32 bits becomes four words by SplitMix32; then sfc32 (C. Doty-Humphrey, PractRand).
  AB.random = (seed) => {
    let mixed = seed >>> 0;
    const word = () => {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      let z = mixed;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    let a = word(), b = word(), c = word(), count = 1;
    const next = () => {
      const sum = (((a + b) >>> 0) + count) >>> 0;
      count = (count + 1) >>> 0;
      a = (b ^ (b >>> 9)) >>> 0;
      b = (c + (c << 3)) >>> 0;
      c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
      return sum;
    };
    for (let i = 0; i < 12; i++) next();
    return {
      // Below `size`, each as likely: what would favour the small ones is drawn again.
      below: (size) => {
        const limit = 2 ** 32 - (2 ** 32 % size);
        let value = next();
        while (value >= limit) value = next();
        return value % size;
      },
      coin() { return this.below(2) === 1; },
      // Fisher and Yates.
      shuffled(list) {
        const copy = [...list];
        for (let i = copy.length - 1; i > 0; i--) {
          const j = this.below(i + 1);
          [copy[i], copy[j]] = [copy[j], copy[i]];
        }
        return copy;
      },
    };
  };
  // Chance itself, unless the comparison has a seed, or the address: `#seed=7`. Then the first
  // test has that seed, and every further one the next, so that none repeats another.
  AB.newSeed = () => {
    const asked = Number(/[#&]seed=(\d{1,10})\b/.exec(location.hash)?.[1] ?? AB.data.seed);
    if (!asked) return crypto.getRandomValues(new Uint32Array(1))[0];
    const { abx, blind, preferences } = AB.state;
    return (asked + abx.length + blind.length + preferences.length) >>> 0;
  };

  // log(n!) as a sum of logarithms: exact to rounding for the few hundred trials there can be.
  const logFactorial = (n) => {
    let sum = 0;
    for (let i = 2; i <= n; i++) sum += Math.log(i);
    return sum;
  };
  const term = (n, k, p) => {
    if (p <= 0) return k === 0 ? 1 : 0;
    if (p >= 1) return k === n ? 1 : 0;
    const ways = logFactorial(n) - logFactorial(k) - logFactorial(n - k);
    return Math.exp(ways + k * Math.log(p) + (n - k) * Math.log1p(-p));
  };
  // The probability of `hits` or more of `trials`: the exact binomial test, one-sided.
  AB.atLeast = (hits, trials, p = 0.5) => {
    if (hits <= 0) return 1;
    if (p === 0.5 && trials <= 1000) {
      // Whole numbers, so that the value is right to the last digit.
      let ways = 1n, sum = 0n;
      for (let k = 0; k <= trials; k++) {
        if (k >= hits) sum += ways;
        ways = (ways * BigInt(trials - k)) / BigInt(k + 1);
      }
      // More bits than a double holds are enough; the rest goes before the division.
      const spare = Math.max(0, sum.toString(2).length - 60);
      return Number(sum >> BigInt(spare)) * 2 ** (spare - trials);
    }
    let sum = 0;
    for (let k = trials; k >= hits; k--) sum += term(trials, k, p);
    return Math.min(1, sum);
  };
  // The fewest hits that chance reaches in at most `level` of all tests; none may suffice.
  AB.hitsNeeded = (trials, level = 0.05) => {
    for (let hits = 0; hits <= trials; hits++) if (AB.atLeast(hits, trials) <= level) return hits;
    return null;
  };
  // How often someone who hears right with probability `p` passes.
  AB.power = (trials, p, level = 0.05) => {
    const needed = AB.hitsNeeded(trials, level);
    return needed === null ? 0 : AB.atLeast(needed, trials, p);
  };
  // The score interval (E. B. Wilson, JASA 22, 1927), 95 %.
  AB.wilson = (hits, trials, z = 1.959963984540054) => {
    if (!trials) return [0, 1];
    const share = hits / trials, square = (z * z) / trials;
    const middle = (share + square / 2) / (1 + square);
    const half = (z / (1 + square)) * Math.sqrt((share * (1 - share)) / trials + square / trials / 4);
    return [Math.max(0, middle - half), Math.min(1, middle + half)];
  };

  // Rounds in which everybody meets somebody once, by the circle method: after any number of
  // whole rounds all have met equally often (with an odd number, but for whoever sat out).
  AB.rounds = (ids, count, chance) => {
    const seats = chance.shuffled(ids);
    if (seats.length % 2) seats.push(null);
    const half = seats.length / 2, circle = [];
    for (let round = 0; round < seats.length - 1; round++) {
      circle.push(Array.from({ length: half }, (_, i) => [seats[i], seats[seats.length - 1 - i]])
        .filter((pair) => !pair.includes(null)));
      seats.splice(1, 0, seats.pop());
    }
    const chosen = [];
    while (chosen.length < count) chosen.push(...chance.shuffled(circle));
    // Who has been first less often is first; a coin decides between equals.
    const firsts = new Map(ids.map((id) => [id, 0]));
    return chosen.slice(0, count).flatMap((round) => chance.shuffled(round).map(([a, b]) => {
      const lead = firsts.get(a) - firsts.get(b);
      const first = lead < 0 || (lead === 0 && chance.coin()) ? a : b;
      firsts.set(first, firsts.get(first) + 1);
      return first === a ? [a, b] : [b, a];
    }));
  };
}
