"""What a detector hears of its key: a high-pass, a low-pass and a bell before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixmaster.arrays import Block
from mixmaster.dsp import filters
from mixmaster.dsp.sos import SosFilter
from mixmaster.errors import DocumentError, Problem


def butterworth(corner_hz: float, sample_rate_hz: float, *, high: bool) -> Block:
    """Return a Butterworth pass of the second order as a section, ``(1, 6)``.

    The analog prototype's two poles, moved to the corner, and the bilinear transform, step by step
    as ``scipy.signal.butter`` takes them, so that both give the same bits: that function costs half
    a second to import.

    Args:
        corner_hz: Where it is 3.01 dB down; below half the rate.
        sample_rate_hz: The rate.
        high: Whether it is a high-pass; a low-pass otherwise.
    """
    four = 4.0  # twice the rate of the transform, which counts in halves of the rate
    warped = four * np.tan(np.pi * (2.0 * corner_hz / sample_rate_hz) / 2.0)
    poles = -np.exp(1j * np.pi * np.array([-1.0, 1.0]) / 4.0)
    if high:
        zeros = np.zeros(2)
        gain = np.real(1.0 / np.prod(-poles))
        poles = warped / poles
    else:
        zeros = np.zeros(0)
        gain = warped**2
        poles = warped * poles
    gain = gain * np.real(np.prod(four - zeros) / np.prod(four - poles))
    zeros = np.append((four + zeros) / (four - zeros), -np.ones(2 - zeros.size))
    poles = (four + poles) / (four - poles)
    pole = 0.5 * (poles[poles.imag > 0.0][0] + poles[poles.imag < 0.0][0].conj())
    above, below = np.poly(zeros), np.poly(np.array([pole, pole.conj()]))
    return np.concatenate([gain * above, below.real])[None, :]


@dataclass(frozen=True, slots=True)
class KeyBand:
    """What of a key is to be heard.

    Attributes:
        high_pass_hz: The corner (-3.01 dB) of a Butterworth high-pass of the second order.
        low_pass_hz: That of a low-pass.
        bell_hz: The centre of a bell.
        bell_db: How far the bell lifts.
        bell_q: How narrow the bell is.
    """

    high_pass_hz: float | None = None
    low_pass_hz: float | None = None
    bell_hz: float | None = None
    bell_db: float = 0.0
    bell_q: float = 1.0

    def sections(self, sample_rate_hz: int, where: str) -> Block:
        """Return the filter as a cascade, ``(sections, 6)``; no sections let everything through.

        Args:
            sample_rate_hz: The rate of the key.
            where: Whose detector it is, for errors.

        Raises:
            DocumentError: For frequencies at or above the Nyquist frequency.
        """
        problems = tuple(
            Problem(
                key,
                f"{frequency_hz:g} Hz is not below half the rate of {sample_rate_hz} Hz",
                f"at most {sample_rate_hz / 2.0:g} Hz, exclusive",
            )
            for key, frequency_hz in (
                ("key_high_pass_hz", self.high_pass_hz),
                ("key_low_pass_hz", self.low_pass_hz),
                ("key_bell_hz", self.bell_hz),
            )
            if frequency_hz is not None and not frequency_hz < sample_rate_hz / 2.0
        )
        if problems:
            raise DocumentError(where, problems)
        rate = sample_rate_hz
        rows: list[Block] = [np.zeros((0, 6))]
        if self.high_pass_hz is not None:
            rows.append(butterworth(self.high_pass_hz, rate, high=True))
        if self.low_pass_hz is not None:
            rows.append(butterworth(self.low_pass_hz, rate, high=False))
        if self.bell_hz is not None and self.bell_db != 0.0:
            rows.append(filters.bell(self.bell_hz, self.bell_db, self.bell_q, rate))
        return np.concatenate(rows)


class KeyFilter:
    """A filter before a detector, made when it sees how many channels the key has.

    Args:
        sections: The cascade, ``(sections, 6)``; none lets everything through.
    """

    def __init__(self, sections: Block) -> None:
        self._sections = sections
        self._filter: SosFilter | None = None

    def process(self, key: Block) -> Block:
        """Return the filtered key, ``(channels, frames)``; the channel count must not change."""
        if not len(self._sections):
            return key
        if self._filter is None:
            self._filter = SosFilter(self._sections, key.shape[0])
        return self._filter.process(key)
