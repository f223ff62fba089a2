"""The loudest sections of a signal, and the spectrum of mid and side in them.

What a record sounds like is what it sounds like where it plays out: intros, breaks and fades say
little about its tone. So the spectrum is taken over its loudest third. The signal is cut into
segments of 1 to 2 s, half overlapping, with the power-complementary window of ``dsp.spectrum``,
so that every frame counts once. Of each segment the power of mid and side in bands of 1/24 octave
is kept, and its K-weighted power (ITU-R BS.1770-5, drawn from the spectrum). The loudness of a
segment is that of the 3 s around it. Those that pass BS.1770's gates (-70 LUFS, and 10 LU under
the mean of those) are ranked; the loudest third of them is taken, never less than 6 s, and all
that is within 1 LU of it: of a steady programme everything. Their powers are averaged.

A third octave that reaches over half the sample rate is left empty. It keeps 2 to 3 KB a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import Block, Block32
from mixmaster.dsp import match
from mixmaster.dsp.k_weighting import k_weighting_sos
from mixmaster.dsp.spectrum import band_powers, power_complementary_window, segment_frames
from mixmaster.metering.chunk_meter import ChunkMeter
from mixmaster.metering.loudness import lufs_of_power

LOUDEST_SHARE: Final = 1.0 / 3.0
FEWEST_S: Final = 6.0
ALIKE_LU: Final = 1.0
_WINDOW_S: Final = 3.0  # Tech 3341: short-term
_ABSOLUTE_GATE_LUFS: Final = -70.0  # BS.1770-5, Annex 1
_RELATIVE_GATE_LU: Final = -10.0  # BS.1770-5, Annex 1


@dataclass(frozen=True, slots=True)
class LoudSections:
    """The spectrum of a signal's loudest sections.

    Attributes:
        spectrum: Mean power of mid and side in narrow bands.
        sections_db: The third-octave levels of every section that is in it, ``(sections, 27)``;
            silence in a band reads -400 dB.
        sections_side_db: Side's power over mid's there; empty for mono.
        loudness_lufs: Of what was taken; None if nothing was.
        taken_s: How much was taken.
        gated_s: Of how much that passed the gates.
    """

    spectrum: match.Spectrum
    sections_db: Block
    sections_side_db: Block
    loudness_lufs: float | None
    taken_s: float
    gated_s: float


class LoudSectionsMeter(ChunkMeter[LoudSections]):
    """Gathers the segments of a signal, and picks the loudest in the end.

    See ``ChunkMeter`` for how it is fed.

    Args:
        sample_rate_hz: From 8,000 to 768,000.
        channels: Any number; those after the first two are not measured.
        where: What is measured, for errors.
    """

    def __init__(self, sample_rate_hz: int, channels: int, *, where: str = "") -> None:
        super().__init__(sample_rate_hz, channels, where=where)
        self._rows = min(channels, 2)
        self._size = segment_frames(sample_rate_hz)
        self._bin_hz = sample_rate_hz / self._size
        self._window = (power_complementary_window(self._size) / self._size).astype(np.float32)
        # Half a segment of silence comes before the first frame.
        self._held: Block32 = np.zeros((self._rows, self._size // 2), np.float32)
        hz: Block = np.arange(self._size // 2 + 1, dtype=np.float64) * self._bin_hz
        self._weights = _k_weights(hz, sample_rate_hz)
        self._edges = match.part_edges_hz()
        # A third octave that reaches over half the rate holds less than it would: left out.
        upper = self._edges[match.PARTS :: match.PARTS]
        self._whole = np.repeat(upper <= sample_rate_hz / 2, match.PARTS)
        self._parts: list[Block32] = []
        self._powers: list[float] = []

    def _take(self, chunk: Block32) -> None:
        rows = chunk[: self._rows]
        if self._rows == 2:
            rows = np.stack((rows[0] + rows[1], rows[0] - rows[1]))
        held = np.concatenate((self._held, rows), axis=1)
        half = self._size // 2
        start = 0
        while start + self._size <= held.shape[1]:
            self._segment(held[:, start : start + self._size])
            start += half
        self._held = held[:, start:].copy()

    def _segment(self, segment: Block32) -> None:
        """Keep the bands and the loudness of one segment, ``(rows, size)``."""
        from scipy.fft import rfft

        spectrum = np.asarray(rfft(segment * self._window, axis=1))
        powers = np.square(spectrum.real, dtype=np.float64)  # their running sums need the digits
        powers += np.square(spectrum.imag)
        powers[:, 1:-1] *= 2.0  # the negative frequencies
        # The window passes half of the power; of mid and side, half the sum and the difference,
        # a quarter.
        powers *= 2.0 if self._rows == 1 else 0.5
        low, high = self._edges[:-1], self._edges[1:]
        parts = [band_powers(row, self._bin_hz, low, high) for row in powers]
        self._parts.append((np.array(parts) * self._whole).ravel().astype(np.float32))
        # L^2 + R^2 = 2 (M^2 + S^2)
        weighted = np.einsum("rb,b->r", powers, self._weights)
        self._powers.append(float(weighted.sum()) * self._rows)

    def _figures(self) -> LoudSections:
        half = self._size // 2
        short = -self._held.shape[1] % half + half
        self._take(np.zeros((self.channels, short), np.float32))
        hop_s = self._size / 2 / self.sample_rate_hz
        taken, gated = _loudest(np.array(self._powers), hop_s)
        count = self._edges.size - 1
        parts = np.array([self._parts[index] for index in taken], dtype=np.float64)
        parts = parts.reshape(len(taken), self._rows, count)
        mean = parts.mean(axis=0) if len(taken) else np.zeros((self._rows, count))
        loudness = None
        if len(taken):
            loudness = lufs_of_power(float(np.array(self._powers)[taken].mean()))
        thirds = parts.reshape(len(taken), self._rows, count // match.PARTS, match.PARTS).sum(
            axis=3
        )
        side = np.zeros((0, 0))
        if self._rows == 2:
            side = _db(thirds[:, 1]) - _db(thirds[:, 0])
        return LoudSections(
            spectrum=match.Spectrum(mean[0], mean[1] if self._rows == 2 else None),
            sections_db=_db(thirds.sum(axis=1)),
            sections_side_db=side,
            loudness_lufs=loudness,
            taken_s=len(taken) * hop_s,
            gated_s=gated * hop_s,
        )


def _db(powers: Block) -> Block:
    return np.asarray(10.0 * np.log10(np.maximum(powers, 1e-40)))


def _loudest(powers: Block, hop_s: float) -> tuple[list[int], int]:
    """Return the indices of the loudest segments, in order of time, and how many were gated in."""
    if not powers.size:
        return [], 0
    span = max(1, round(_WINDOW_S / hop_s))
    kernel = np.ones(min(span, powers.size))
    around = np.convolve(powers, kernel, mode="same") / np.convolve(
        np.ones(powers.size), kernel, mode="same"
    )
    lufs = np.array([lufs_of_power(power) for power in around.tolist()])
    loud = lufs > _ABSOLUTE_GATE_LUFS
    if not loud.any():
        return [], 0
    loud &= lufs > lufs_of_power(float(around[loud].mean())) + _RELATIVE_GATE_LU
    gated = int(loud.sum())
    wanted = max(round(gated * LOUDEST_SHARE), round(FEWEST_S / hop_s), 1)
    order = np.argsort(np.where(loud, -around, np.inf), kind="stable")
    quietest = float(lufs[order[min(wanted, gated) - 1]])
    return np.flatnonzero(loud & (lufs >= quietest - ALIKE_LU)).tolist(), gated


def _k_weights(hz: Block, sample_rate_hz: int) -> Block:
    """Return the power response of K-weighting at frequencies."""
    z = np.exp(-2j * np.pi * hz / sample_rate_hz)
    response = np.ones(hz.size, dtype=np.complex128)
    for b0, b1, b2, a0, a1, a2 in k_weighting_sos(sample_rate_hz).tolist():
        response *= (b0 + b1 * z + b2 * z * z) / (a0 + a1 * z + a2 * z * z)
    return np.asarray(np.abs(response) ** 2)
