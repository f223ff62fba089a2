"""Matching one spectrum to another: curves that are smooth and bounded by construction.

A curve is a cubic B-spline over the logarithm of frequency with a knot at every third octave from
40 Hz to 16 kHz (C. de Boor, "A Practical Guide to Splines", 1978). A basis function is four third
octaves wide and has no corner, so nothing in a curve is finer than a third octave. Coefficients
are mirrored at both ends: the curve arrives there level, and stays level beyond.

What a curve does to the level of a band depends on where in the band the sound lies. So the level
is foretold from narrow bands, and the curve solved for it (Gauss-Newton: at each step a linear
least-squares problem with bounds; J. Nocedal and S. Wright, "Numerical Optimization", 2006,
chapter 10).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block
from mixmaster.dsp.spectrum import band_mids_hz

LOWEST_HZ: Final = 40.0
HIGHEST_HZ: Final = 16_000.0
BANDS_HZ: Final = band_mids_hz(3, LOWEST_HZ, HIGHEST_HZ)
"""The third octaves that are matched, 27 of them: the curve's knots."""

PARTS: Final = 8
"""Narrow bands in a third octave: 1/24 octave each, wherever a spectrum is kept for matching."""

_HELD_HZ: Final = 1_000.0 * 10.0 ** (np.arange(-14 * 4, 12 * 4 + 1) / 40.0)
"""Where the bound is held while a curve is solved: four points a third octave."""

_FINE_PER_THIRD: Final = 64
_FINE_HZ: Final = 1_000.0 * 10.0 ** (np.arange(-14 * 64, 12 * 64 + 1) / 640.0)
_MOST_TURNS: Final = 10_000
_STEPS: Final = 8
_SETTLED_DB: Final = 1e-4
_SMOOTH: Final = 0.02  # weight of a bend against an error, both in dB
_STILL: Final = 0.2  # of a step between bands of which one is not asked about
_LEVEL: Final = 1e-3  # of the mean against an error: where nothing else decides, no gain


def part_edges_hz() -> Block:
    """Return the edges of the narrow bands of all third octaves, ``(27 * PARTS + 1,)``."""
    step = np.arange(BANDS_HZ.size * PARTS + 1) / PARTS - 0.5
    return np.asarray(BANDS_HZ[0] * 10.0 ** (step / 10.0))  # a third octave is 10^0.1


def spline_weights(hz: Block) -> Block:
    """Return what each coefficient adds to the curve at each frequency, ``(n, 27)``.

    Rows add up to 1 and nothing is negative: the hull of the coefficients.

    Args:
        hz: ``(n,)``, from 0 up.
    """
    count = BANDS_HZ.size
    place = 10.0 * np.log10(np.maximum(hz, LOWEST_HZ / 2.0) / BANDS_HZ[0])
    place = np.clip(place, 0.0, count - 1.0)
    first = np.minimum(place.astype(np.int64), count - 2)
    t = place - first
    weights = np.zeros((hz.size, count))
    rows = np.arange(hz.size)
    pieces = (  # the four cubic pieces of a uniform B-spline
        (1.0 - t) ** 3 / 6.0,
        (3.0 * t**3 - 6.0 * t**2 + 4.0) / 6.0,
        (-3.0 * t**3 + 3.0 * t**2 + 3.0 * t + 1.0) / 6.0,
        t**3 / 6.0,
    )
    for offset, piece in enumerate(pieces, start=-1):
        at = np.abs(first + offset)  # mirrored at the lower end
        at = np.where(at > count - 1, 2 * (count - 1) - at, at)  # and at the upper
        weights[rows, at] += piece
    return weights


def curve_db(coefficients_db: Block, hz: Block) -> Block:
    """Return the curve at frequencies, ``(n,)``; level below 40 Hz and above 16 kHz."""
    return np.asarray(spline_weights(hz) @ coefficients_db)


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The power of mid and side in narrow bands, ``(27 * PARTS,)`` each.

    ``side`` is None for mono, and then mid is the channel.
    """

    mid: Block
    side: Block | None

    def thirds(self) -> Block:
        """Return the power of both together in third octaves, ``(27,)``."""
        return _thirds(self.mid if self.side is None else self.mid + self.side)


def _thirds(parts: Block) -> Block:
    return np.asarray(parts.reshape(-1, PARTS).sum(axis=1))


@dataclass(frozen=True, slots=True)
class Aim:
    """Where third octaves are to go, in dB; NaN where nothing is asked.

    Attributes:
        tone_db: The level of each band, ``(27,)``; only their differences count.
        width_db: How far side is to move against mid in each, ``(27,)``; no NaN.
        most_db: How far mid or side may be moved in any band, either way, at most.
    """

    tone_db: Block
    width_db: Block
    most_db: float


@dataclass(frozen=True, slots=True)
class Curves:
    """The coefficients of two curves, in dB, ``(27,)`` each: what mid and side go through."""

    mid_db: Block
    side_db: Block


def solve(spectrum: Spectrum, aim: Aim) -> Curves:
    """Return the curves that bring a spectrum nearest to an aim, in the least-squares sense.

    A level that all bands share costs nothing: only the shape is matched, and where the bound
    keeps some bands from their aim, the rest moves to meet them.

    Args:
        spectrum: What there is. Bands without power are left to their neighbours.
        aim: Where it is to go.
    """
    width = np.zeros(BANDS_HZ.size)
    nothing = np.zeros(_HELD_HZ.size)
    if spectrum.side is None or not aim.width_db.any():
        mid = _solve_tone(spectrum, width, aim, nothing)
    else:
        # Tone comes first: the width has what is left of the bound, and tone hears of it.
        width = _solve_width(aim, nothing)
        mid = _solve_tone(spectrum, width, aim, nothing)
        held = spline_weights(_HELD_HZ)
        width = _solve_width(aim, held @ mid)
        mid = _solve_tone(spectrum, width, aim, held @ width)
    side = mid + width
    # Between the points at which it was held, a curve may have passed the bound by a hair.
    share = min(
        1.0, *(aim.most_db / max(_highest(each), aim.most_db, 1e-9) for each in (mid, side))
    )
    return Curves(share * mid, share * side)


def _highest(coefficients_db: Block) -> float:
    """Return a bound on the magnitude of a curve, at most 0.2 % too high.

    The largest at a fine grid, and what a function of this curvature may rise in between: h^2 / 8
    of it. A spline's second derivative is nowhere beyond its coefficients' second differences.
    """
    bend = float(np.abs(np.diff(coefficients_db, 2)).max())
    ends = 2.0 * max(np.abs(np.diff(coefficients_db))[[0, -1]])  # mirrored there
    sampled = float(np.abs(spline_weights(_FINE_HZ) @ coefficients_db).max())
    return sampled + max(bend, float(ends)) / (8.0 * _FINE_PER_THIRD**2)


def _solve_width(aim: Aim, mid: Block) -> Block:
    """Return the coefficients of side against mid: each band's own move, smoothed by the spline.

    Args:
        aim: What is wanted.
        mid: What mid is moved by where the bound is held: side goes through it too.
    """
    wanted = np.clip(aim.width_db, -aim.most_db, aim.most_db)
    return _least_squares(
        np.concatenate((spline_weights(BANDS_HZ), _SMOOTH * _bends())),
        np.concatenate((wanted, np.zeros(BANDS_HZ.size - 2))),
        *_walls(aim.most_db, mid),
    )


def _walls(most_db: float, other: Block) -> tuple[Block, Block]:
    """Return walls for a curve that stays within a bound alone, and together with another."""
    held = spline_weights(_HELD_HZ)
    low, high = np.maximum(-most_db, -most_db - other), np.minimum(most_db, most_db - other)
    # A curve that stands at the bound may have passed it by a hair.
    low, high = np.minimum(low, 0.0), np.maximum(high, 0.0)
    return np.concatenate((held, -held)), np.concatenate((low, -high))


def _solve_tone(spectrum: Spectrum, width: Block, aim: Aim, beside: Block) -> Block:
    """Return the coefficients of mid that bring the sum of mid and side to its third octaves.

    Args:
        spectrum: What there is.
        width: The coefficients of side against mid.
        aim: What is wanted.
        beside: A curve, where the bound is held, that together with mid's has to stay within it.
    """
    count = BANDS_HZ.size
    wanted = aim.tone_db
    edges = part_edges_hz()
    basis = spline_weights(np.sqrt(edges[:-1] * edges[1:]))
    powers = spectrum.mid
    if spectrum.side is not None:
        powers = powers + spectrum.side * 10.0 ** (basis @ width / 10.0)
    known = np.isfinite(wanted) & (_thirds(powers) > 0.0)
    mid = np.zeros(count)
    if not known.any() or aim.most_db == 0.0:
        return mid
    walls, least = _walls(aim.most_db, beside)
    walls = np.pad(walls, ((0, 0), (0, 1)))
    # Where nothing is asked, the curve stays level.
    steps = np.diff(np.eye(count), axis=0)[~(known[1:] & known[:-1])]
    smooth = np.concatenate((_SMOOTH * _bends(), _STILL * steps))
    smooth = np.concatenate((smooth, np.zeros((len(smooth), 1))), axis=1)
    mean = np.concatenate((np.full(count, _LEVEL), [0.0]))[None]
    for _ in range(_STEPS):
        now = powers * 10.0 ** (basis @ mid / 10.0)
        total = _thirds(now)
        safe = np.where(total > 0.0, total, 1.0)
        slope = (now[:, None] * basis).reshape(count, PARTS, count).sum(axis=1) / safe[:, None]
        level = 10.0 * np.log10(safe)
        # Unknowns: the coefficients and the level that all bands share.
        rows = np.concatenate((slope, -np.ones((count, 1))), axis=1)[known]
        right = (wanted - level + slope @ mid)[known]
        found = _least_squares(
            np.concatenate((rows, smooth, mean)),
            np.concatenate((right, np.zeros(len(smooth) + 1))),
            walls,
            least,
        )[:-1]
        moved = float(np.abs(found - mid).max())
        mid = found
        if moved < _SETTLED_DB:
            break
    return mid


def _bends() -> npt.NDArray[np.float64]:
    """Return the second differences of the coefficients, ``(25, 27)``."""
    return np.diff(np.eye(BANDS_HZ.size), 2, axis=0)


def _least_squares(matrix: Block, right: Block, walls: Block, least: Block) -> Block:
    """Return the x of the least ``|matrix x - right|`` with ``walls x >= least``.

    Turned into the problem of least distance and that into one without negative unknowns (C.
    Lawson and R. Hanson, "Solving Least Squares Problems", 1974, chapter 23).

    Args:
        matrix: ``(m, n)``, of full column rank.
        right: ``(m,)``.
        walls: ``(k, n)``.
        least: ``(k,)``; some x is within.
    """
    from scipy.optimize import nnls

    q, r = np.linalg.qr(matrix)
    inverse = np.linalg.inv(r)
    bent = walls @ inverse
    start = q.T @ right
    left = least - bent @ start
    if np.all(left <= 0.0):
        return np.asarray(inverse @ start)
    system = np.concatenate((bent.T, left[None]))
    aim = np.zeros(system.shape[0])
    aim[-1] = 1.0
    u = nnls(system, aim, maxiter=_MOST_TURNS)[0]
    residual = system @ u - aim
    return np.asarray(inverse @ (start - residual[:-1] / residual[-1]))
