"""The search for a gain and a ceiling that make a finished file right, or a proof of none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NoReturn

import numpy as np

from mixmaster.audio.sink import FileSpec
from mixmaster.dsp.dither import Dither
from mixmaster.dsp.noise_shaping import MOST_LSB
from mixmaster.dsp.true_peak import KERNEL
from mixmaster.effects.limiter import Limiter
from mixmaster.engine.stats import ReductionFigures
from mixmaster.errors import RefusedError
from mixmaster.mastering.analysis import Hearing
from mixmaster.mastering.programme import Drive, Programme
from mixmaster.mastering.request import Request
from mixmaster.mastering.solver import ACCEPTED_LU, UnreachableError, solve_gain_db
from mixmaster.metering.programme import ProgrammeFigures
from mixmaster.units import db_to_gain, gain_to_db

_KERNEL_NORM: Final = float(np.abs(KERNEL).sum(axis=1).max())
_MARGIN_DB: Final = 1e-4  # taken off further when a finished file was over
_CODEC_MARGINS_DB: Final = (0.1, 0.2, 0.4)
"""The same behind a codec, each time it was over: what comes out wanders with what goes in."""

_ROOM_DB: Final = 6.0  # peaks are measured for this much more gain than would do unlimited
_PLR_SLACK_LU: Final = 0.05
_BISECTIONS: Final = 12
_ROUNDING_DB: Final = 1e-9
_SILENT: Final = 1e-15
"""Peaks are rounded up to the next number of 32 bits: those of silence are not quite 0."""


def rounding_headroom(spec: FileSpec, *, dither: Dither) -> float:
    """Return how far a finished file's true peak can pass that of the signal before rounding.

    Rounding errs by half an LSB, triangular dither adds up to one more, shaping feeds both back;
    interpolation raises any of it by no more than the sum of the kernel's magnitudes. Float rounds
    to 24 bits. What a codec adds is not foretold.
    """
    if spec.bit_depth == 32:
        return _KERNEL_NORM * 2.0**-24
    lsb = 2.0 ** (1 - spec.bit_depth)
    most: dict[Dither, float] = {"none": 0.5, "tpdf": 1.5, "shaped": MOST_LSB}
    return _KERNEL_NORM * lsb * most[dither]


class Attempt:
    """The search over one target's attempts.

    Args:
        programme: The chain's output at the delivery's rate.
        request: What is asked for.

    Attributes:
        gain_db: The gain of the last attempt.
        overs_db: How far each encoding that was over the ceiling was over it.

    Raises:
        RefusedError: When the mix has no loudness, and one is asked for.
    """

    def __init__(self, programme: Programme, request: Request) -> None:
        self._programme = programme
        self._request = request
        extent = None if request.passage else request.extent
        self._hearing = Hearing(request.aims.over_lu, extent, request.copies)
        self._whole = Hearing(extent=extent, copies=request.copies)
        self._correction_lu = 0.0  # what the model reads less than the file
        self._lowered_db = 0.0
        self.overs_db: tuple[float, ...] = ()
        self.gain_db = request.idle_gain_db
        self._plain_over = 0.0
        if request.aims:
            over = programme.model().plain(self._hearing)
            if over is None:
                raise _no_loudness(request)
            self._plain_over = over
            self.gain_db = -over
        elif request.to_ceiling and programme.true_peak() > _SILENT:
            self._bring_to_ceiling()

    @property
    def ceiling_in_front_dbtp(self) -> float | None:
        """The ceiling that the limiter has kept to; in front of a codec it may be a lower one."""
        ceiling = self._request.ceiling_dbtp
        return None if ceiling is None else ceiling - self._lowered_db

    @property
    def _ceiling(self) -> float:
        """The limiter's own ceiling, linear: room for rounding and dither below the target's."""
        request = self._request
        assert request.ceiling_dbtp is not None
        ceiling = db_to_gain(request.ceiling_dbtp - self._lowered_db)
        return ceiling - rounding_headroom(request.spec, dither=request.target.file.dither)

    def _bring_to_ceiling(self) -> None:
        self.gain_db = gain_to_db(self._ceiling / self._programme.true_peak())

    def drive(self) -> Drive:
        """Return the next gain and limiter to try.

        Raises:
            RefusedError: When nothing would be right; the figures prove it.
        """
        request = self._request
        if request.ceiling_dbtp is None:
            return Drive(db_to_gain(self.gain_db), 1.0, None)
        if request.limiter is None:
            self._require_unlimited()
            return Drive(db_to_gain(self.gain_db), 1.0, None)
        self._know_peaks(self.gain_db + _ROOM_DB)
        if request.aims:
            self.gain_db = self._solve(request.limiter)
        self._require_allowed(request.limiter)
        return Drive(db_to_gain(self.gain_db), self._ceiling, request.limiter.ballistics)

    def _know_peaks(self, gain_db: float) -> None:
        self._programme.require_peaks(self._ceiling / db_to_gain(gain_db))

    def _foretold(self, gain_db: float, limiter: Limiter, hearing: Hearing) -> tuple[float, float]:
        """Return what is measured at a gain, and the largest reduction."""
        self._know_peaks(gain_db)
        measured, reduction = self._programme.model().limited(
            gain_db, gain_to_db(self._ceiling), limiter.ballistics, hearing
        )
        return (-np.inf if measured is None else measured), reduction

    def _solve(self, limiter: Limiter) -> float:
        aim = -self._correction_lu
        try:
            return solve_gain_db(
                lambda gain_db: self._foretold(gain_db, limiter, self._hearing)[0],
                aim,
                aim - self._plain_over,
            )
        except UnreachableError as error:
            self.gain_db = error.gain_db
            self._require_allowed(limiter)
            reduction = self._foretold(error.gain_db, limiter, self._hearing)[1]
            self._refuse_loudness(
                "no gain into the limiter reaches it", error.loudest_lufs, reduction
            )

    def _require_allowed(self, limiter: Limiter) -> None:
        """Refuse what needs more reduction, or leaves less dynamics, than is allowed."""
        most, least = self._request.most_reduction_db, self._request.least_plr_lu
        if most is None and least is None:
            return
        reduction = self._foretold(self.gain_db, limiter, self._hearing)[1]
        if most is not None and reduction > most:
            self._refuse_reduction(limiter, reduction, most)
        if least is not None:
            plr = self._foretold_plr(self.gain_db, limiter)
            if plr is not None and plr < least - _PLR_SLACK_LU:
                self._refuse_plr(limiter, plr, least)

    def _foretold_plr(self, gain_db: float, limiter: Limiter) -> float | None:
        lufs, reduction = self._foretold(gain_db, limiter, self._whole)
        if not lufs > -np.inf:
            return None
        highest = self._ceiling
        if reduction == 0.0:
            highest = self._programme.true_peak() * db_to_gain(gain_db)
        return gain_to_db(highest) - lufs

    def _refuse_reduction(self, limiter: Limiter, reduction_db: float, most_db: float) -> NoReturn:
        def allowed(gain_db: float) -> bool:
            return self._foretold(gain_db, limiter, self._hearing)[1] <= most_db

        # Each dB less into the limiter takes about one off the highest peak's reduction.
        over = self._loudest(limiter, allowed, 2.0 * reduction_db + _ROOM_DB)
        self._refuse_loudness(
            f"it needs {reduction_db:.2f} dB of gain reduction, and the limiter may use "
            f"{most_db:g}",
            over,
            reduction_db,
        )

    def _loudest(self, limiter: Limiter, allowed: Callable[[float], bool], span_db: float) -> float:
        """Return how far over what is wanted the loudest master is that is allowed.

        Args:
            limiter: The limiter.
            allowed: Whether a gain is; up to some gain all are.
            span_db: So much less gain than the last attempt's is surely allowed.
        """
        low, high = self.gain_db - span_db, self.gain_db
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if allowed(middle) else (low, middle)
        return self._foretold(low, limiter, self._hearing)[0]

    def _refuse_plr(self, limiter: Limiter, plr_lu: float, least_lu: float) -> NoReturn:
        high, reduction = self.gain_db, self._foretold(self.gain_db, limiter, self._hearing)[1]
        low = high - reduction  # the gain that would do without limiting
        unlimited = self._foretold_plr(low, limiter)
        figures = {"plr_lu": plr_lu, "min_plr_lu": least_lu}
        if unlimited is not None and unlimited < least_lu - _PLR_SLACK_LU:
            raise RefusedError(
                self._request.name,
                f"the mix has a peak-to-loudness ratio of {unlimited:.1f} LU before it is limited, "
                f"and {least_lu:g} is the least that is allowed",
                "no limiter can give dynamics back: compress less, or allow less",
                {**figures, "unlimited_plr_lu": unlimited},
            )

        def allowed(gain_db: float) -> bool:
            plr = self._foretold_plr(gain_db, limiter)
            return plr is None or plr >= least_lu

        over = self._loudest(limiter, allowed, high - low)
        why = f"it would leave a peak-to-loudness ratio of {plr_lu:.1f} LU, and {least_lu:g} is "
        self._refuse_loudness(f"{why}the least that is allowed", over, reduction, figures)

    def _require_unlimited(self) -> None:
        request = self._request
        assert request.ceiling_dbtp is not None
        peak_dbtp = gain_to_db(self._programme.true_peak()) + self.gain_db
        over = peak_dbtp - gain_to_db(self._ceiling)
        if over > _ROUNDING_DB and self._programme.true_peak() > _SILENT:
            figures = {"true_peak_dbtp": peak_dbtp, "ceiling_dbtp": request.ceiling_dbtp}
            hint = "add a limiter to the preset"
            if request.target.gain_only:
                hint = "this target takes nothing that was limited"
            plain = self._programme.model().plain(self._whole)
            if plain is not None:
                reachable = figures["reachable_lufs"] = plain + self.gain_db - over
                hint += f", or ask for less (--loudness {_quieter(reachable):.1f})"
            raise RefusedError(
                request.name,
                f"without a limiter the true peak would be {peak_dbtp:.2f} dBTP, the ceiling is "
                f"{request.ceiling_dbtp:.2f}",
                hint,
                figures,
            )

    def _refuse_loudness(
        self, why: str, over: float, reduction_db: float, more: dict[str, float] | None = None
    ) -> NoReturn:
        """Refuse with the loudness that can be had, and how to ask for it.

        Args:
            why: What stands against the loudness that is wanted.
            over: What can be had, over what is wanted; without aims, in LUFS.
            reduction_db: What would be needed.
            more: Further figures.
        """
        request, aims = self._request, self._request.aims
        assert request.ceiling_dbtp is not None
        figures: dict[str, float] = {}
        reachable, option = over, "--loudness"
        if aims.integrated_lufs is not None:
            figures["wanted_lufs"] = aims.integrated_lufs
            reachable = aims.integrated_lufs + over
        elif aims.short_term_lufs is not None:
            figures["wanted_lufs"] = aims.short_term_lufs
            reachable, option = aims.short_term_lufs + over, "--short-term"
        else:
            lufs = self._programme.loudness_lufs()
            reachable = -np.inf if lufs is None else lufs + self.gain_db - reduction_db
        figures |= {
            "needed_gain_reduction_db": reduction_db,
            "ceiling_dbtp": request.ceiling_dbtp,
            **(more or {}),
        }
        hint = "compress more before the limiter"
        if math.isfinite(reachable):
            figures["reachable_lufs"] = reachable
            asked = f"{option} {_quieter(reachable):.1f}"
            hint = f"{reachable:.2f} LUFS can be had ({asked}); {hint} for more"
        under = f"{request.ceiling_dbtp:.2f} dBTP"
        if self.overs_db:
            under += f" ({request.ceiling_dbtp - self._lowered_db:.2f} in front of the encoder)"
        raise RefusedError(
            request.name,
            f"{aims.words()} cannot be had under {under}: {why}",
            hint,
            figures,
        )

    def accepts(
        self, after: ProgrammeFigures, over: float | None, limiter: ReductionFigures | None
    ) -> bool:
        """Return whether the finished file is right; if not, learn from it.

        Args:
            after: Its figures.
            over: How far it is over the loudness that is wanted.
            limiter: What the limiter did.
        """
        request = self._request
        right = True
        most = request.most_reduction_db
        if limiter is not None and most is not None and limiter.max_db > most:
            assert request.limiter is not None
            self._refuse_reduction(request.limiter, limiter.max_db, most)
        peak = after.true_peak_dbtp
        if request.ceiling_dbtp is not None and peak is not None and peak > request.ceiling_dbtp:
            self._lowered_db += peak - request.ceiling_dbtp + self._margin_db(peak)
            if request.to_ceiling:
                self._bring_to_ceiling()
            right = False
        if request.aims:
            assert over is not None
            if abs(over) > ACCEPTED_LU:
                self._correction_lu += over
                if limiter is None:
                    self.gain_db -= over
                right = False
        return right

    def _margin_db(self, peak_dbtp: float) -> float:
        """Return what is taken off besides the over; told, behind a codec, and counted."""
        request = self._request
        if not request.spec.is_lossy:
            return _MARGIN_DB
        assert request.ceiling_dbtp is not None
        times = len(self.overs_db)
        over_db = peak_dbtp - request.ceiling_dbtp
        if times == len(_CODEC_MARGINS_DB):
            front_dbtp = request.ceiling_dbtp - self._lowered_db
            raise RefusedError(
                request.name,
                f"decoded it is {over_db:.2f} dB over {request.ceiling_dbtp:.2f} dBTP, after the "
                f"ceiling in front of the encoder was lowered {times} times, to {front_dbtp:.2f}",
                "take a higher bit rate, a lower ceiling (--ceiling), or less loudness",
                {
                    "decoded_true_peak_dbtp": peak_dbtp,
                    "ceiling_dbtp": request.ceiling_dbtp,
                    "ceiling_in_front_dbtp": front_dbtp,
                },
            )
        self.overs_db += (over_db,)
        return _CODEC_MARGINS_DB[times]


def _no_loudness(request: Request) -> RefusedError:
    if request.aims.speech is not None:
        reason = "the mix is silent wherever the dialogue stem speaks"
        return RefusedError(request.name, reason, "see that the stem belongs to the mix")
    if request.aims.integrated_lufs is None:
        reason = "the mix has no short-term loudness: it is silent, or shorter than 3 s"
        return RefusedError(request.name, reason, "ask for an integrated loudness (--loudness)")
    return RefusedError(
        request.name,
        "the mix has no loudness: it is silent, or shorter than 0.4 s",
        "a target without integrated_lufs takes it as it is",
    )


def _quieter(lufs: float) -> float:
    """Return a loudness rounded to a tenth that can surely be had."""
    return math.floor(10.0 * lufs - 0.2) / 10.0
