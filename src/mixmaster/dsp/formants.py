"""Formants put back where they were after a shift of pitch.

A shifted voice has its resonances shifted, too, and sounds like a smaller or larger person. The
spectral envelope of each short passage, from the low end of its cepstrum (A. Roebel and X. Rodet,
"Efficient spectral envelope estimation and its application to pitch shifting and envelope
preservation", DAFx 2005, compare several), is taken away and laid on again where it was.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mixmaster.arrays import Block, Block32
from mixmaster.units import db_to_gain

_PASSAGE_S = 0.03
"""The least that an envelope is taken from: some periods of a low voice."""

_LIFTER_S = 0.0028
"""Detail of the envelope, faded out over so long a time: what repeats faster in the spectrum is the
pitch."""

_OVERLAP = 4
_HANN_SQUARED = 1.5
"""What periodic Hann windows, squared and overlapping four times, add up to."""

_MOST_DB = 24.0
"""No frequency is moved by more."""

_FLOOR = 1e-20
_ROWS = 128


def keep_formants(sound: Block32, pitch: float, sample_rate_hz: int) -> Block32:
    """Return a shifted sound with its spectral envelope where it was before the shift.

    The envelope is that of all channels together, so that the image stays.

    Args:
        sound: What has been shifted, ``(channels, frames)``.
        pitch: By what factor its frequencies were multiplied.
        sample_rate_hz: Its rate.
    """
    size = 1 << int(np.ceil(np.log2(_PASSAGE_S * sample_rate_hz)))
    hop = size // _OVERLAP
    frames = sound.shape[1]
    rows = -(-frames // hop) + _OVERLAP - 1
    padded = np.zeros((sound.shape[0], (rows + _OVERLAP - 1) * hop), dtype=np.float32)
    padded[:, size - hop : size - hop + frames] = sound
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)
    passages = sliding_window_view(padded, size, axis=1)[:, ::hop]
    out = np.zeros_like(padded)
    for first in range(0, rows, _ROWS):
        part = passages[:, first : first + _ROWS]
        spectra = np.fft.rfft(part * window)
        power = np.mean(np.square(np.abs(spectra)), axis=0)
        spectra *= _correction(power, pitch, sample_rate_hz)
        shaped = np.fft.irfft(spectra, size) * (window / _HANN_SQUARED)
        for row in range(shaped.shape[1]):
            start = (first + row) * hop
            out[:, start : start + size] += shaped[:, row]
    return np.ascontiguousarray(out[:, size - hop : size - hop + frames])


def _correction(power: Block, pitch: float, sample_rate_hz: int) -> Block:
    """Return the gains of all bins of all passages.

    Args:
        power: ``(passages, bins)``.
        pitch: By what factor frequencies were multiplied.
        sample_rate_hz: The rate.
    """
    level = np.log(power + _FLOOR + 1e-9 * power.max(axis=1, keepdims=True))
    size = 2 * (level.shape[1] - 1)
    reach = round(_LIFTER_S * sample_rate_hz)
    taper = np.zeros(size // 2 + 1)
    taper[:reach] = 0.5 + 0.5 * np.cos(np.pi * np.arange(reach) / reach)
    lifter = np.concatenate([taper, taper[1:-1][::-1]])
    envelope = np.fft.rfft(np.fft.irfft(level, size) * lifter).real
    # What was at f is at f x pitch now; so its envelope there belongs to f.
    bins = np.arange(level.shape[1]) * pitch
    below = np.minimum(bins.astype(int), level.shape[1] - 2)
    share = np.clip(bins - below, 0.0, 1.0)
    was = envelope[:, below] * (1.0 - share) + envelope[:, below + 1] * share
    most = db_to_gain(_MOST_DB)
    return np.asarray(np.clip(np.exp(0.5 * (was - envelope)), 1.0 / most, most))
