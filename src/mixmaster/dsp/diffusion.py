"""Diffusion: one click becomes hundreds, without colour and without a loop.

Stages of delays and an orthogonal mixing matrix in turn, a filter matrix that is paraunitary: it
keeps the energy at every frequency. After Schlecht and Habets, "Scattering in feedback delay
networks" (IEEE/ACM TASLP 28, 2020). Being feed-forward, it runs in chunks of any length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.delay_bank import DelayBank

CHANNELS = 8
"""Rows of a diffuser: every stage splits an echo in eight."""

_SIGNS = np.array([1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0, -1.0])
_ORDER = (3, 6, 0, 5, 1, 7, 2, 4)


def mixing_matrix(density: float) -> Block:
    """Return an orthogonal matrix, ``(8, 8)``: a permutation at 0, all entries alike at 1.

    Args:
        density: 0 to 1; the angle of the plane rotations whose Kronecker product it is.
    """
    angle = density * math.pi / 4.0
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    whole = np.kron(turn, np.kron(turn, turn))
    return np.ascontiguousarray((whole * _SIGNS)[:, _ORDER])


def stage_delays(spread_samples: float, stages: int) -> list[tuple[int, ...]]:
    """Return the delays of each stage; together they spread a click over ``spread_samples``.

    Each stage is half as long as the one before. Its rows' delays lie one in each eighth of its
    length, at places that the golden ratio shuffles, so that sums of them seldom coincide.
    """
    lengths = [
        spread_samples * 2.0 ** (stages - 1 - k) / (2.0**stages - 1.0) for k in range(stages)
    ]
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    found = []
    for stage, length in enumerate(lengths):
        places = [
            (row + (golden * (row + 1 + CHANNELS * stage)) % 1.0) / CHANNELS
            for row in range(CHANNELS)
        ]
        found.append(tuple(round(length * place) for place in places))
    return found


class Diffuser:
    """Spreads two signals over eight rows and over time.

    Args:
        delays: Of each stage, eight frames each.
        density: 0 to 1, see `mixing_matrix`.
        chunk: The length of every chunk.
    """

    def __init__(self, delays: Sequence[Sequence[int]], density: float, chunk: int) -> None:
        self._banks = [DelayBank(stage, chunk) for stage in delays]
        self._matrix = mixing_matrix(density)
        self._fed = np.zeros((CHANNELS, chunk))
        self.spread_samples = sum(max(stage) for stage in delays)

    def process(self, chunk: Block) -> Block:
        """Return ``(8, chunk)`` for ``(2, chunk)``; the energy is that of both inputs together."""
        half = CHANNELS // 2
        np.multiply(chunk[0], 0.5, out=self._fed[:half])
        np.multiply(chunk[1], 0.5, out=self._fed[half:])
        mixed = self._fed
        for bank in self._banks:
            late = np.empty_like(mixed)
            bank.write(mixed)
            bank.read(late)
            bank.advance()
            mixed = self._matrix @ late
        return mixed

    def clear(self) -> None:
        """Forget everything."""
        for bank in self._banks:
            bank.clear()
