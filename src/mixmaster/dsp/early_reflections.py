"""Early reflections: the first echoes off the walls of a box-shaped room, left and right.

Where they come from and how late is what mirrored images of the source say (Allen and Berkley,
"Image method for efficiently simulating small-room acoustics", JASA 65, 1979).
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.delay_bank import DelayBank

SPEED_OF_SOUND_M_PER_S = 343.0

# One reflection off each kind of surface: gypsum, wood, glass reflect some 0.8 of the pressure.
_REFLECTION = 0.8

# In shares of the room: the listener, and the left of two sources; the right one mirrors it.
_LISTENER = (0.5, 0.36, 0.42)
_SOURCE = (0.36, 0.71, 0.47)


def box_reflections(
    size_m: tuple[float, float, float], count: int
) -> list[tuple[float, float, float]]:
    """Return the first reflections of a source at the left: ``(delay_s, left, right)`` each.

    Delays count from the direct sound, which is not among them; gains are those of
    two sides, panned at constant power by the sine of the angle, and have an energy of 1.

    Args:
        size_m: Width, depth and height.
        count: How many, by time of arrival.
    """
    listener = [share * length for share, length in zip(_LISTENER, size_m, strict=True)]
    source = [share * length for share, length in zip(_SOURCE, size_m, strict=True)]
    direct = math.dist(listener, source)
    found = []
    for order in itertools.product(range(-2, 3), repeat=3):
        hits = sum(map(abs, order))
        if not 1 <= hits <= 3:
            continue
        image = [
            n * length + (place if n % 2 == 0 else length - place)
            for n, length, place in zip(order, size_m, source, strict=True)
        ]
        distance = math.dist(listener, image)
        side = (image[0] - listener[0]) / distance
        angle = (side + 1.0) * math.pi / 4.0
        # Each surface turns the phase of what it scatters a little: signs keep the sum from
        # colouring like a comb.
        gain = _REFLECTION**hits / distance * (-1.0) ** (hits + (order[0] < 0))
        delay = (distance - direct) / SPEED_OF_SOUND_M_PER_S
        found.append((delay, gain * math.cos(angle), gain * math.sin(angle)))
    first = sorted(found)[:count]
    energy = math.sqrt(sum(left * left + right * right for _, left, right in first))
    return [(delay, left / energy, right / energy) for delay, left, right in first]


class EarlyReflections:
    """The reflections of two inputs, left and right, as two sources mirrored in the middle.

    Args:
        reflections: See `box_reflections`.
        outputs: Mixes the two outputs, ``(1 or 2, 2)``.
        chunk: The length of every chunk.
        sample_rate_hz: The rate.
    """

    def __init__(
        self,
        reflections: list[tuple[float, float, float]],
        outputs: Block,
        chunk: int,
        sample_rate_hz: int,
    ) -> None:
        delays = [max(1, round(delay * sample_rate_hz)) for delay, _, _ in reflections]
        self._banks = [DelayBank(delays, chunk) for _ in range(2)]
        sides = np.array([gains for _, *gains in reflections])
        self._gains = np.ascontiguousarray(outputs @ np.concatenate((sides, sides[:, ::-1])).T)
        self._late = np.empty((2 * len(delays), chunk))
        self.spread_samples = max(delays)

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
