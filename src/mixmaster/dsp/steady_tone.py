"""A steady tone beneath music, from short-time amplitudes at its frequency.

Where drums play, every long window holds a stroke, but between strokes there are short ones that
hold little else than the tone. Each short window gives one complex amplitude, the tone's own plus
that of the music. The tone's always points the same way; the music's points anywhere. So:

- The mean direction of all windows (the resultant length of directional statistics; Mardia and
  Jupp, "Directional Statistics", 2000, section 2.3) is long for a tone, short for music, and as
  a function of frequency it has one line, where a sequenced bass has one at every multiple of
  the sequence's rate.
- The median of the amplitudes along that direction is the tone's level: music adds as often as
  it takes away, and a median does not care how much.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block

Complex = npt.NDArray[np.complexfloating]

CHUNK_S = 30.0
"""A grid's frequency is looked for anew after so long: it wanders by hundredths of a hertz."""

_SHORTEST_S = 6.0
_SEARCHED_HZ = 4.9  # short windows overlap by half: at 5 Hz their phase becomes ambiguous
_BESIDE_HZ = 0.4
_STEP_HZ = 0.02
_LEAST_RESULTANT = 0.3
_LEAST_LINE = 2.2
_QUIET_SHARE = 0.3
_QUIET_RESULTANT = 0.35
_QUIET_ANGLE = 0.7
_WEAKEST = 0.2
_WEAKEST_PERCENTILE = 5.0
_DECAY = 0.9
_LOW_PERCENTILE = 10.0
_FLOOR = 1.5  # the quietest windows hold the tone and little else: their levels are alike
_LITTLE_ELSE = 10.0  # 10 dB: what else a quiet window may hold, against the tone
_CHUNKS_SHARE = 2.0 / 3.0
_SLACK_HZ = 0.05  # what music adds to the phase between two windows
_LEAST_WINDOWS = 20
_TINY = 1e-30


def through_music(
    lines: Complex, powers: Block, hop_s: float, reach_hz: float
) -> tuple[float, float] | None:
    """Return a steady tone's power and how far it is from the frequency looked at, in Hz.

    Args:
        lines: Amplitudes at that frequency, one every ``hop_s``, ``(windows,)``; the window's
            hop holds whole periods of it, so that a steady tone's are all the same.
        powers: The power of all that each window holds, in the measure of ``abs(lines) ** 2``.
        hop_s: The time between them.
        reach_hz: How far from that frequency the tone may be.

    Returns:
        None where there is no such tone in at least two thirds of the time.
    """
    length = round(CHUNK_S / hop_s)
    if lines.size * hop_s < _SHORTEST_S:
        return None
    count = max(1, round(lines.size / length))
    parts = zip(np.array_split(lines, count), np.array_split(powers, count), strict=True)
    found = [_in_chunk(*part, hop_s, reach_hz) for part in parts]
    tones = [tone for tone in found if tone is not None]
    if len(tones) < max(1.0, _CHUNKS_SHARE * len(found)):
        return None
    power, offset_hz = np.median(np.array(tones), axis=0).tolist()
    return power, offset_hz


def _in_chunk(
    lines: Complex, powers: Block, hop_s: float, reach_hz: float
) -> tuple[float, float] | None:
    """Look for the tone in all windows alike, and then by the quiet ones."""
    sounds = np.abs(lines) > 0.0  # muted windows say nothing
    lines, powers = lines[sounds], powers[sounds]
    if lines.size * hop_s < _SHORTEST_S:
        return None
    sizes = np.abs(lines)
    tone = _one_line(lines, np.full(sizes.size, 1.0 / sizes.size), hop_s, reach_hz)
    if tone is not None:
        return tone
    # In a loud window the direction is the music's, so that windows count by how quiet they are;
    # but only if the quietest hold the tone and little else.
    low, quiet = np.percentile(sizes, (_LOW_PERCENTILE, 100.0 * _QUIET_SHARE))
    if quiet > _FLOOR * low or np.median(powers[sizes <= quiet]) > _LITTLE_ELSE * quiet * quiet:
        return None
    weights = 1.0 / (1.0 + np.square(sizes / quiet))
    return _one_line(lines, weights / weights.sum(), hop_s, reach_hz)


def _one_line(
    lines: Complex, weights: Block, hop_s: float, reach_hz: float
) -> tuple[float, float] | None:
    sizes = np.abs(lines)
    offsets_hz, turned = _turns(lines.size, hop_s)
    resultants = turned @ (weights * lines / sizes)
    lengths = np.abs(resultants)
    near = np.flatnonzero(np.abs(offsets_hz) <= reach_hz)
    at = int(near[np.argmax(lengths[near])])
    # What a pure tone would give elsewhere, because quiet windows come in a rhythm, is no line.
    moved_hz = offsets_hz - offsets_hz[at]
    times_s = np.arange(lines.size) * hop_s
    rhythm = np.abs(np.exp(-2j * math.pi * np.outer(moved_hz, times_s)) @ weights)
    others = (lengths - lengths[at] * rhythm)[np.abs(moved_hz) >= _BESIDE_HZ]
    if lengths[at] < max(_LEAST_RESULTANT, _LEAST_LINE * float(others.max())):
        return None
    still = lines * turned[at] / (resultants[at] / lengths[at])
    level = float(np.median(still.real))
    if level <= 0.0 or not _in_quiet_too(still):
        return None
    if not plays_on(lines, level, hop_s, reach_hz):
        return None
    return level * level, float(offsets_hz[at])


@lru_cache(maxsize=4)
def _turns(count: int, hop_s: float) -> tuple[Block, Complex]:
    """Return the offsets searched, in Hz, and what turns each of them back to a standstill."""
    offsets_hz = np.arange(-_SEARCHED_HZ, _SEARCHED_HZ + _STEP_HZ / 2, _STEP_HZ)
    times_s = np.arange(count) * hop_s
    return offsets_hz, np.exp(-2j * math.pi * np.outer(offsets_hz, times_s))


def _in_quiet_too(still: Complex) -> bool:
    """Return whether the quietest windows, turned likewise, point the same way as all."""
    sizes = np.abs(still)
    quiet = np.argsort(sizes, kind="stable")[: math.ceil(_QUIET_SHARE * sizes.size)]
    together = complex((still[quiet] / sizes[quiet]).mean())
    angle = math.atan2(together.imag, together.real)
    return abs(together) >= _QUIET_RESULTANT and abs(angle) <= _QUIET_ANGLE


def plays_on(lines: Complex, level: float, hop_s: float, reach_hz: float) -> bool:
    """Return whether a tone goes on without a pause, a decay or a frequency of its own.

    In a bass's pauses there is nothing, between its attacks its notes decay, and each note keeps
    its frequency even where a sequencer begins all of them at the same phase, which makes their
    long-term spectrum a line on a multiple of its tempo.

    Args:
        lines: Amplitudes at the tone's frequency, one every ``hop_s``, ``(windows,)``.
        level: The tone's amplitude.
        hop_s: The time between them.
        reach_hz: How far off its frequency may be.
    """
    sizes = np.abs(lines)
    if sizes.size < _LEAST_WINDOWS:
        return False
    if float(np.percentile(sizes, _WEAKEST_PERCENTILE)) < _WEAKEST * level:
        return False
    alone = (sizes[1:] < 2.0 * level) & (sizes[:-1] < 2.0 * level)
    if not alone.any():
        return False
    if float(np.median(sizes[1:][alone] / (sizes[:-1][alone] + _TINY))) < _DECAY:
        return False
    # The median: where notes begin anew the phase jumps back, and a mean would be deceived.
    turns = np.angle((lines[1:] * lines[:-1].conj())[alone])
    offset_hz = float(np.median(turns)) / (2.0 * math.pi * hop_s)
    return abs(offset_hz) <= reach_hz + _SLACK_HZ
