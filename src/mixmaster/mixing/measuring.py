"""What gain staging needs to know of the stems: measured once, in parallel, and kept.

A file's powers are kept under the hash of its content, so that the next run, of a passage perhaps,
need not listen to the whole song before it begins.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.source import AudioInfo
from mixmaster.engine.hashing import hash_once
from mixmaster.engine.keeping import keep, recall
from mixmaster.engine.threads import one_blas_thread
from mixmaster.metering.loudness import BlockPowers
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.staging import Staging, stage, sum_powers
from mixmaster.mixing.stems import StemSource

Progress = Callable[[str, float], None]
"""Called with what is being done and how far it is, 0 to 1."""

_KEPT = "powers1"
"""The powers of a file by itself, and the revision of how they are measured."""


def measure(stems: Sequence[StemSource], threads: int, tell: Progress) -> dict[str, Block]:
    """Return the K-weighted powers of the stems, ``(slices,)`` each, channels summed.

    Args:
        stems: The stems.
        threads: How many share the work.
        tell: Told how far it is.
    """
    done = 0
    stopped = threading.Event()

    def powers_of(stem: StemSource, info: AudioInfo) -> Block:
        # Regions are made of several files, and short files have something to say: both are read.
        told = [] if info.path in stem.arranged or stem.strict else [hash_once(info.path)]
        found = recall(_KEPT, told) if told else None
        if found is not None:
            return found
        with stem.open_file(info) as source:
            meter = BlockPowers(source.sample_rate_hz, source.channels)
            for block in source.blocks():
                meter.update(block)
                if stopped.is_set():  # nobody waits for the result any more
                    return meter.powers
            if told and not source.notes:
                keep(_KEPT, told, meter.powers)
            return meter.powers

    def one(stem: StemSource) -> Block:
        nonlocal done
        parts = [powers_of(stem, info) for info in stem.files]
        done += 1
        tell("measuring the stems", done / len(stems))
        return sum_powers(parts)

    if not stems:
        return {}
    tell("measuring the stems", 0.0)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="measure")
    try:
        with one_blas_thread():
            results = list(pool.map(one, stems))
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)
    return {stem.id: result for stem, result in zip(stems, results, strict=True)}


def stage_strips(
    preset: MixPreset, strips: dict[str, str], powers: dict[str, Block]
) -> tuple[Staging, ...]:
    """Solve each strip's staging over its instances as one group.

    Args:
        preset: The preset.
        strips: The strip of each instance.
        powers: Of the stems, as `measure` returns them.
    """
    solved = []
    for name, strip in preset.strip.items():
        mine = [
            powers[stem][np.newaxis]
            for stem, own in strips.items()
            if own == name and stem in powers
        ]
        if strip.input_lufs is not None and mine:
            group = sum_powers(mine)
            solved.append(stage(f"strip.{name}", group, strip.input_lufs, strip.max_input_gain_db))
    return tuple(solved)
