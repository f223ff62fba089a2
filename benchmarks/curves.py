"""What a mix costs: against stems, minutes, inserts, rate, threads; and what the machine can do.

One thing is varied at a time from 16 mono stems of 1 minute at 48 kHz, each with an EQ of four
bands and a compressor. Beside it what one core can do at most: decode, filter, hash, copy.

    python benchmarks/curves.py            # the tables
    python benchmarks/curves.py --limits   # the machine's limits alone
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ledger import record  # type: ignore[import-not-found]  # beside this script

RUNS = 2
BASE = {"stems": 16, "minutes": 1.0, "inserts": 2, "rate": 48_000, "threads": 2}
VARIED: dict[str, tuple[float, ...]] = {
    "stems": (1, 4, 16, 64),
    "minutes": (0.5, 1.0, 4.0, 8.0),
    "inserts": (0, 1, 2, 4, 8),
    "rate": (44_100, 48_000, 96_000, 192_000),
    "threads": (1, 2),
}
EQ = """
[[strip.all.insert]]
effect = "eq"
bands = [
  { shape = "high_pass", frequency_hz = 80.0, slope_db_per_octave = 12 },
  { shape = "bell", frequency_hz = 250.0, gain_db = -2.0, q = 1.0 },
  { shape = "bell", frequency_hz = 2500.0, gain_db = 2.0, q = 1.0 },
  { shape = "high_shelf", frequency_hz = 8000.0, gain_db = 2.0 },
]
"""
COMPRESSOR = """
[[strip.all.insert]]
effect = "compressor"
threshold_db = -20.0
ratio = 3.0
attack_ms = 10.0
release_ms = 100.0
"""


def preset(inserts: int) -> str:
    """Return a preset with so many inserts on each strip, EQ and compressor in turn."""
    head = (
        '\nformat = 1\nkind = "mix"\nname = "Curve"\n[strip.all]\nmatch = ["*"]\ngain_db = -6.0\n'
    )
    return head + "".join((EQ, COMPRESSOR)[number % 2] for number in range(inserts))


def make_stems(folder: Path, stems: int, minutes: float, rate: int) -> None:
    """Write stems: enveloped noise, mono, 24 bit."""
    import soundfile

    random = np.random.default_rng(7)
    frames = round(60 * minutes * rate)
    for number in range(1, stems + 1):
        with soundfile.SoundFile(folder / f"{number:02d}_Stem.wav", "w", rate, 1, "PCM_24") as file:
            for start in range(0, frames, 10 * rate):
                count = min(10 * rate, frames - start)
                beat = np.abs(
                    np.sin(np.pi * (1.0 + number / 7.0) * (start + np.arange(count)) / rate)
                )
                file.write((0.1 + 0.4 * beat) * random.uniform(-0.5, 0.5, count))


def child(folder: Path, inserts: int, threads: int) -> None:
    """Mix warm; print wall seconds and processor seconds."""
    from mixmaster.documents.loading import load_text
    from mixmaster.mixing.plan import plan_mix
    from mixmaster.mixing.preset import MixPreset
    from mixmaster.mixing.run import mix

    document = load_text(MixPreset, preset(inserts))
    found = []
    for number in range(RUNS + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        mix(plan_mix([str(folder)], document, threads=threads), folder / "out" / f"{number}.wav")
        found.append((time.perf_counter() - wall, time.process_time() - cpu))
    walls, cpus = zip(*found[1:], strict=True)
    print(statistics.median(walls), statistics.median(cpus))


def curve(what: str) -> None:
    """Print one table."""
    print(f"\n| {what} | s | processor s | times real time |\n|-:|-:|-:|-:|")
    for value in VARIED[what]:
        job = {**BASE, what: value}
        with tempfile.TemporaryDirectory() as name:
            stems = Path(name) / "stems"
            stems.mkdir()
            make_stems(stems, int(job["stems"]), job["minutes"], int(job["rate"]))
            arguments = [str(stems), str(int(job["inserts"])), str(int(job["threads"]))]
            said = subprocess.run(
                [sys.executable, __file__, "--child", *arguments],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        wall, cpu = map(float, said.split())
        times = 60.0 * job["minutes"] / wall
        print(f"| {value:g} | {wall:.2f} | {cpu:.2f} | {times:.0f} |", flush=True)
        record("curves", f"{what} {value:g}", times, "times real time")


def rate_of(job: Callable[[], object], amount: float) -> float:
    """Return how much of ``amount`` is done in a second of processor time; median of five."""
    job()
    spent = []
    for _ in range(5):
        start = time.process_time()
        job()
        spent.append(time.process_time() - start)
    return amount / statistics.median(spent)


def limits() -> None:
    """Print what one core of this machine can do at most."""
    import soundfile
    from scipy.signal import sosfilt

    from mixmaster.audio.source import open_source

    random = np.random.default_rng(1)
    frames = 1 << 22
    one = random.uniform(-0.5, 0.5, frames)
    sos = np.tile([[1.0, -1.8, 0.81, 1.0, -1.7, 0.72]], (4, 1))
    cells = one.reshape(-1, 1 << 16)
    payload = random.bytes(1 << 26)
    big = np.zeros(1 << 25)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.wav"
        soundfile.write(path, one, 48_000, subtype="PCM_24")

        def decode() -> None:
            with open_source(path) as source:
                for _ in source.blocks():
                    pass

        def recursion() -> None:
            for cell in cells:  # what comes out is thrown away: fresh memory would cost as much
                sosfilt(sos, cell)

        rows = [
            ("decoding 24-bit WAV", rate_of(decode, frames / 1e6), "M samples/s"),
            (
                "four second-order sections (sosfilt)",
                rate_of(recursion, frames / 1e6),
                "M samples/s",
            ),
            ("SHA-256", rate_of(lambda: hashlib.sha256(payload).digest(), 64.0), "MB/s"),
            ("copying float64", rate_of(big.copy, big.nbytes / 1e6), "MB/s"),
            (
                "squares of float64, in place",
                rate_of(lambda: np.multiply(one, one, out=one), frames / 1e6),
                "M samples/s",
            ),
        ]
    print("\n| one core of this machine | at most |\n|-|-:|")
    for what, value, unit in rows:
        print(f"| {what} | {value:.0f} {unit} |")
        record("curves", what, value, unit)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limits", action="store_true")
    parser.add_argument("--child", nargs=3, metavar=("FOLDER", "INSERTS", "THREADS"))
    told = parser.parse_args()
    if told.child:
        folder, inserts, threads = told.child
        child(Path(folder), int(inserts), int(threads))
        return
    limits()
    if not told.limits:
        for what in VARIED:
            curve(what)


if __name__ == "__main__":
    main()
