"""One target: solve its gain, write its file, read it back, and only then publish it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.sink import FileSpec, open_sink
from mixmaster.dsp.true_peak import KERNEL
from mixmaster.effects.limiter import Limiter
from mixmaster.engine.measuring import measure_file
from mixmaster.engine.stats import InsertStats, ReductionFigures
from mixmaster.errors import RefusedError
from mixmaster.mastering.pipeline import ahead
from mixmaster.mastering.programme import Drive, Programme
from mixmaster.mastering.solver import ACCEPTED_LU, UnreachableError, solve_gain_db
from mixmaster.mastering.target import Target
from mixmaster.metering.programme import ProgrammeFigures, ProgrammeMeter
from mixmaster.units import db_to_gain, gain_to_db

LIMITER_ID: Final = "master.limiter"
_KERNEL_NORM: Final = float(np.abs(KERNEL).sum(axis=1).max())
_MOST_PASSES: Final = 8
_MARGIN_DB: Final = 1e-4  # taken off further when a finished file was over
_ROOM_DB: Final = 6.0  # peaks are measured for this much more gain than would do unlimited


@dataclass(frozen=True, slots=True)
class Request:
    """What one target asks for, everything settled.

    Attributes:
        name: The target's short name, for errors.
        wanted_lufs: The loudness; None leaves it as ``idle_gain_db`` makes it.
        idle_gain_db: The gain where no loudness is asked for: undoes the gain before the chain.
        ceiling_dbtp: None: nothing is limited.
        limiter: The chain's delivery limiter; None for gain alone.
        target: For its further rules.
        spec: The file.
        passage: First frame and the one after the last of what is written; None for all.
        dual_mono: Count a mono signal twice.
        threads: How many may work.
    """

    name: str
    wanted_lufs: float | None
    idle_gain_db: float
    ceiling_dbtp: float | None
    limiter: Limiter | None
    target: Target
    spec: FileSpec
    passage: tuple[int, int | None] | None
    dual_mono: bool
    threads: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file that is right: how it came about, and its figures."""

    gain_db: float
    limiter: ReductionFigures | None
    after: ProgrammeFigures
    passes: int


def rounding_headroom(spec: FileSpec, *, dither: bool) -> float:
    """Return how far a finished file's true peak can pass that of the signal before rounding.

    Rounding errs by half an LSB, triangular dither adds up to one more; interpolation raises
    either by no more than the sum of the kernel's magnitudes. Float rounds to 24 bits.
    """
    if spec.bit_depth == 32:
        return _KERNEL_NORM * 2.0**-24
    lsb = 2.0 ** (1 - spec.bit_depth)
    return _KERNEL_NORM * lsb * (1.5 if dither else 0.5)


def deliver(
    programme: Programme, request: Request, part: Path, progress: Callable[[float], None]
) -> Delivered:
    """Write the master of one target to ``part``, as often as it takes until it is right.

    Raises:
        RefusedError: When it cannot be right; the figures prove it.
    """
    attempt = _Attempt(programme, request)
    for passes in range(1, _MOST_PASSES + 1):
        drive = attempt.drive()
        stats = InsertStats(LIMITER_ID)
        blocks = ahead(programme.through(drive, stats), request.threads)
        after = _write(request, blocks, programme.spool.frames, part, progress)
        limiter = stats.figures() if drive.ballistics is not None else None
        if attempt.accepts(after, limiter):
            _check_rules(request, after)
            return Delivered(attempt.gain_db, limiter, _of_part(request, part, after), passes)
    figures = {"passes": float(_MOST_PASSES), "gain_db": attempt.gain_db}
    raise RefusedError(request.name, "loudness and ceiling did not settle", figures=figures)


class _Attempt:
    """The search for a gain and a ceiling that make the finished file right."""

    def __init__(self, programme: Programme, request: Request) -> None:
        self._programme = programme
        self._request = request
        self._correction_lu = 0.0  # what the model reads less than the file
        self._lowered_db = 0.0
        self.gain_db = request.idle_gain_db
        plain = programme.loudness_lufs()
        self._plain_lufs = plain
        if request.wanted_lufs is not None:
            if plain is None:
                raise RefusedError(
                    request.name,
                    "the mix has no loudness: it is silent, or shorter than 0.4 s",
                    "a target without integrated_lufs takes it as it is",
                )
            self.gain_db = request.wanted_lufs - plain

    @property
    def _ceiling(self) -> float:
        """The limiter's own ceiling, linear: room for rounding and dither below the target's."""
        request = self._request
        assert request.ceiling_dbtp is not None
        ceiling = db_to_gain(request.ceiling_dbtp - self._lowered_db)
        return ceiling - rounding_headroom(request.spec, dither=request.target.file.dither)

    def drive(self) -> Drive:
        """Return the next gain and limiter to try."""
        request = self._request
        if request.ceiling_dbtp is None:
            return Drive(db_to_gain(self.gain_db), 1.0, None)
        if request.limiter is None:
            self._require_unlimited()
            return Drive(db_to_gain(self.gain_db), 1.0, None)
        self._know_peaks(self.gain_db + _ROOM_DB)
        if request.wanted_lufs is not None:
            self.gain_db = self._solve(request.wanted_lufs, request.limiter)
        self._require_reduction(self._foretold(self.gain_db, request.limiter)[1])
        return Drive(db_to_gain(self.gain_db), self._ceiling, request.limiter.ballistics)

    def _know_peaks(self, gain_db: float) -> None:
        self._programme.require_peaks(self._ceiling / db_to_gain(gain_db))

    def _foretold(self, gain_db: float, limiter: Limiter) -> tuple[float, float]:
        self._know_peaks(gain_db)
        loudness, reduction = self._programme.model().limited(
            gain_db, gain_to_db(self._ceiling), limiter.ballistics
        )
        return (-np.inf if loudness is None else loudness), reduction

    def _solve(self, wanted_lufs: float, limiter: Limiter) -> float:
        assert self._plain_lufs is not None
        aim = wanted_lufs - self._correction_lu
        try:
            return solve_gain_db(
                lambda gain_db: self._foretold(gain_db, limiter)[0], aim, aim - self._plain_lufs
            )
        except UnreachableError as error:
            self.gain_db = error.gain_db
            reduction = self._foretold(error.gain_db, limiter)[1]
            self._require_reduction(reduction)
            self._refuse_loudness(
                "no gain into the limiter reaches it", error.loudest_lufs, reduction
            )

    def _require_reduction(self, reduction_db: float) -> None:
        """Refuse what needs more reduction than the limiter's settings allow."""
        limiter = self._request.limiter
        most = None if limiter is None else limiter.max_gain_reduction_db
        if limiter is None or most is None or reduction_db <= most:
            return
        # The first stage takes gain + true peak - ceiling off the highest peak.
        gain_db = self.gain_db - (reduction_db - most)
        reachable = self._foretold(gain_db, limiter)[0]
        self._refuse_loudness(
            f"it needs {reduction_db:.2f} dB of gain reduction, and the limiter may use {most:g}",
            reachable,
            reduction_db,
        )

    def _require_unlimited(self) -> None:
        request = self._request
        assert request.ceiling_dbtp is not None
        peak_dbtp = gain_to_db(self._programme.true_peak()) + self.gain_db
        over = peak_dbtp - gain_to_db(self._ceiling)
        if over > 0.0 and self._programme.true_peak() > 0.0:
            reachable = None if self._plain_lufs is None else self._plain_lufs + self.gain_db - over
            figures = {"true_peak_dbtp": peak_dbtp, "ceiling_dbtp": request.ceiling_dbtp}
            hint = "add a limiter to the preset"
            if reachable is not None:
                figures["reachable_lufs"] = reachable
                hint += f", or ask for {reachable:.1f} LUFS"
            raise RefusedError(
                request.name,
                f"without a limiter the true peak would be {peak_dbtp:.2f} dBTP, the ceiling is "
                f"{request.ceiling_dbtp:.2f}",
                hint,
                figures,
            )

    def _refuse_loudness(self, why: str, reachable: float, reduction_db: float) -> NoReturn:
        request = self._request
        assert request.ceiling_dbtp is not None
        wanted = request.wanted_lufs
        asked = "its loudness" if wanted is None else f"{wanted:.2f} LUFS"
        figures = {
            "reachable_lufs": reachable,
            "needed_gain_reduction_db": reduction_db,
            "ceiling_dbtp": request.ceiling_dbtp,
        }
        raise RefusedError(
            request.name,
            f"{asked} cannot be had under {request.ceiling_dbtp:.2f} dBTP: {why}",
            f"{reachable:.2f} LUFS can be had; compress more before the limiter for more",
            figures if wanted is None else {"wanted_lufs": wanted, **figures},
        )

    def accepts(self, after: ProgrammeFigures, limiter: ReductionFigures | None) -> bool:
        """Return whether the finished file is right; if not, learn from it."""
        request = self._request
        right = True
        if limiter is not None:
            self._require_reduction(limiter.max_db)
        peak = after.true_peak_dbtp
        if request.ceiling_dbtp is not None and peak is not None and peak > request.ceiling_dbtp:
            self._lowered_db += peak - request.ceiling_dbtp + _MARGIN_DB
            right = False
        if request.wanted_lufs is not None:
            assert after.integrated_lufs is not None
            error = after.integrated_lufs - request.wanted_lufs
            if abs(error) > ACCEPTED_LU:
                self._correction_lu += error
                if limiter is None:
                    self.gain_db -= error
                right = False
        return right


def _write(
    request: Request,
    blocks: Iterator[Block],
    frames: int,
    part: Path,
    progress: Callable[[float], None],
) -> ProgrammeFigures:
    """Write one attempt; return the figures of the whole song."""
    start, stop = request.passage or (0, None)
    stop = frames if stop is None else min(stop, frames)
    spec = request.spec
    meter = ProgrammeMeter(spec.sample_rate_hz, spec.channels, dual_mono=request.dual_mono)
    done = 0
    with open_sink(
        part, spec, frames_expected=stop - start, dither=request.target.file.dither
    ) as sink:
        for block in _watched(blocks, meter if request.passage else None):
            first, last = max(0, start - done), min(block.shape[1], stop - done)
            if first < last:
                sink.write(np.ascontiguousarray(block[:, first:last]))
            done += block.shape[1]
            progress(done / frames)
        report = sink.close()
    if report.clipped_samples:
        raise RefusedError(
            request.name,
            f"{report.clipped_samples} samples are over full scale in {spec.bit_depth} bits",
            "deliver 32-bit float, or give the target a true_peak_dbtp",
            {"clipped_samples": float(report.clipped_samples)},
        )
    if request.passage:
        return meter.result()
    return measure_file(part, dual_mono=request.dual_mono, threads=request.threads).figures


def _watched(blocks: Iterator[Block], meter: ProgrammeMeter | None) -> Iterator[Block]:
    for block in blocks:
        if meter is not None:
            meter.update(block)
        yield block


def _of_part(request: Request, part: Path, after: ProgrammeFigures) -> ProgrammeFigures:
    """Return the figures of what was written: of the passage, where it is only that."""
    if request.passage is None:
        return after
    return measure_file(part, dual_mono=request.dual_mono, threads=request.threads).figures


def _check_rules(request: Request, after: ProgrammeFigures) -> None:
    """Refuse what the target does not take, however it is limited."""
    target = request.target
    for name, most, is_ in (
        ("max_short_term_lufs", target.max_short_term_lufs, after.max_short_term_lufs),
        ("max_loudness_range_lu", target.max_loudness_range_lu, after.loudness_range_lu),
    ):
        if most is not None and is_ is not None and is_ > most:
            raise RefusedError(
                request.name,
                f"the target's {name} is {most:g}, the master's is {is_:.2f}",
                "compress more before the limiter",
                {name: most, name.removeprefix("max_"): is_},
            )
