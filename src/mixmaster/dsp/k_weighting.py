"""K-weighting: the filters before every loudness figure (ITU-R BS.1770-5, Annex 1).

Meters run on every strip of a mix, so ``KWeighting`` is built for speed: sub-blocks of 64
frames at a time as one matrix product, y = H x + G s, where H is the filter's impulse response
(what the sub-block's own samples do) and s the states that carry the past, in modal form: one
complex number a pole pair, which advances by one complex factor a sub-block. That recurrence is
unrolled into products in its turn, 32 sub-blocks at a time. Samples and products are float32,
states float64; the power is within 0.0001 dB of the filter run sample by sample in float64.
"""

from __future__ import annotations

import copy
import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block, Block32
from mixmaster.errors import UsageError
from mixmaster.units import db_to_gain

SUB_BLOCK: Final = 64
_GROUP: Final = 32

Modes = npt.NDArray[np.complex128]

LOWEST_RATE_HZ: Final = 8_000
HIGHEST_RATE_HZ: Final = 768_000

# The published coefficients for 48 kHz (ITU-R BS.1770-5, Annex 1, tables 1 and 2).
_SHELF_48K = (
    *(1.53512485958697, -2.69169618940638, 1.19839281085285),
    *(-1.69065929318241, 0.73248077421585),
)
_HIGH_PASS_48K = (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621)

# The analogue prototypes behind those tables, so that other rates weigh alike; found by
# inverting the bilinear transform (B. De Man, "Evaluation of implementations of the EBU R128
# loudness measurement", AES 145, 2018).
_SHELF_HZ = 1681.974450955533
_SHELF_GAIN_DB = 3.999843853973347
_SHELF_Q = 0.7071752369554196
_SHELF_BAND_EXPONENT = 0.4996667741545416
_HIGH_PASS_HZ = 38.13547087602444
_HIGH_PASS_Q = 0.5003270373238773


def k_weighting_sos(sample_rate_hz: int) -> Block:
    """Return the K-weighting filter at a sample rate as second-order sections.

    At 48 kHz these are the published coefficients; at other rates the bilinear transform of
    the same analogue prototypes. The high-pass has a numerator of 1, -2, 1 at every rate, as
    in the standard.

    Args:
        sample_rate_hz: From 8,000 to 768,000.

    Returns:
        ``(2, 6)``: the shelf, then the high-pass, in the order b0 b1 b2 a0 a1 a2, a0 = 1.

    Raises:
        UsageError: For a rate outside that range.
    """
    if not LOWEST_RATE_HZ <= sample_rate_hz <= HIGHEST_RATE_HZ:
        raise UsageError(
            "",
            f"loudness can not be measured at {sample_rate_hz} Hz",
            f"from {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz",
        )
    published = sample_rate_hz == 48_000
    shelf = _SHELF_48K if published else _shelf(sample_rate_hz)
    high_pass = _HIGH_PASS_48K if published else _high_pass(sample_rate_hz)
    return np.array([(*row[:3], 1.0, *row[3:]) for row in (shelf, high_pass)])


def _poles(frequency_hz: float, q: float, sample_rate_hz: int) -> tuple[float, float, float, float]:
    """Return the bilinear K and the denominator a0, a1/a0, a2/a0 of a second-order section."""
    k = math.tan(math.pi * frequency_hz / sample_rate_hz)
    a0 = 1.0 + k / q + k * k
    return k, a0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0


def _shelf(sample_rate_hz: int) -> tuple[float, ...]:
    k, a0, a1, a2 = _poles(_SHELF_HZ, _SHELF_Q, sample_rate_hz)
    high = db_to_gain(_SHELF_GAIN_DB)
    band = high**_SHELF_BAND_EXPONENT * k / _SHELF_Q
    k2 = k * k
    return (high + band + k2) / a0, 2.0 * (k2 - high) / a0, (high - band + k2) / a0, a1, a2


def _high_pass(sample_rate_hz: int) -> tuple[float, ...]:
    _, _, a1, a2 = _poles(_HIGH_PASS_HZ, _HIGH_PASS_Q, sample_rate_hz)
    return 1.0, -2.0, 1.0, a1, a2


class KWeighting:
    """The K-weighting filter, streaming, in float32.

    Args:
        sample_rate_hz: From 8,000 to 768,000.
        channels: Channels of every block.

    Raises:
        UsageError: For a rate outside that range.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        sos = k_weighting_sos(sample_rate_hz)
        poles, residues = _modes(sos)
        step = np.arange(SUB_BLOCK)
        past = residues[:, None] * poles[:, None] ** step
        response = past.real.sum(axis=0)
        response[0] = math.prod(b0 for b0, *_ in sos)
        own = _ladder(response)
        # Re(g p^j s) as a product of real numbers: the real and the imaginary part of s
        from_state = np.concatenate([past.real, -past.imag])
        self._matrix = np.concatenate([own, from_state]).astype(np.float32)
        into = poles[None, :] ** (SUB_BLOCK - step)[:, None]
        self._into_state = np.concatenate([into.real, into.imag], axis=1).astype(np.float32)
        advance = poles[:, None] ** (SUB_BLOCK * np.arange(_GROUP + 1))
        self._within = np.stack([_ladder(mode[:-1]) for mode in advance])[:, None]
        self._later = advance[:, None, None, 1:]
        self._leap = advance[:, -1]
        self._across: dict[int, Modes] = {}
        self._state = np.zeros((2, channels), np.complex128)

    def copy(self) -> KWeighting:
        """Return a filter that goes on from here by itself."""
        other = copy.copy(self)
        other._state = self._state.copy()  # noqa: SLF001 - the same class
        return other

    def process(self, block: Block32) -> Block32:
        """Return the weighted block.

        Args:
            block: ``(channels, frames)``, the frames a multiple of 64. The same bytes come out
                only for blocks of the same lengths.
        """
        channels, frames = block.shape
        assert frames % SUB_BLOCK == 0
        if not frames:
            return block.copy()
        rows = np.empty((channels, frames // SUB_BLOCK, SUB_BLOCK + 4), np.float32)
        rows[:, :, :SUB_BLOCK] = block.reshape(channels, -1, SUB_BLOCK)
        flat = rows.reshape(-1, SUB_BLOCK + 4)
        pushed = (flat[:, :SUB_BLOCK] @ self._into_state).reshape(channels, -1, 4)
        states = self._advance_by(pushed[:, :, :2] + 1j * pushed[:, :, 2:].astype(np.float64))
        rows[:, :, SUB_BLOCK : SUB_BLOCK + 2] = states.real
        rows[:, :, SUB_BLOCK + 2 :] = states.imag
        return np.asarray((flat @ self._matrix).reshape(channels, frames))

    def _advance_by(self, pushed: Modes) -> Modes:
        """Return the states before each sub-block, ``(channels, sub-blocks, 2)``.

        s[m + 1] = p^64 s[m] + pushed[m], for 32 sub-blocks at once from what they push
        themselves, then for all those groups from what went before each.
        """
        channels, count, _ = pushed.shape
        groups = -(-count // _GROUP)
        own = np.zeros((2, channels, groups * _GROUP), np.complex128)
        own[:, :, :count] = pushed.transpose(2, 0, 1)
        within = own.reshape(2, channels, groups, _GROUP) @ self._within
        if groups not in self._across:
            leaps = self._leap[:, None] ** np.arange(groups)
            self._across[groups] = np.stack([_ladder(mode) for mode in leaps])
        ends = np.concatenate([self._state[:, :, None], within[:, :, :-1, -1]], axis=2)
        starts = ends @ self._across[groups]
        after = (within + starts[..., None] * self._later).reshape(2, channels, -1)[:, :, :count]
        before = np.concatenate([self._state[:, :, None], after[:, :, :-1]], axis=2)
        self._state = after[:, :, -1].copy()
        return np.asarray(before.transpose(1, 2, 0))


def _ladder(powers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the matrix of a causal convolution: ``[from, to]`` holds ``powers[to - from]``."""
    step = np.arange(powers.size)
    later = step[None, :] - step[:, None]
    return np.where(later >= 0, powers[np.maximum(later, 0)], 0.0)


def _modes(sos: Block) -> tuple[Modes, Modes]:
    """Return a pole of each section and its residue: h[n] = Re sum_i g_i p_i^n for n >= 1.

    Both sections have complex poles at every rate: their Q is above 0.5.
    """
    poles = np.array([-a1 / 2.0 + 1j * math.sqrt(a2 - a1 * a1 / 4.0) for *_, a1, a2 in sos])
    every = np.concatenate([poles, poles.conj()])
    residues = []
    for pole in poles:
        above = math.prod((b0 + b1 / pole + b2 / pole**2) for b0, b1, b2, *_ in sos)
        below = math.prod(1.0 - other / pole for other in every if other != pole)
        residues.append(2.0 * above / below)
    return poles, np.array(residues)
