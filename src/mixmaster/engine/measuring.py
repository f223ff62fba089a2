"""Measuring a file: its blocks through the programme meter."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mixmaster.arrays import BLOCK_FRAMES
from mixmaster.audio.names import shown
from mixmaster.audio.source import open_source
from mixmaster.engine.threads import keep_freed_memory, one_blas_thread
from mixmaster.metering.programme import ProgrammeFigures, ProgrammeMeter

MEASURED_BLOCK_FRAMES = 4 * BLOCK_FRAMES


@dataclass(frozen=True, slots=True)
class FileFigures:
    """A file's figures, and what there was to be said about the file."""

    figures: ProgrammeFigures
    notes: tuple[str, ...]


def measure_file(
    path: str | os.PathLike[str],
    *,
    dual_mono: bool = False,
    strict: bool = False,
    threads: int = 2,
    progress: Callable[[float], None] | None = None,
) -> FileFigures:
    """Measure a file at its own rate.

    Args:
        path: The file.
        dual_mono: Count a mono file twice, as it sounds from two loudspeakers: 3.01 LU more.
        strict: Whether a file shorter than its header says is an error.
        threads: One, or two that share the work; the figures are the same.
        progress: Told now and then how much is done, 0 to 1.

    Raises:
        AudioFileError: For a file that cannot be used.
        SignalError: For NaN or infinity in it.
    """
    keep_freed_memory()
    pool = ThreadPoolExecutor(1, thread_name_prefix="measure") if threads > 1 else None
    try:
        with one_blas_thread(), open_source(path, strict=strict) as source:
            meter = ProgrammeMeter(
                source.sample_rate_hz, source.channels, dual_mono=dual_mono, where=shown(path)
            )
            done = 0
            for block in source.blocks(MEASURED_BLOCK_FRAMES):
                meter.update(block, pool)
                done += block.shape[1]
                if progress is not None:
                    progress(min(1.0, done / max(1, source.frames)))
            return FileFigures(meter.result(), tuple(source.notes))
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)
