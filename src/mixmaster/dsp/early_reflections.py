"""Early reflections: the first echoes off the walls of a box-shaped room, left and right.

Where they come from and how late is what mirrored images of the source say (Allen and Berkley,
"Image method for efficiently simulating small-room acoustics", JASA 65, 1979).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.delay_bank import DelayBank

SPEED_OF_SOUND_M_PER_S = 343.0

# One reflection off each kind of surface: gypsum, wood, glass reflect some 0.8 of the pressure.
_REFLECTION = 0.8

# In shares of the room: the listener, a little off the middle, and two sources. Nothing mirrors
# anything, so that the echoes of what both sources play do not fall on top of one another.
_LISTENER = (0.48, 0.36, 0.42)
_SOURCES = ((0.35, 0.71, 0.47), (0.63, 0.73, 0.46))


@dataclass(frozen=True, slots=True)
class Reflections:
    """The first echoes of a source at the left and one at the right.

    Attributes:
        delays_s: After the direct sound, which is not among them, ``(2 sources, count)``.
        gains: At the two sides, panned at constant power by the sine of the angle,
            ``(2 sides, 2 sources, count)``; each side's have an energy of 1 together.
    """

    delays_s: Block
    gains: Block


def box_reflections(size_m: tuple[float, float, float], count: int) -> Reflections:
    """Return the first reflections in a room of this width, depth and height.

    Args:
        size_m: In metres.
        count: How many of each source, by time of arrival.
    """
    found = np.array([sorted(_images(size_m, source))[:count] for source in _SOURCES])
    gains = np.ascontiguousarray(found[:, :, 1:].transpose(2, 0, 1))
    gains /= np.sqrt(np.sum(gains**2, axis=(1, 2), keepdims=True))
    return Reflections(np.ascontiguousarray(found[:, :, 0]), gains)


def _images(
    size_m: tuple[float, float, float], source: tuple[float, float, float]
) -> list[tuple[float, float, float]]:
    """Return delay, left and right gain of every image that one to three walls make."""
    here = [share * length for share, length in zip(_LISTENER, size_m, strict=True)]
    there = [share * length for share, length in zip(source, size_m, strict=True)]
    direct = math.dist(here, there)
    found = []
    for order in itertools.product(range(-2, 3), repeat=3):
        hits = sum(map(abs, order))
        if not 1 <= hits <= 3:
            continue
        image = [
            n * length + (place if n % 2 == 0 else length - place)
            for n, length, place in zip(order, size_m, there, strict=True)
        ]
        distance = math.dist(here, image)
        angle = ((image[0] - here[0]) / distance + 1.0) * math.pi / 4.0
        # What scatters also turns phases: signs keep the sum from colouring like a comb.
        gain = _REFLECTION**hits / distance * (-1.0) ** (hits + (order[0] < 0))
        delay = (distance - direct) / SPEED_OF_SOUND_M_PER_S
        found.append((delay, gain * math.cos(angle), gain * math.sin(angle)))
    return found


class EarlyReflections:
    """The reflections of two inputs, left and right.

    Args:
        reflections: See `box_reflections`.
        outputs: Mixes the two sides, ``(1 or 2, 2)``.
        chunk: The length of every chunk.
        sample_rate_hz: The rate.
    """

    def __init__(
        self, reflections: Reflections, outputs: Block, chunk: int, sample_rate_hz: int
    ) -> None:
        delays = np.maximum(1, np.rint(reflections.delays_s * sample_rate_hz).astype(int))
        self._banks = [DelayBank(list(map(int, each)), chunk, shared=True) for each in delays]
        self._gains = np.ascontiguousarray(outputs @ reflections.gains.reshape(2, -1))
        self._late = np.empty((delays.size, chunk))
        self.spread_samples = int(delays.max())

    def process(self, chunk: Block) -> Block:
        """Return ``(1 or 2, chunk)`` for ``(2, chunk)``."""
        count = len(self._late) // 2
        for side, bank in enumerate(self._banks):
            bank.write(chunk[side])
            bank.read(self._late[side * count : (side + 1) * count])
            bank.advance()
        return self._gains @ self._late

    def clear(self) -> None:
        """Forget everything."""
        for bank in self._banks:
            bank.clear()
