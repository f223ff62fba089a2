"""Measuring a file: its blocks through the programme meter, or through all meters."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.audio.names import shown
from mixmaster.audio.source import AudioInfo, AudioSource, open_source
from mixmaster.engine.threads import one_blas_thread
from mixmaster.metering.programme import ProgrammeFigures, ProgrammeMeter
from mixmaster.metering.survey import Survey, SurveyMeter

MEASURED_BLOCK_FRAMES = 4 * BLOCK_FRAMES

Figures_co = TypeVar("Figures_co", covariant=True)


class _Meter(Protocol[Figures_co]):
    def update(self, block: Block, pool: Executor | None = None) -> None: ...
    def result(self) -> Figures_co: ...


@dataclass(frozen=True, slots=True)
class FileFigures:
    """A file's figures, and what there was to be said about the file."""

    figures: ProgrammeFigures
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileSurvey:
    """Everything about a file: what its header says, all figures, and what was to be said."""

    info: AudioInfo
    survey: Survey
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
    with open_source(path, strict=strict) as source:
        meter = ProgrammeMeter(
            source.sample_rate_hz, source.channels, dual_mono=dual_mono, where=shown(path)
        )
        figures = _measured(source, meter, threads, progress)
        return FileFigures(figures, tuple(source.notes))


def survey_file(
    path: str | os.PathLike[str],
    *,
    dual_mono: bool = False,
    strict: bool = False,
    threads: int = 2,
    progress: Callable[[float], None] | None = None,
) -> FileSurvey:
    """Put a file at its own rate through all meters.

    The arguments and errors are those of ``measure_file``, and so are the figures of both.
    """
    with open_source(path, strict=strict) as source:
        meter = SurveyMeter(
            source.sample_rate_hz, source.channels, dual_mono=dual_mono, where=shown(path)
        )
        survey = _measured(source, meter, threads, progress)
        return FileSurvey(source.info, survey, tuple(source.notes))


def _measured(
    source: AudioSource,
    meter: _Meter[Figures_co],
    threads: int,
    progress: Callable[[float], None] | None,
) -> Figures_co:
    """Return what the meter finds in the whole source."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="measure") if threads > 1 else None
    try:
        with one_blas_thread():
            done = 0
            for block in source.blocks(MEASURED_BLOCK_FRAMES):
                meter.update(block, pool)
                done += block.shape[1]
                if progress is not None:
                    progress(min(1.0, done / max(1, source.frames)))
            return meter.result()
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)
