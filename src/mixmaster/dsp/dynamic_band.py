"""One band of a dynamic equaliser: x + (g(t) - 1) H(x).

H is made from the matched bell or shelf F of the whole range, H = (F - 1) / (G - 1) with G its
gain: at g = G the band is F, to rounding; at g = 1 it is nothing, to the bit; at the centre of a
bell (and where a shelf is flat) its gain is g at any moment. In between its poles stay where those
of F are, so a bell half open is a little narrower than one designed for that gain: on its flanks by
at most 0.26 dB for a range of 6 dB, 1.0 dB for 12 and 3.5 dB for 24. A shelf (q up to 0.71) differs
by 0.38, 1.5 and 5.4 dB around its corner.

The detector is the compressor's: what it takes away, in octaves, is the way that the band goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp import filters
from mixmaster.dsp.compression import CompressorGain, CompressorTimes
from mixmaster.dsp.dynamics import PoolRamp
from mixmaster.dsp.gain_computer import DB_PER_OCTAVE, CompressionCurve
from mixmaster.dsp.sos import GridSosFilter
from mixmaster.units import db_to_gain

DynamicShape = Literal["bell", "low_shelf", "high_shelf"]

_DETECTOR_SLOPE = 12


def shape_sections(
    shape: DynamicShape, frequency_hz: float, gain_db: float, q: float, sample_rate_hz: float
) -> Block:
    """Return the bell or shelf of a gain, ``(1, 6)``."""
    match shape:
        case "bell":
            return filters.bell(frequency_hz, gain_db, q, sample_rate_hz)
        case "low_shelf":
            return filters.low_shelf(frequency_hz, gain_db, q, sample_rate_hz)
        case "high_shelf":
            return filters.high_shelf(frequency_hz, gain_db, q, sample_rate_hz)


def detector_sections(
    shape: DynamicShape, frequency_hz: float, q: float, sample_rate_hz: float
) -> Block:
    """Return what a detector of the band hears, ``(1, 6)``: 0 dB in the band's middle.

    The surroundings of a bell; all below or above the corner of a shelf, at 12 dB an octave.
    """
    match shape:
        case "bell":
            return filters.band_pass(frequency_hz, q, sample_rate_hz)
        case "low_shelf":
            return filters.low_pass(frequency_hz, _DETECTOR_SLOPE, sample_rate_hz)
        case "high_shelf":
            return filters.high_pass(frequency_hz, _DETECTOR_SLOPE, sample_rate_hz)


class MovingGain:
    """The gain of one band: what a compressor's detector makes of a key.

    Above the threshold it goes towards the range, by (1 - 1 / ratio) dB for every dB; or, where
    it acts below, it has the whole range in silence and comes back towards 0 dB as the key
    rises, arriving at the threshold.

    Args:
        range_db: How far it goes, either way; not 0.
        threshold_db: Where it sets in, in dBFS.
        ratio: Over 1.
        knee_db: Width of the knee.
        below: Whether it acts below the threshold.
        times: Attack, as the key rises, and release.
        moves: Whether automation brings a ``threshold_db``.
        sample_rate_hz: The rate.
        where: Whose detector it is, for errors.
    """

    def __init__(
        self,
        *,
        range_db: float,
        threshold_db: float,
        ratio: float,
        knee_db: float,
        below: bool,
        times: CompressorTimes,
        moves: bool,
        sample_rate_hz: int,
        where: str,
    ) -> None:
        size_db = abs(range_db)
        # Below: the same curve, begun so much lower that it is through at the threshold.
        self._offset_db = -size_db / (1.0 - 1.0 / ratio) if below else 0.0
        self._moves = moves
        self._detector = CompressorGain(
            CompressionCurve(
                threshold_db=threshold_db + self._offset_db,
                ratio=ratio,
                knee_db=knee_db,
                range_db=size_db,
            ),
            times,
            sample_rate_hz=sample_rate_hz,
            where=where,
            moved=frozenset({"threshold_db"} if moves else ()),
        )
        # The detector's octaves are 0 at rest and fall to -size.
        self._sign = -1.0 if (range_db > 0.0) != below else 1.0
        self._rest_octaves = range_db / DB_PER_OCTAVE if below else 0.0
        self.idle_gain = db_to_gain(range_db) if below else 1.0
        self.pool_frames = self._detector.pool
        self._ramp = PoolRamp(self.pool_frames, self.idle_gain)
        self._octaves: Block | None = None
        self._frames = 0

    def process(
        self, key: Block, start_frame: int, automation: Mapping[str, Block]
    ) -> Block | None:
        """Return the gain, linear, ``(frames,)``; None for ``idle_gain`` throughout.

        Args:
            key: What the detector hears, ``(channels, frames)``, at least one frame.
            start_frame: The first one's number, counted from the session's zero.
            automation: ``threshold_db``, a value a frame, if it moves.

        Raises:
            SignalError: For NaN or infinity in the key.
        """
        if self._moves:
            automation = {"threshold_db": automation["threshold_db"] + self._offset_db}
        self._frames = key.shape[1]
        reduced = self._detector.process(key, start_frame, automation)
        if reduced is None:
            self._octaves = None
            self._ramp.rest()
            return None
        self._octaves = self._sign * reduced + self._rest_octaves
        return self._ramp.process(np.exp2(self._octaves), self._frames)

    def moved_db(self) -> Block:
        """Return the gain of the last block in dB, one value a pool of frames."""
        pools = -(-self._frames // self.pool_frames)
        if self._octaves is None:
            return np.full(pools, self._rest_octaves * DB_PER_OCTAVE)
        return self._octaves.reshape(-1)[:pools] * DB_PER_OCTAVE


class DynamicFilter:
    """x + (g - 1) H(x).

    Args:
        full: The bell or shelf of the whole range, ``(1, 6)``.
        range_db: The range, not 0.
        channels: Channels of every block.
    """

    def __init__(self, full: Block, range_db: float, channels: int) -> None:
        part = full.copy()
        part[:, :3] = (full[:, :3] - full[:, 3:]) / (db_to_gain(range_db) - 1.0)
        self._part = GridSosFilter(part, channels)

    def process(self, block: Block, gain: Block | float) -> Block:
        """Return ``block`` with the band at ``gain``; the very block if that is 1 throughout.

        Args:
            block: ``(channels, frames)``.
            gain: Linear, ``(frames,)`` or one number.
        """
        part = self._part.process(block)
        if isinstance(gain, float) and gain == 1.0:
            return block
        part *= gain - 1.0
        part += block
        return part
