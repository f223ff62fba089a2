"""Time-stretch and pitch shift of whole regions: Rubber Band through pedalboard, kept in time.

Rubber Band's R3 engine ("finer") stretches by hops: it takes ``i`` samples and gives ``o``, both
whole numbers near 256. A ratio that is no such fraction is rounded to one for the whole of a call,
and drifts: measured on clicks, by up to 1.9 ms in every second. So the ratio wanted is made of the
two nearest fractions, taken in turns of some 20 ms, so that what comes out is where it belongs to
within a few samples at any time; where each fraction holds is ours to say by the array of ratios
that pedalboard takes. The pitch is shifted by stretching and then playing it faster or slower
(`mixmaster.dsp.varispeed`), which is what Rubber Band would do itself, with a better resampler.

What remains (measured at 48 kHz): an isolated click lies within 0.2 ms of its place for ratios of
3 % and less, 0.6 ms at 10 %, and up to 7 ms early at twice the length, for the engine keeps an
attack's front together; a tone's pitch is exact to 0.001 cents, its level to 0.01 dB.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import Block, Block32
from mixmaster.dsp.formants import keep_formants
from mixmaster.dsp.varispeed import varispeed

MAX_SAMPLES = 2**24
"""The most samples (frames x channels) that are stretched at once, before or after: almost three
minutes of stereo at 48 kHz, for which some 0.5 GB are needed."""

SEMITONES_PER_OCTAVE = 12.0

_TURN_FRAMES = 1_024
"""The shortest time that one fraction holds: pedalboard looks at its array no more often."""

_MOST_TURNS = 1_024
"""Longer regions have longer turns: pedalboard copies all that it has so far at every one. For
those of three minutes a turn takes 0.17 s, in which the sound is 0.4 ms off at most."""

_SHY = 1e-4
"""How much less than ``o`` is asked for: so that rounding a hop's length down cannot tip over, and
so that the engine takes no ratio for 1, where it would start its phases anew."""

_SAME = 1e-12


@dataclass(frozen=True, slots=True)
class Fraction:
    """A ratio that the engine keeps to exactly: ``outgoing`` frames for every ``incoming``.

    Attributes:
        incoming: Frames that a hop takes.
        outgoing: Frames that it gives.
    """

    incoming: int
    outgoing: int

    @property
    def ratio(self) -> float:
        """What it does to the length."""
        return self.outgoing / self.incoming

    @property
    def asked(self) -> float:
        """The ratio that is asked for to get it."""
        return (self.outgoing - _SHY) / self.incoming


def hop_frames(ratio: float, sample_rate_hz: int) -> float:
    """Return how many frames R3 takes in a hop at a ratio, before it rounds down.

    After ``R3Stretcher::calculateHop`` of Rubber Band 3.3: it aims for 256 frames out, fewer below
    1, more above 1.5, within limits that go with the rate.
    """
    out = 256.0
    if ratio > 1.5:
        out = 2.0 ** (8.0 + 2.0 * math.log10(ratio - 0.5))
    elif ratio < 1.0:
        out = 2.0 ** (8.0 + 2.0 * math.log10(ratio))
    out = min(max(out, _power_of_two(sample_rate_hz / 512)), _power_of_two(sample_rate_hz / 128))
    return min(max(out / ratio, 1.0), _power_of_two(sample_rate_hz / 32))


def fractions(ratio: float, sample_rate_hz: int) -> tuple[Fraction, Fraction]:
    """Return the nearest fractions at or below a ratio, and at or above it."""
    near = int(hop_frames(ratio, sample_rate_hz))
    found = [
        Fraction(incoming, outgoing)
        for incoming in range(max(1, near - 3), near + 4)
        for outgoing in range(max(1, int(incoming * ratio) - 1), int(incoming * ratio) + 3)
        if _is_kept(Fraction(incoming, outgoing), sample_rate_hz)
    ]
    below = [each for each in found if each.ratio <= ratio * (1.0 + _SAME)]
    above = [each for each in found if each.ratio >= ratio * (1.0 - _SAME)]
    assert below, ratio
    assert above, ratio
    return max(below, key=lambda each: each.ratio), min(above, key=lambda each: each.ratio)


def _is_kept(fraction: Fraction, sample_rate_hz: int) -> bool:
    """Whether the engine takes just this hop, and would for a ratio that is a trifle off."""
    hops = {
        int(hop_frames(fraction.asked * off, sample_rate_hz)) for off in (1.0 - 1e-9, 1.0 + 1e-9)
    }
    return hops == {fraction.incoming}


def _power_of_two(value: float) -> int:
    """Return the least power of two that is no less than ``value``."""
    return int(2 ** math.ceil(math.log2(value)))


def window_frames(sample_rate_hz: int) -> int:
    """Return the length of R3's longest window."""
    return max(2_048, _power_of_two(sample_rate_hz / 16))


def _schedule(frames: int, ratio: float, sample_rate_hz: int) -> Block:
    """Return the speed that holds at each frame of the input, as pedalboard wants it.

    Every turn takes whole hops, so that none of them is cut, and the turns make up for each other.
    """
    low, high = fractions(ratio, sample_rate_hz)
    shortest = max(_TURN_FRAMES, frames // _MOST_TURNS)
    speeds = np.empty(frames)
    position, given = 0, 0
    while position < frames:
        turn = high if given < position * ratio else low
        hops = math.ceil(shortest / turn.incoming)
        end = position + hops * turn.incoming
        speeds[position:end] = 1.0 / turn.asked
        position = end
        given += hops * turn.outgoing
    return speeds


def stretch(
    read: Callable[[int, int], Block],
    frames: int,
    sample_rate_hz: int,
    *,
    stretched_frames: int,
    semitones: float = 0.0,
    formants_kept: bool = False,
    before: int = 0,
    after: int = 0,
) -> Block32:
    """Return a region stretched to a length, with its pitch shifted.

    Args:
        read: Returns ``(channels, n)`` frames of the sound from a frame on, given that frame
            (counted from the region's first, so it may be negative) and ``n``: what lies around
            the region is heard by the engine, too, so that its ends are as good as its middle.
        frames: How long the region is.
        sample_rate_hz: Its rate.
        stretched_frames: How long it shall be.
        semitones: By how much its pitch rises.
        formants_kept: Whether its resonances stay where they are, as a voice's do.
        before: How many frames of the result are wanted before the region's beginning.
        after: How many after its end.

    Returns:
        ``(channels, before + stretched_frames + after)``.
    """
    import pedalboard

    pitch = 2.0 ** (semitones / SEMITONES_PER_OCTAVE)
    length = stretched_frames / frames
    ratio = length * pitch
    window = window_frames(sample_rate_hz)
    lead = window + math.ceil(before / length)
    tail = window + math.ceil(after / length)
    sound = read(-lead, lead + frames + tail).astype(np.float32)
    # The middle of the first window stays where it is; all else is stretched away from it.
    middle = 0.5 * window
    begin = lead * ratio
    if abs(ratio - 1.0) > _SAME:
        speeds = _schedule(sound.shape[1], ratio, sample_rate_hz)
        sound = pedalboard.time_stretch(sound, float(sample_rate_hz), speeds, 0.0)
        begin = middle + (lead - middle) * ratio
    sound = varispeed(sound, pitch)
    if formants_kept and pitch != 1.0:
        sound = keep_formants(sound, pitch, sample_rate_hz)
    first = round(begin / pitch) - before
    wanted = before + stretched_frames + after
    assert first >= 0
    assert sound.shape[1] >= first + wanted
    return np.ascontiguousarray(sound[:, first : first + wanted])
