"""The same audio in two stems: as it is, scaled, or moved in time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.source import open_source
from mixmaster.checking.findings import Finding
from mixmaster.checking.scan import SLICE_S, Scan
from mixmaster.units import gain_to_db

LEAST_CORRELATION: Final = 0.999995
"""A copy and what it was copied from differ by less than -50 dB; two microphones by more."""

_LIKELY: Final = 0.9
_MOST_SLICES: Final = 16_384
_PASSAGE_S: Final = 1.5
_REACH_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Copy:
    """A stem that holds what another holds.

    Attributes:
        first: Index of the one.
        second: Index of the other.
        later_s: How much later it is in the second.
        gain_db: How much louder.
        inverted: Whether it is upside down.
        exact: Whether the samples are the same.
    """

    first: int
    second: int
    later_s: float
    gain_db: float
    inverted: bool
    exact: bool


def copies(scans: Sequence[Scan]) -> list[Copy]:
    """Return the stems that are copies of others."""
    found: list[Copy] = []
    curves = [None if scan.silent else _curve(scan) for scan in scans]
    for i, j in combinations(range(len(scans)), 2):
        first, second = curves[i], curves[j]
        if any(copy.second in {i, j} for copy in found):
            continue  # told already, against what it was copied from
        if first is None or second is None or _apart(scans[i], scans[j]):
            continue
        if set(scans[i].digests) & set(scans[j].digests):
            found.append(Copy(i, j, 0.0, 0.0, inverted=False, exact=True))
            continue
        step = max(1, math.ceil(max(first.size, second.size) / _MOST_SLICES))
        shift, likeness = _best_shift(_thinned(first, step), _thinned(second, step))
        if likeness >= _LIKELY:
            match = _compare(scans[i], scans[j], shift * step * SLICE_S, step * SLICE_S)
            if match is not None:
                later_s, gain = match
                found.append(
                    Copy(i, j, later_s, gain_to_db(gain), inverted=gain < 0.0, exact=False)
                )
    return found


def _apart(first: Scan, second: Scan) -> bool:
    return first.info.sample_rate_hz != second.info.sample_rate_hz


def _curve(scan: Scan) -> Block:
    """Return the amplitude of every 10 ms, over all channels, ``(slices,)``."""
    return np.asarray(np.sqrt(scan.powers.sum(axis=0)))


def _thinned(curve: Block, step: int) -> Block:
    whole = curve.size - curve.size % step
    return np.asarray(curve[:whole].reshape(-1, step).mean(axis=1)) if step > 1 else curve


def _best_shift(first: Block, second: Block) -> tuple[int, float]:
    """Return by how many slices the second lies later, and how alike they are there."""
    from scipy.fft import irfft, next_fast_len, rfft

    one, two = first - first.mean(), second - second.mean()
    energy = math.sqrt(float(one @ one) * float(two @ two))
    if energy == 0.0:
        return 0, 0.0
    size = next_fast_len(one.size + two.size, real=True)
    folded = irfft(rfft(one, size).conj() * rfft(two, size), size)
    at = int(np.argmax(folded))
    return (at - size if at > size // 2 else at), float(folded[at]) / energy


def _compare(
    first: Scan, second: Scan, later_s: float, step_s: float
) -> tuple[float, float] | None:
    """Return how much later a copy is, in seconds, and its gain; None if it is no copy.

    The loudest passage of one stem is compared with the same place of the other.
    """
    from scipy.signal import correlate

    rate = first.info.sample_rate_hz
    frames, reach = round(_PASSAGE_S * rate), round((_REACH_S + step_s) * rate)
    shift = round(later_s * rate)
    # Only what both have can be compared.
    low, high = max(0, reach - shift), min(first.frames, second.frames - shift - reach) - frames
    if high < low:
        return None
    start = _loudest(first, low, high, frames)
    one = _read(first, start, frames)
    two = _read(second, start + shift - reach, frames + 2 * reach)
    if two.size < frames + 2 * reach:
        return None
    products = correlate(two, one, mode="valid", method="fft")
    running = np.concatenate([[0.0], np.cumsum(np.square(two))])
    energies = running[frames:] - running[:-frames]
    own = float(one @ one)
    if own == 0.0:
        return None
    alike = products / np.sqrt(np.maximum(energies, 1e-12 * own) * own)
    at = int(np.argmax(np.abs(alike)))
    if abs(float(alike[at])) < LEAST_CORRELATION:
        return None
    return (shift - reach + at) / rate, float(products[at]) / own


def _loudest(scan: Scan, low: int, high: int, frames: int) -> int:
    """Return where the loudest passage starts, between two frames."""
    power = scan.powers.sum(axis=0)
    slice_frames = math.ceil(SLICE_S * scan.info.sample_rate_hz)
    width = max(1, frames // slice_frames)
    sums = np.convolve(power, np.ones(width), mode="valid")
    first = -(-low // slice_frames)
    last = max(first, min(sums.size - 1, high // slice_frames))
    if first >= sums.size:
        return low
    start = (first + int(np.argmax(sums[first : last + 1]))) * slice_frames
    return min(max(start, low), high)


def _read(scan: Scan, start: int, frames: int) -> Block:
    with open_source(scan.path) as source:
        source.seek(start)
        block = source.read(frames)
    loudest = int(np.argmax(scan.products.diagonal()))
    return np.asarray(block[loudest])


def copy_findings(scans: Sequence[Scan], found: Sequence[Copy]) -> list[Finding]:
    """Return copies as findings, the second of the two being the one too many."""
    findings = []
    for copy in found:
        original = scans[copy.first].path
        how = []
        if abs(copy.later_s) > 0.5 / scans[copy.first].info.sample_rate_hz:
            how.append(f"{abs(copy.later_s):.4f} s {'later' if copy.later_s > 0 else 'earlier'}")
        if abs(copy.gain_db) >= 0.01:
            how.append(f"{copy.gain_db:+.2f} dB")
        if copy.inverted:
            how.append("upside down")
        findings.append(
            Finding(
                "warning",
                "duplicate",
                str(scans[copy.second].path),
                None,
                copy.later_s or copy.gain_db,
                "s" if copy.later_s else "dB",
                f"it holds the same audio as {original.name}"
                + (f" ({', '.join(how)})" if how else ", sample for sample"),
                "leave one of them out, or it is heard twice",
                others=(str(original),),
            )
        )
    return findings
