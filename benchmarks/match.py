"""Match against matchering: how near both bring a mix to a reference, at what cost.

    python benchmarks/match.py MIX REFERENCE [MIX REFERENCE ...]

Without arguments the pairs are made here: a programme, and itself through tilts. Real pairs say
more. Both sides run in this process, warm, on the same 44.1 kHz float files; ours is a match alone
(``--reference`` on an empty preset) at the mix's loudness, so that nothing is limited; matchering
is as it comes.

The yardstick is neither side's own: third octaves of left and right from 40 Hz to 16 kHz by Welch's
method (16,384 points, Hann) over the loudest third of 3 s windows. The distance is the root mean
square of the difference from the reference after their mean levels were made equal. ``least`` is
the smallest distance that any correction could reach that moves no band by more than 6 dB. The move
is half of the range from the band that fell most to the one that rose most: what is left when a
level that all bands share is no move. The PLR loss is that of true peak over integrated loudness
from mix to master; in brackets without matchering's limiter.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly, welch

from mixmaster.arrays import Block
from mixmaster.documents.loading import load_text
from mixmaster.engine.measuring import measure_file
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.profile_building import profile_of
from mixmaster.mastering.run import MasterOptions, load_target, master

RATE = 44_100
MIDS_HZ = 1_000.0 * 10.0 ** (np.arange(-14, 13) / 10.0)
PRESET = 'format = 1\nkind = "mastering"\nname = "Match alone"\n'
WINDOW_S = 3.0
MOST_DB = 6.0
CLOSE_DB = 0.1
TILTS_DB_PER_OCTAVE = (-1.0, 0.8)


@dataclass
class Side:
    """One side's master of a pair."""

    name: str
    distance_db: float
    largest_move_db: float
    plr_loss_db: float
    seconds: float


def thirds_db(path: Path, share: float = 1.0 / 3.0) -> Block:
    """Return the third octaves of a file's loudest windows, in dB."""
    samples, rate = soundfile.read(path, always_2d=True)
    if rate != RATE:
        samples = resample_poly(samples, RATE, rate, axis=0)
    count = max(1, round(len(samples) / RATE / WINDOW_S))
    windows = np.array_split(samples, count)
    powers = np.array([np.mean(np.square(window)) for window in windows])
    loud = [windows[index] for index in np.argsort(-powers)[: max(1, round(count * share))]]
    density = np.zeros(8_193)
    for window in loud:
        hz, each = welch(window, RATE, "hann", 16_384, axis=0)
        density += each.sum(axis=1)
    low, high = MIDS_HZ * 10.0**-0.05, MIDS_HZ * 10.0**0.05
    below = np.concatenate(([0.0], np.cumsum(density)))
    ends = np.concatenate((hz - hz[1] / 2.0, [hz[-1] + hz[1] / 2.0]))
    band = np.interp(high, ends, below) - np.interp(low, ends, below)
    return np.asarray(10.0 * np.log10(np.maximum(band, 1e-30)))


def away(one: Block, other: Block) -> Block:
    """Return the difference of two curves, their mean difference left out."""
    difference = one - other
    return np.asarray(difference - difference.mean())


def rms(values: Block) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def least_distance_db(difference: Block) -> float:
    """Return what is left of a difference when every band has moved toward it by up to 6 dB."""
    left = []
    for level in np.linspace(difference.min(), difference.max(), 1_000):
        wanted = difference - level
        rest = wanted - np.clip(wanted, -MOST_DB, MOST_DB)
        left.append(rms(rest - rest.mean()))
    return min(left)


def plr_db(path: Path) -> float:
    figures = measure_file(path).figures
    return (figures.true_peak_dbtp or 0.0) - (figures.integrated_lufs or 0.0)


def ours(mix: Path, reference: Path, folder: Path) -> tuple[Path, float, float]:
    """Master with a match alone; return the file, the seconds and the largest move it reports."""
    out = folder / "ours.wav"
    start = time.perf_counter()
    named, _ = profile_of(reference)
    run = master(
        mix,
        load_text(MasteringPreset, PRESET),
        [load_target("premaster")],
        out,
        MasterOptions(overwrite=True, profile=named),
    )
    return out, time.perf_counter() - start, run.matches[0].largest_move_db


def matchering(mix: Path, reference: Path, folder: Path) -> tuple[Path, Path, float]:
    """Master with matchering; return its file, the one without its limiter, and the seconds."""
    import matchering as peer

    out, plain = folder / "peer.wav", folder / "peer-plain.wav"
    results = [
        peer.Result(str(out), "FLOAT"),
        peer.Result(str(plain), "FLOAT", use_limiter=False, normalize=False),
    ]
    start = time.perf_counter()
    peer.process(target=str(mix), reference=str(reference), results=results)
    return out, plain, time.perf_counter() - start


def as_wav(path: Path, folder: Path, name: str) -> Path:
    """Return a 44.1 kHz stereo float WAV of a file, which both sides read alike."""
    samples, rate = soundfile.read(path, always_2d=True)
    if rate != RATE:
        samples = resample_poly(samples, RATE, rate, axis=0)
    if samples.shape[1] == 1:
        samples = np.repeat(samples, 2, axis=1)
    out = folder / f"{name}.wav"
    soundfile.write(out, samples, RATE, subtype="FLOAT")
    return out


def compare(mix: Path, reference: Path, folder: Path) -> bool:
    """Print one pair; return whether ours is at least as near, within its bounds."""
    mix, reference = as_wav(mix, folder, "mix"), as_wav(reference, folder, "reference")
    wanted, before, ratio = thirds_db(reference), thirds_db(mix), plr_db(mix)
    mine, seconds, reported = ours(mix, reference, folder)
    theirs, plain, their_seconds = matchering(mix, reference, folder)
    least = least_distance_db(away(wanted, before))
    print("| | distance dB | largest band move dB | PLR loss dB | s |\n|-|-|-|-|-|")
    print(f"| mix | {rms(away(before, wanted)):.2f} | | | |")
    print(f"| least within 6 dB | {least:.2f} | 6.0 | | |")
    sides = []
    for name, path, spent in (("mixmaster", mine, seconds), ("matchering", theirs, their_seconds)):
        now = thirds_db(path)
        # Of the whole files: which windows are the loudest may have changed.
        move = thirds_db(path, 1.0) - thirds_db(mix, 1.0)
        largest = float(move.max() - move.min()) / 2.0
        sides.append(Side(name, rms(away(now, wanted)), largest, ratio - plr_db(path), spent))
    extra = {
        "mixmaster": f" (its own figure {reported:.1f})",
        "matchering": "",
    }
    loss = {"mixmaster": "", "matchering": f" ({ratio - plr_db(plain):+.2f})"}
    for side in sides:
        print(
            f"| {side.name} | {side.distance_db:.2f} | {side.largest_move_db:.1f}"
            f"{extra[side.name]} | {side.plr_loss_db:+.2f}{loss[side.name]} | {side.seconds:.1f} |"
        )
    one, other = sides
    # A tenth of a dB apart from the reference, what differs is which windows are the loudest.
    near = one.distance_db <= max(other.distance_db, CLOSE_DB)
    held = reported <= MOST_DB and one.plr_loss_db <= 1.0
    verdict = "as near or nearer" if near else "farther"
    out_of_reach = not near and other.distance_db < least
    if out_of_reach:
        verdict += ", as all must be that keep to 6 dB"
    print(f"\n{verdict}; {'within' if held else 'over'} its bounds\n")
    return held and (near or out_of_reach)


def tilted(path: Path, out: Path, db_per_octave: float) -> Path:
    """Write a file through a tilt about 1 kHz, level below 40 Hz and above 16 kHz."""
    samples, rate = soundfile.read(path, always_2d=True)
    spectrum = np.fft.rfft(samples, axis=0)
    hz = np.fft.rfftfreq(len(samples), 1.0 / rate)
    octaves = np.log2(np.clip(hz, 40.0, 16_000.0) / 1_000.0)
    spectrum *= (10.0 ** (db_per_octave * octaves / 20.0))[:, None]
    soundfile.write(out, np.fft.irfft(spectrum, len(samples), axis=0), rate, subtype="FLOAT")
    return out


def programme(out: Path) -> Path:
    """Write a minute of bursts, bass and chords, wide in the highs."""
    rng = np.random.default_rng(3)
    t = np.arange(60 * RATE) / RATE
    beat = (2.0 * t) % 1.0
    noise = rng.standard_normal((2, t.size))
    spectrum = np.fft.rfft(noise, axis=1)
    hz = np.maximum(np.fft.rfftfreq(t.size, 1.0 / RATE), 30.0)
    pink = np.fft.irfft(spectrum / np.sqrt(hz), t.size, axis=1)
    pink *= 0.06 / pink.std()
    kick = 0.4 * np.exp(-beat * 10.0) * np.sin(2 * np.pi * 55.0 * beat)
    chord = sum(0.02 * np.sin(2 * np.pi * 110.0 * k * t) for k in (2, 3, 4, 5, 6, 8))
    hits = 0.5 + 0.5 * np.exp(-((4.0 * t) % 1.0) * 5.0)
    loud = np.where((t % 20.0) < 10.0, 0.5, 1.0)
    soundfile.write(out, ((pink * hits + kick + chord) * loud).T, RATE, subtype="FLOAT")
    return out


def main() -> int:
    named = [Path(argument) for argument in sys.argv[1:]]
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if named:
            pairs = list(zip(named[::2], named[1::2], strict=True))
        else:
            whole = programme(folder / "programme.wav")
            pairs = [
                (whole, tilted(whole, folder / f"tilt{tilt:+.1f}.wav", tilt))
                for tilt in TILTS_DB_PER_OCTAVE
            ]
        for mix, reference in pairs:
            print(f"### {mix.stem} toward {reference.stem}\n")
            good &= compare(mix, reference, folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
