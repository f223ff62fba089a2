"""What makes a saturation's character beside its curve: emphasis and coupling."""

from __future__ import annotations

from typing import Literal

from mixmaster.dsp import filters
from mixmaster.dsp.decay import ring_out_samples
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import Context

Character = Literal["tape", "tube", "soft_clip", "hard_clip"]

TUBE_BIAS = 0.4
"""Where a tube's silence sits on its curve. The octave grows as 3 b / (1 + b^2): at a peak of
-18 dBFS and 6 dB of drive it lies 25 dB under the tone."""

_TUBE_COUPLING_HZ = 5.0
"""The coupling capacitor that keeps the bent wave's own offset out of the output."""

_TAPE_EMPHASIS_HZ = 3_180.0
"""1 / (2 pi 50 us): the record equalisation of tape (NAB, 1965), which drives the highs harder."""

_TAPE_EMPHASIS_DB = 6.0
_TAPE_EMPHASIS_Q = 0.5


def colour(
    character: Character, context: Context
) -> tuple[SosFilter | None, SosFilter | None, int]:
    """Return the filters before and after the curve, and how long both ring together."""
    rate_hz, channels = context.sample_rate_hz, context.channels
    if character == "tape":
        rise, fall = (
            filters.high_shelf(_TAPE_EMPHASIS_HZ, gain_db, _TAPE_EMPHASIS_Q, rate_hz)
            for gain_db in (_TAPE_EMPHASIS_DB, -_TAPE_EMPHASIS_DB)
        )
        rings = ring_out_samples(rise) + ring_out_samples(fall)
        return SosFilter(rise, channels), SosFilter(fall, channels), rings
    if character == "tube":
        coupling = filters.high_pass(_TUBE_COUPLING_HZ, 6, rate_hz)
        return None, SosFilter(coupling, channels), ring_out_samples(coupling)
    return None, None, 0
