"""The late field: a feedback delay network, worked in chunks no longer than its shortest line.

Jot and Chaigne (AES 90th Convention, 1991): sixteen lines whose lengths share no factor, an
orthogonal matrix that feeds each into all, and an absorption filter a line. The matrix turns slowly
to and fro, by a plane rotation of each pair of lines: that moves the modes, so that none rings, and
keeps the energy at every moment (Schlecht and Habets, "Time-varying feedback matrices in feedback
delay networks and their application in artificial reverberation", JASA 138, 2015). No delay is
modulated, so there is no interpolation whose losses would shorten the decay, and no chorus.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp.absorption import Absorption
from mixmaster.dsp.delay_bank import DelayBank
from mixmaster.dsp.diffusion import CHANNELS

LINES = 16

_EMPTY = 1e-12
"""-240 dBFS: a network in which nothing is louder is put to rest."""

_PERIODS_S = (1.37, 1.93)
"""How long the two swings of the matrix take; a pair of lines follows one of them."""


def line_lengths(shortest: float, longest: float) -> tuple[int, ...]:
    """Return sixteen different primes from about ``shortest`` to ``longest``, in frames.

    They grow by equal ratios, so that no two lines differ by a multiple of a third; primes share no
    factor, so that few echoes coincide (Schroeder, "Natural sounding artificial reverberation",
    JAES 10, 1962).
    """
    step = (longest / shortest) ** (1.0 / (LINES - 1))
    found: list[int] = []
    for line in range(LINES):
        length = max(math.ceil(shortest * step**line), 2, found[-1] + 1 if found else 0)
        while any(length % factor == 0 for factor in range(2, math.isqrt(length) + 1)):
            length += 1
        found.append(length)
    return tuple(found)


def feedback_matrix() -> Block:
    """Return an orthogonal matrix, ``(16, 16)``, all entries of one size.

    Sylvester's Hadamard matrix with its rows in another order and its columns' signs turned: no
    line feeds itself and its neighbours alike.
    """
    two = np.array([[1.0, 1.0], [1.0, -1.0]]) / math.sqrt(2.0)
    whole = np.kron(np.kron(two, two), np.kron(two, two))
    order = (5 * np.arange(LINES) + 3) % LINES
    signs = np.where(np.arange(LINES) * 7 % 11 % 2 == 0, 1.0, -1.0)
    return np.ascontiguousarray(whole[order] * signs)


def _spread_in() -> Block:
    """Return what carries the eight rows of a diffuser to the lines, ``(16, 8)``, columns of 1."""
    return np.ascontiguousarray(feedback_matrix().T[:, : 2 * CHANNELS : 2])


def _taken_out() -> Block:
    """Return what makes two outputs of the lines, ``(2, 16)``: rows of 1 at right angles."""
    signs = np.ones((2, LINES))
    signs[0, 1::2] = -1.0
    signs[1, 2::4] = -1.0
    signs[1, 3::4] = -1.0
    return signs / math.sqrt(LINES)


class DelayNetwork:
    """Sixteen lines in a loop, fed by the eight rows of a diffuser, heard at two outputs.

    What the diffuser gives is heard too, as the lap before the first.

    Args:
        delays: Of the lines, frames, none below ``chunk``.
        absorption: What each lap takes.
        modulation: How far the matrix swings, radians.
        first_lap: The gain of what the diffuser gives, against the later laps.
        outputs: Mixes the two outputs, ``(1 or 2, 2)``.
        chunk: The length of every chunk.
        sample_rate_hz: The rate.
    """

    def __init__(
        self,
        delays: Sequence[int],
        absorption: Absorption,
        *,
        modulation: float,
        first_lap: float,
        outputs: Block,
        chunk: int,
        sample_rate_hz: int,
    ) -> None:
        assert len(delays) == LINES
        assert min(delays) >= chunk
        self._bank = DelayBank(delays, chunk)
        self._absorption = absorption
        self._matrix = feedback_matrix()
        self._in = _spread_in()
        self._out = outputs @ _taken_out()
        self._first = first_lap * (self._out @ self._matrix.T @ self._in)
        self._swings = _swings(modulation, chunk, sample_rate_hz) if modulation else ()
        self._late = np.empty((LINES, chunk))
        self._chunk = chunk
        self._longest = max(delays)
        self._quiet_frames = 0
        self.at_rest = True

    def process(self, rows: Block, start_frame: int) -> Block:
        """Return one chunk of the outputs, ``(1 or 2, chunk)``.

        Args:
            rows: Of the diffuser, ``(8, chunk)``.
            start_frame: The chunk's first frame from the session's zero.
        """
        self._bank.read(self._late)
        lap = self._absorption.process(self._late)
        heard = self._out @ lap
        heard += self._first @ rows
        fed = self._matrix @ lap
        self._turn(fed, start_frame)
        fed += self._in @ rows
        self._bank.write(fed)
        self._bank.advance()
        self._watch(fed, rows)
        return heard

    def _turn(self, lines: Block, start_frame: int) -> None:
        """Turn the pairs of lines, each in its plane, in place."""
        half, quarter = LINES // 2, LINES // 4
        for index, table in enumerate(self._swings):
            period = table.shape[1] - self._chunk
            at = start_frame % period
            cosine, sine = table[:, at : at + self._chunk]
            first = lines[index * quarter : (index + 1) * quarter]
            second = lines[half + index * quarter : half + (index + 1) * quarter]
            across = sine * first
            first *= cosine
            first -= sine * second
            second *= cosine
            second += across

    def _watch(self, fed: Block, rows: Block) -> None:
        """Notice when nothing has been loud for as long as the longest line."""
        self.at_rest = False
        if rows.any() or not np.abs(fed).max() < _EMPTY:
            self._quiet_frames = 0
            return
        self._quiet_frames += self._chunk
        if self._quiet_frames > self._longest + self._chunk:
            self._bank.clear()
            self._absorption.clear()
            self._quiet_frames = 0
            self.at_rest = True


def _swings(depth: float, chunk: int, sample_rate_hz: int) -> tuple[Block, ...]:
    """Return a period of cosine and sine of each swing's angle, and a chunk more: ``(2, n)``."""
    tables = []
    for seconds in _PERIODS_S:
        period = round(seconds * sample_rate_hz)
        angle = depth * np.sin(2.0 * np.pi / period * (np.arange(period + chunk) % period))
        tables.append(np.stack([np.cos(angle), np.sin(angle)]))
    return tuple(tables)
