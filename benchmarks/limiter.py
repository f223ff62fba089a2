"""Limiters: how they sound at equal loudness and equal true peak, and how fast they are.

Ours in its three characters (and its first revision) against pedalboard's BrickwallLimiter,
FFmpeg's alimiter and matchering's, in the same run. Each is driven until the result, brought to
-1 dBTP, is as loud as ours (transparent) is with 3, 6 and 9 dB of largest reduction, and until
it is at -9 LUFS. Figures: see limiter_figures.py. Lower is better but for crest (what hits keep
of their crest factor) and speed.

    python benchmarks/limiter.py [SONG.wav ...]      without songs: parts of the demo's
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from ledger import record  # type: ignore[import-not-found]  # beside this script
from limiter_figures import (  # type: ignore[import-not-found]  # beside this script
    CEILING_DBTP,
    crest_db,
    in_step,
    intermodulation_db,
    loudness_and_peak,
    movement_db,
    noise_to_mask_db,
    onsets,
    two_tones,
)
from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.effects.base import BlockContext, Context
from mixmaster.effects.limiter import Limiter
from mixmaster.engine.threads import keep_freed_memory, one_blas_thread

RATE = 44_100
LONGEST_S = 60
STEPS = 9
REDUCTIONS_DB = (3.0, 6.0, 9.0)
LOUD_LUFS = -9.0
MOST_DRIVE_DB = 20.0

Limit = Callable[[Block, int, float], Block]


def ours(character: str, revision: int = 2) -> Limit:
    settings = Limiter.model_validate(
        {"ceiling_dbtp": CEILING_DBTP, "character": character, "revision": revision}
    )

    def limit(signal: Block, rate: int, drive_db: float) -> Block:
        processor = settings.prepare(Context(rate, signal.shape[0]))
        late = processor.latency_samples
        padded = np.pad(signal * 10 ** (drive_db / 20), ((0, 0), (0, late)))
        parts = [
            processor.process(padded[:, start : start + BLOCK_FRAMES], BlockContext(start))
            for start in range(0, padded.shape[1], BLOCK_FRAMES)
        ]
        return np.concatenate(parts, axis=1)[:, late:]

    return limit


def brickwall(signal: Block, rate: int, drive_db: float) -> Block:
    from pedalboard import BrickwallLimiter, Gain, Pedalboard

    board = Pedalboard([Gain(drive_db), BrickwallLimiter(CEILING_DBTP, 100.0, true_peak=True)])
    padded = np.pad(signal, ((0, 0), (0, 2_000))).astype(np.float32)
    return np.asarray(board(padded, rate), dtype=np.float64)


def alimiter(signal: Block, rate: int, drive_db: float) -> Block:
    import av
    from av.error import BlockingIOError as Again
    from av.error import EOFError as End

    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="dblp", layout="stereo")
    level_in, limit = 10 ** (drive_db / 20), 10 ** (CEILING_DBTP / 20)
    options = f"level_in={level_in}:limit={limit}:level=0:latency=1:attack=5:release=50"
    chain = [graph.add("alimiter", options), graph.add("aformat", "sample_fmts=dblp")]
    nodes = [source, *chain, graph.add("abuffersink")]
    for before, after in pairwise(nodes):
        before.link_to(after)
    graph.configure()
    parts: list[Block] = []
    for start in [*range(0, signal.shape[1], 4_096), -1]:
        frame = None
        if start >= 0:
            block = np.ascontiguousarray(signal[:, start : start + 4_096])
            frame = av.AudioFrame.from_ndarray(block, format="dblp", layout="stereo")
            frame.sample_rate, frame.pts = rate, start
        graph.push(frame)
        while True:
            try:
                parts.append(np.asarray(graph.pull().to_ndarray(), dtype=np.float64))
            except (Again, End):
                break
    return np.concatenate(parts, axis=1)


def matcherings(signal: Block, rate: int, drive_db: float) -> Block:
    from matchering import Config
    from matchering.limiter import limit

    config = Config(internal_sample_rate=rate)
    config.threshold = 10 ** (CEILING_DBTP / 20)
    return np.asarray(limit((signal * 10 ** (drive_db / 20)).T.copy(), config).T)


LIMITERS: dict[str, Limit] = {
    "transparent": ours("transparent"),
    "punchy": ours("punchy"),
    "loud": ours("loud"),
    "transparent, rev. 1": ours("transparent", 1),
    "punchy, rev. 1": ours("punchy", 1),
    "loud, rev. 1": ours("loud", 1),
    "BrickwallLimiter": brickwall,
    "alimiter": alimiter,
    "matchering": matcherings,
}


def at_ceiling(signal: Block, rate: int) -> Block:
    return np.asarray(signal * 10 ** ((CEILING_DBTP - loudness_and_peak(signal, rate)[1]) / 20))


def as_loud(limit: Limit, signal: Block, rate: int, lufs: float) -> Block | None:
    """Return the limited signal at the ceiling and at ``lufs``; None where it gets not so far."""
    low, high = 0.0, MOST_DRIVE_DB
    best = None
    for _ in range(STEPS):
        drive_db = 0.5 * (low + high)
        out = at_ceiling(limit(signal, rate, drive_db), rate)
        if loudness_and_peak(out, rate)[0] < lufs:
            low = drive_db
        else:
            high, best = drive_db, out
    return None if best is None else in_step(signal, best)


def stereo(takes: dict[str, Block]) -> Block:
    """Return takes summed as recorded, those of one side on it."""
    total = np.zeros((2, max(take.shape[1] for take in takes.values())))
    for name, take in takes.items():
        sides = [side for side, end in enumerate("LR") if name.endswith((f" {end}", f".{end}"))]
        total[sides or [0, 1]] += take
    return total


def own_music() -> Iterator[tuple[str, Block, int]]:
    from mixmaster.song.stems import generate

    stems = generate()
    takes = {name: stem.samples / 32_768.0 for name, stem in stems.items()}
    rate = stems["11_Keys"].sample_rate_hz
    yield "band", stereo(takes), rate
    yield "drums and bass", stereo({name: takes[name] for name in list(takes)[:8]}), rate
    yield "keys", stereo({"11_Keys": takes["11_Keys"]}), rate


def songs(paths: list[str]) -> Iterator[tuple[str, Block, int]]:
    import soundfile

    for path in paths:
        samples, rate = soundfile.read(path, always_2d=True)
        signal = samples.T if samples.shape[1] == 2 else np.repeat(samples.T[:1], 2, axis=0)
        yield Path(path).stem, np.asarray(signal)[:, : LONGEST_S * rate], rate


def music_table(name: str, signal: Block, rate: int) -> None:
    signal = at_ceiling(signal, rate)
    hits = onsets(signal, rate)
    own_crest = crest_db(signal, hits, rate)
    targets = [
        (
            f"{drive_db:g} dB",
            loudness_and_peak(ours("transparent")(signal, rate, drive_db), rate)[0],
        )
        for drive_db in REDUCTIONS_DB
    ]
    targets.append((f"{LOUD_LUFS:g} LUFS", LOUD_LUFS))
    for label, lufs in targets:
        print(f"\n{name}, {label}: {lufs:.2f} LUFS, {len(hits)} hits")
        print(f"{'':22}{'NMR dB':>9}{'movement dB':>13}{'crest dB':>10}")
        for title, limit in LIMITERS.items():
            out = as_loud(limit, signal, rate, lufs)
            if out is None:
                print(f"{title:22}  does not get so loud")
                continue
            moved, mean = movement_db(signal, out, rate)
            noise = noise_to_mask_db(signal * 10 ** (mean / 20), out, rate)
            kept = crest_db(out, hits, rate) - own_crest
            print(f"{title:22}{noise:>9.2f}{moved:>13.3f}{kept:>10.2f}", flush=True)


def tone_table() -> None:
    print("\nSMPTE intermodulation, dB, driven 3, 6 and 9 dB over the ceiling")
    pairs = ((60.0, 7_000.0), (60.0, 1_000.0))
    for title, limit in LIMITERS.items():
        cells = []
        for low_hz, high_hz in pairs:
            tones = two_tones(RATE, low_hz, high_hz) * 10 ** (CEILING_DBTP / 20)
            for drive_db in REDUCTIONS_DB:
                out = in_step(tones, limit(tones, RATE, drive_db))
                cells.append(f"{intermodulation_db(out, RATE, low_hz, high_hz):>8.1f}")
        print(f"{title:22}{''.join(cells)}", flush=True)


def speed_table(signal: Block, rate: int) -> None:
    print("\nM samples/s on one core, driven 6 dB, channels counted; best of 3")
    loud = np.tile(at_ceiling(signal, rate), 3)[:, : LONGEST_S * rate]
    for title, limit in LIMITERS.items():
        spent = []
        for _ in range(3):
            start = time.process_time()
            limit(loud, rate, 6.0)
            spent.append(time.process_time() - start)
        print(f"{title:22}{loud.size / min(spent) / 1e6:>8.1f}", flush=True)
        record("limiter", title, loud.size / min(spent) / 1e6, "M samples/s")


def main() -> None:
    keep_freed_memory()
    music = list(songs(sys.argv[1:]) if sys.argv[1:] else own_music())
    with one_blas_thread():
        for name, signal, rate in music:
            music_table(name, signal, rate)
        tone_table()
        speed_table(*music[0][1:])


if __name__ == "__main__":
    main()
