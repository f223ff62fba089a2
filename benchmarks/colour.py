"""Saturation, modulation and delays against pedalboard's, and the table of false tones.

One core, 20 seconds at 48 kHz in blocks of 131,072 frames, processor time. Ours work in float64
(saturation's curve in float32) and at four times the rate; pedalboard's in float32. Its distortion
is a tanh at the plain rate, its chorus reads one voice with linear interpolation, its phaser has
six stages; none of them has feedback in its delay's filters.

    python benchmarks/colour.py
    python benchmarks/colour.py --aliases
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pedalboard

from ledger import record  # type: ignore[import-not-found]  # beside this script
from mixmaster.arrays import Block
from mixmaster.effects.base import BlockContext, Context, Effect
from mixmaster.effects.chorus import Chorus
from mixmaster.effects.clipper import Clipper
from mixmaster.effects.delay import Delay
from mixmaster.effects.exciter import Exciter
from mixmaster.effects.flanger import Flanger
from mixmaster.effects.phaser import Phaser
from mixmaster.effects.saturation import Saturation
from mixmaster.effects.saturation_colour import Character
from mixmaster.effects.tremolo import AutoPan, Tremolo
from mixmaster.engine.threads import keep_freed_memory, one_blas_thread

RATE = 48_000
SECONDS = 20
FRAMES = 131_072
PAIRS = 5

Job = Callable[[], object]
Case = tuple[str, Effect, pedalboard.Plugin | None]


def cases() -> list[Case]:
    return [
        ("tape, 4x", Saturation(drive_db=6.0), pedalboard.Distortion(6.0)),
        ("tape, 4x, revision 1", Saturation(drive_db=6.0, revision=1), None),
        ("tape, 8x", Saturation(drive_db=6.0, oversampling=8), None),
        ("tube, 4x", Saturation(character="tube", drive_db=6.0), pedalboard.Distortion(6.0)),
        ("soft clip, 4x", Saturation(character="soft_clip", drive_db=6.0), None),
        ("hard clip, 4x", Saturation(character="hard_clip", drive_db=6.0), pedalboard.Clipping(-6)),
        ("clipper, 4x", Clipper(ceiling_dbfs=-3.0), None),
        ("exciter, 4x", Exciter(amount=0.3), None),
        ("chorus, one voice", Chorus(voices=1), pedalboard.Chorus()),
        ("chorus, three voices", Chorus(voices=3), None),
        ("flanger", Flanger(feedback=0.0), None),
        ("flanger, feedback", Flanger(delay_ms=2.0, feedback=0.5), pedalboard.Chorus(feedback=0.5)),
        ("phaser, six stages", Phaser(stages=6, feedback=0.3), pedalboard.Phaser(feedback=0.3)),
        ("tremolo", Tremolo(depth=0.5), None),
        ("auto-pan", AutoPan(depth=0.5), None),
        ("delay", Delay(time_ms=375.0, feedback=0.3), pedalboard.Delay(0.375, 0.3, 0.25)),
        ("delay, cuts", Delay(time_ms=375.0, feedback=0.3, high_cut_hz=4_000.0), None),
        ("delay, wobble", Delay(time_ms=375.0, feedback=0.3, wobble_ms=0.5), None),
    ]


def music(channels: int) -> Block:
    random = np.random.default_rng(1)
    swell = 0.3 + 0.2 * np.sin(np.arange(RATE * SECONDS) / 9_000.0)
    return np.asarray(swell * random.standard_normal((channels, RATE * SECONDS)))


def ours(effect: Effect, signal: Block) -> Job:
    starts = range(0, signal.shape[1], FRAMES)
    blocks = [np.ascontiguousarray(signal[:, start : start + FRAMES]) for start in starts]

    def job() -> None:
        processor = effect.prepare(Context(RATE, signal.shape[0], max_block_frames=FRAMES))
        for start, block in zip(starts, blocks, strict=True):
            processor.process(block, BlockContext(start))

    return job


def theirs(plugin: pedalboard.Plugin, signal: Block) -> Job:
    single = signal.astype(np.float32)
    blocks = [
        np.ascontiguousarray(single[:, start : start + FRAMES])
        for start in range(0, single.shape[1], FRAMES)
    ]

    def job() -> None:
        plugin.reset()
        for block in blocks:
            plugin.process(block, RATE, reset=False)

    return job


def speed(job: Job, samples: int) -> float:
    job()
    times = []
    for _ in range(PAIRS):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    return samples / statistics.median(times) / 1e6


def speeds() -> None:
    print(f"M samples/s on one core, channels counted; median of {PAIRS}")
    print(f"{'':24}{'channels':>9}{'mixmaster':>11}{'pedalboard':>12}")
    for channels in (1, 2):
        signal = music(channels)
        for name, effect, plugin in cases():
            if channels == 1 and isinstance(effect, AutoPan):
                continue
            mine = speed(ours(effect, signal), signal.size)
            own = f"{name}, {'mono' if channels == 1 else 'stereo'}"
            peer = "-"
            if plugin is not None:
                their_speed = speed(theirs(plugin, signal), signal.size)
                peer = f"{their_speed:.0f}"
                record("colour", own, mine / their_speed, "times", peer="pedalboard")
            else:
                record("colour", own, mine, "M samples/s")
            print(f"{name:24}{channels:>9}{mine:>11.1f}{peer:>12}", flush=True)


def loudest_false_tone_db(character: Character, drive_db: float, factor: int, rate: int) -> float:
    """Of a 5 kHz tone at full scale, over the whole band, in dBFS."""
    frames = 1 << 16
    cycles = round(5_000 / rate * frames) | 1
    tone = np.sin(2.0 * np.pi * cycles * np.arange(2 * frames) / frames)[None]
    settings = Saturation.model_validate(
        {"character": character, "drive_db": drive_db, "oversampling": factor}
    )
    heard = settings.prepare(Context(rate, 1)).process(tone, BlockContext())[0, -frames:]
    amplitudes = np.abs(np.fft.rfft(heard)) * 2.0 / frames
    amplitudes[::cycles] = 0.0
    return 20.0 * float(np.log10(amplitudes.max()))


def aliases() -> None:
    print("The loudest false tone of a 5 kHz sine at full scale, dBFS: 44.1 kHz / 48 kHz")
    print("| character | drive | 1x | 2x | 4x | 8x | 16x |\n|-|-|-|-|-|-|-|")
    characters: tuple[Character, ...] = ("tape", "tube", "soft_clip", "hard_clip")
    for character in characters:
        for drive_db in (3.0, 6.0, 12.0, 18.0, 24.0):
            row = [
                " / ".join(
                    f"{loudest_false_tone_db(character, drive_db, factor, rate):.0f}"
                    for rate in (44_100, 48_000)
                )
                for factor in (1, 2, 4, 8, 16)
            ]
            print(f"| {character} | {drive_db:g} dB | {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    keep_freed_memory()
    with one_blas_thread():
        if "--aliases" in sys.argv[1:]:
            aliases()
        else:
            speeds()
