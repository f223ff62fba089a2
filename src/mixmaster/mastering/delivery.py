"""One target: solve its gain, write its file, read it back, and only then publish it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.sink import open_sink
from mixmaster.engine.measuring import measure_file
from mixmaster.engine.stats import InsertStats, ReductionFigures
from mixmaster.errors import RefusedError
from mixmaster.mastering.attempt import Attempt
from mixmaster.mastering.dialogue import slices_of
from mixmaster.mastering.edges import Extent
from mixmaster.mastering.pipeline import ahead
from mixmaster.mastering.programme import Programme
from mixmaster.mastering.request import Request
from mixmaster.metering.programme import ProgrammeFigures, ProgrammeMeter

LIMITER_ID: Final = "master.limiter"
_MOST_PASSES: Final = 8


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file that is right: how it came about, and its figures.

    Attributes:
        gain_db: From the chain's output to the limiter's input.
        limiter: What the limiter did; None for gain alone.
        after: Of what was written.
        dialogue_lufs: Where somebody speaks; None where nobody asked.
        passes: How often it was written.
        overs_db: How far each encoding that was over the ceiling, decoded, was over it; each time
            the ceiling in front of the encoder was lowered.
        ceiling_in_front_dbtp: Where it stood in the end; None where nothing is limited.
    """

    gain_db: float
    limiter: ReductionFigures | None
    after: ProgrammeFigures
    dialogue_lufs: float | None
    passes: int
    overs_db: tuple[float, ...] = ()
    ceiling_in_front_dbtp: float | None = None


def deliver(
    programme: Programme, request: Request, part: Path, progress: Callable[[float], None]
) -> Delivered:
    """Write the master of one target to ``part``, as often as it takes until it is right.

    Raises:
        RefusedError: When it cannot be right; the figures prove it.
    """
    attempt = Attempt(programme, request)
    for passes in range(1, _MOST_PASSES + 1):
        drive = attempt.drive()
        stats = InsertStats(LIMITER_ID)
        blocks = ahead(programme.through(drive, stats), request.threads)
        after = _write(request, blocks, programme.spool.frames, part, progress)
        limiter = stats.figures() if drive.ballistics is not None else None
        dialogue_lufs = _dialogue_lufs(request, part)
        if attempt.accepts(after, _over(request, after, dialogue_lufs), limiter):
            _check_rules(request, after)
            heard = _of_part(request, part, after)
            return Delivered(
                attempt.gain_db,
                limiter,
                heard,
                dialogue_lufs,
                passes,
                attempt.overs_db,
                attempt.ceiling_in_front_dbtp,
            )
    figures = {"passes": float(_MOST_PASSES), "gain_db": attempt.gain_db}
    raise RefusedError(request.name, "loudness and ceiling did not settle", figures=figures)


def _write(
    request: Request,
    blocks: Iterator[Block],
    frames: int,
    part: Path,
    progress: Callable[[float], None],
) -> ProgrammeFigures:
    """Write one attempt; return the figures of the whole song."""
    extent = request.extent
    if request.passage is not None:
        start, stop = request.passage
        extent = Extent(start, frames if stop is None else min(stop, frames))
    spec = request.spec
    meter = ProgrammeMeter(spec.sample_rate_hz, spec.channels, dual_mono=request.dual_mono)
    watched = _watched(blocks, meter if request.passage else None, request.copies, frames, progress)
    with open_sink(
        part, spec, frames_expected=extent.frames, dither=request.target.file.dither
    ) as sink:
        for block in extent.apply(watched, spec.channels):
            sink.write(block)
        report = sink.close()
    if report.clipped_samples:
        raise RefusedError(
            request.name,
            f"{report.clipped_samples} samples are over full scale in {spec.bit_depth} bits",
            "deliver 32-bit float, or give the target a true_peak_dbtp",
            {"clipped_samples": float(report.clipped_samples)},
        )
    if request.passage:
        song = meter.result()
        return _with_peak_of(request, part, song) if spec.is_lossy else song
    return measure_file(part, dual_mono=request.dual_mono, threads=request.threads).figures


def _with_peak_of(request: Request, part: Path, song: ProgrammeFigures) -> ProgrammeFigures:
    """Return a song's figures with the true peak of its passage, where decoding made it higher."""
    decoded = _of_part(request, part, song).true_peak_dbtp
    peak = max((each for each in (decoded, song.true_peak_dbtp) if each is not None), default=None)
    return replace(song, true_peak_dbtp=peak)


def _watched(
    blocks: Iterator[Block],
    meter: ProgrammeMeter | None,
    copies: int,
    frames: int,
    progress: Callable[[float], None],
) -> Iterator[Block]:
    """Yield blocks as they are written: on all channels, counted, and measured if need be."""
    done = 0
    for block in blocks:
        written = block if copies == 1 else np.repeat(block, copies, axis=0)
        if meter is not None:
            meter.update(written)
        yield written
        done += block.shape[1]
        progress(done / frames)


def _of_part(request: Request, part: Path, after: ProgrammeFigures) -> ProgrammeFigures:
    """Return the figures of what was written: of the passage, where it is only that."""
    if request.passage is None:
        return after
    return measure_file(part, dual_mono=request.dual_mono, threads=request.threads).figures


def _dialogue_lufs(request: Request, part: Path) -> float | None:
    """Return the loudness of the finished file where somebody speaks."""
    speech = request.aims.speech
    if speech is None:
        return None
    slices, _ = slices_of(part, dual_mono=request.dual_mono)
    extent = request.extent
    shift = (extent.pad_head - extent.first) / request.spec.sample_rate_hz
    return speech.later(shift).lufs(slices)


def _over(request: Request, after: ProgrammeFigures, dialogue_lufs: float | None) -> float | None:
    """Return how far a finished file is over the loudness that is wanted."""
    aims = request.aims
    lufs = after.integrated_lufs if aims.speech is None else dialogue_lufs
    pairs = ((lufs, aims.integrated_lufs), (after.max_short_term_lufs, aims.short_term_lufs))
    return max((a - b for a, b in pairs if a is not None and b is not None), default=None)


def _check_rules(request: Request, after: ProgrammeFigures) -> None:
    """Refuse what the target does not take, however it is limited."""
    target = request.target
    for name, most, is_ in (
        ("max_short_term_lufs", target.max_short_term_lufs, after.max_short_term_lufs),
        ("max_loudness_range_lu", target.max_loudness_range_lu, after.loudness_range_lu),
    ):
        if most is not None and is_ is not None and is_ > most:
            hint = "compress more before the limiter"
            if name == "max_short_term_lufs" and after.integrated_lufs is not None:
                less = after.integrated_lufs - (is_ - most)
                hint += f", or make all of it quieter (--loudness {less:.1f})"
            raise RefusedError(
                request.name,
                f"the target's {name} is {most:g}, the master's is {is_:.2f}",
                hint,
                {name: most, name.removeprefix("max_"): is_},
            )
