"""What all the players share: plucked tones, filters, drive, delays, placing sounds in time.

All at the song's one rate. Signals are float64, ``(frames,)``.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.song.score import FRAMES, SAMPLE_RATE_HZ
from mixmaster.units import db_to_gain

_TABLE = 1_024
_ROW_FRAMES = 256
_DRIVE_OVERSAMPLING = 4


def times_s(frames: int) -> Block:
    """Return the times of ``frames`` frames from zero, in seconds."""
    return np.asarray(np.arange(frames) / SAMPLE_RATE_HZ)


def decay(frames: int, time_constant_s: float) -> Block:
    """Return exp(-t / tau), ``(frames,)``."""
    return np.asarray(np.exp(times_s(frames) / -time_constant_s))


def place(track: Block, frame: int, sound: Block) -> None:
    """Add ``sound`` to ``track`` from ``frame`` on, in place; what passes the end is dropped."""
    room = track.shape[-1] - frame
    if room > 0:
        track[..., frame : frame + sound.shape[-1]] += sound[..., :room]


def fade_edges(sound: Block, in_ms: float, out_ms: float) -> Block:
    """Return ``sound`` with raised-cosine fades at both ends."""
    out = sound.copy()
    for ms, edge in ((in_ms, out), (out_ms, out[::-1])):
        frames = min(round(ms * 1e-3 * SAMPLE_RATE_HZ), sound.size)
        edge[:frames] *= 0.5 - 0.5 * np.cos(np.pi * (np.arange(frames) + 0.5) / max(frames, 1))
    return out


def delayed(track: Block, ms: float) -> Block:
    """Return ``track`` later by ``ms``, rounded to whole frames, the same length."""
    frames = round(ms * 1e-3 * SAMPLE_RATE_HZ)
    out = np.zeros_like(track)
    out[frames:] = track[: track.size - frames]
    return out


def filtered(
    signal: Block,
    kind: Literal["lowpass", "highpass", "bandpass"],
    hz: float | tuple[float, float],
    order: int = 2,
) -> Block:
    """Return ``signal`` through a Butterworth filter; a band-pass has ``order`` at each side."""
    from scipy.signal import butter, sosfilt

    sos = butter(order, hz, btype=kind, fs=SAMPLE_RATE_HZ, output="sos")
    return np.asarray(sosfilt(sos, signal))


def resonant(signal: Block, hz: float, q: float, gain_db: float) -> Block:
    """Return ``signal`` with a peak (or dip) of ``gain_db`` at ``hz``.

    The signal plus (gain - 1) times a unity-gain second-order resonator.
    """
    from scipy.signal import iirpeak, lfilter

    b, a = iirpeak(hz, q, fs=SAMPLE_RATE_HZ)
    return np.asarray(signal + (db_to_gain(gain_db) - 1.0) * lfilter(b, a, signal))


def driven(signal: Block, gain_db: float, bias: float = 0.0) -> Block:
    """Return tanh(gain x signal + bias), oversampled against aliasing; silence stays silence.

    Args:
        signal: What goes into the amplifier, peaks near 1.
        gain_db: Into the curve.
        bias: Moves the working point; even harmonics come in.
    """
    from scipy.signal import resample_poly

    fast = np.asarray(resample_poly(signal, _DRIVE_OVERSAMPLING, 1))
    bent = np.tanh(db_to_gain(gain_db) * fast + bias) - math.tanh(bias)
    return np.asarray(resample_poly(bent, 1, _DRIVE_OVERSAMPLING))[: signal.size]


def harmonics_below(frequency_hz: float, limit_hz: float, most: int = 120) -> Block:
    """Return the numbers 1, 2, ... of the harmonics under ``limit_hz``, at most ``most``."""
    return np.arange(1.0, min(most, int(limit_hz / frequency_hz)) + 1.0)


def string_levels(
    numbers: Block, *, pluck_at: float, softness: float, pickup_at: float = 0.0
) -> Block:
    """Return the amplitudes of a plucked string's harmonics.

    An ideal string displaced at the fraction ``p`` of its length moves with the velocity
    spectrum sin(k pi p) / k; a pick-up at the fraction ``q`` hears sin(k pi q) of it (Fletcher
    and Rossing, The Physics of Musical Instruments, 2nd ed., sections 2.8 and 9).

    Args:
        numbers: Harmonic numbers.
        pluck_at: Fraction of the string where it is plucked.
        softness: The width of the finger or pick: harmonics fall by exp(-softness k).
        pickup_at: Fraction where the pick-up sits; 0 for none.
    """
    levels = np.sin(numbers * np.pi * pluck_at) / numbers * np.exp(-softness * numbers)
    if pickup_at:
        levels = levels * np.sin(numbers * np.pi * pickup_at)
    return np.asarray(levels)


def plucked(
    frequency_hz: float,
    frames: int,
    levels: Block,
    decays_per_s: Block,
    *,
    sharp_cents: float = 0.0,
) -> Block:
    """Return a tone whose harmonics each die away at their own rate.

    One period is tabled at every 256th frame and read bilinearly, so the cost does not grow
    with the number of harmonics and the pitch is exact.

    Args:
        frequency_hz: The fundamental.
        frames: Length.
        levels: Amplitude of harmonic 1, 2, ...
        decays_per_s: Decay rate of each, as exp(-rate t).
        sharp_cents: How sharp a hard stroke starts; gone with a time constant of 40 ms.

    Returns:
        ``(frames,)``.
    """
    rows = frames // _ROW_FRAMES + 2
    row_times = np.arange(rows)[:, None] * (_ROW_FRAMES / SAMPLE_RATE_HZ)
    spectrum = np.zeros((rows, levels.size + 1), dtype=np.complex128)
    spectrum[:, 1:] = levels * np.exp(-decays_per_s * row_times) * (-0.5j * _TABLE)
    table = np.empty((rows, _TABLE + 1))
    table[:, :-1] = np.fft.irfft(spectrum, n=_TABLE)
    table[:, -1] = table[:, 0]

    t = times_s(frames)
    bend_s = 0.04
    stretch = 2.0 ** (sharp_cents / 1200.0) - 1.0
    turns = frequency_hz * (t + stretch * bend_s * (1.0 - np.exp(-t / bend_s)))
    position = (turns - np.floor(turns)) * _TABLE
    column = np.minimum(position.astype(np.int64), _TABLE - 1)
    across = position - column
    row, offset = np.divmod(np.arange(frames), _ROW_FRAMES)
    at = row * (_TABLE + 1) + column
    flat = table.reshape(-1)
    early = flat[at] + across * (flat[at + 1] - flat[at])
    at += _TABLE + 1
    late = flat[at] + across * (flat[at + 1] - flat[at])
    return np.asarray(early + (offset / _ROW_FRAMES) * (late - early))


def empty_track() -> Block:
    """Return silence as long as the song, ``(frames,)``."""
    return np.zeros(FRAMES)
