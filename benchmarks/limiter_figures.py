"""What limiters are compared by: noise-to-mask ratio, gain movement, crest, intermodulation."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import scipy.fft
from scipy.signal.windows import blackmanharris, hann

from mixmaster.arrays import Block
from mixmaster.metering.programme import ProgrammeMeter

CEILING_DBTP: Final = -1.0
_FFT: Final = 2_048
_ERB: Final = 21.4  # bands of one ERB: 21.4 log10(1 + 0.00437 f), Glasberg and Moore (1990)


def loudness_and_peak(signal: Block, rate: int) -> tuple[float, float]:
    """Return integrated LUFS and dBTP."""
    meter = ProgrammeMeter(rate, signal.shape[0])
    meter.update(signal)
    figures = meter.result()
    assert figures.integrated_lufs is not None
    assert figures.true_peak_dbtp is not None
    return figures.integrated_lufs, figures.true_peak_dbtp


def in_step(signal: Block, late: Block, most: int = 4_000) -> Block:
    """Return ``late`` moved to where it correlates best with ``signal``, of its length."""
    frames = signal.shape[1]
    size = scipy.fft.next_fast_len(2 * frames, real=True)
    ours = scipy.fft.rfft(signal[0], size)
    theirs = scipy.fft.rfft(late[0, :frames], size)
    correlation = scipy.fft.irfft(theirs * ours.conj(), size)
    lag = int(np.argmax(np.concatenate([correlation[-most:], correlation[:most]]))) - most
    moved = late[:, lag:] if lag >= 0 else np.pad(late, ((0, 0), (-lag, 0)))
    return np.pad(moved, ((0, 0), (0, max(0, frames - moved.shape[1]))))[:, :frames]


@cache
def _bands(rate: int) -> tuple[Block, Block, Block]:
    """Return bins to ERB bands, how a band masks the others, and the noise each one hides."""
    hz = np.fft.rfftfreq(_FFT, 1.0 / rate)
    number = np.floor(_ERB * np.log10(1.0 + 0.00437 * hz)).astype(int)
    last = int(_ERB * np.log10(1.0 + 0.00437 * min(20_000.0, 0.49 * rate)))
    bands = np.stack([(number == band).astype(float) for band in range(1, last)])
    middle = (10.0 ** ((np.arange(1, last) + 0.5) / _ERB) - 1.0) / 0.00437
    # Zwicker and Terhardt (1980); slopes and offsets as in PEAQ's NMR (ITU-R BS.1387-2, 4.5).
    bark = 13.0 * np.arctan(0.00076 * middle) + 3.5 * np.arctan((middle / 7_500.0) ** 2)
    above = bark[:, None] - bark[None, :]
    spread = 10.0 ** (np.where(above >= 0.0, -12.0 * above, 27.0 * above) / 10.0)
    spread /= spread.sum(axis=0)
    hidden_db = np.where(bark <= 12.0, 3.0, 0.25 * bark)
    return bands, spread, 10.0 ** (-hidden_db / 10.0)


def noise_to_mask_db(signal: Block, limited: Block, rate: int) -> float:
    """Return the mean ratio of what was added to what hides it, over ERB bands and frames.

    Frames of 2,048; the gain of each frame is taken out first: what moves more slowly is no
    noise, but movement.
    """
    bands, spread, hidden = _bands(rate)
    window = hann(_FFT, sym=False)
    ratios = []
    for clean, done in zip(signal, limited, strict=True):
        for start in range(0, clean.shape[0] - _FFT, 512 * _FFT):
            part = slice(start, start + 512 * _FFT + _FFT // 2)
            views = [
                np.lib.stride_tricks.sliding_window_view(side[part], _FFT)[:: _FFT // 2]
                for side in (clean, done)
            ]
            wanted, heard = (scipy.fft.rfft(view * window) for view in views)
            power = np.sum(np.abs(wanted) ** 2, axis=1)
            gain = np.sum((heard * wanted.conj()).real, axis=1) / np.maximum(power, 1e-20)
            wanted = wanted * gain[:, None]
            noise = np.abs(heard - wanted) ** 2 @ bands.T
            mask = (np.abs(wanted) ** 2 @ bands.T) @ spread.T * hidden + 1e-9
            ratios.append((noise / mask)[power > 1e-3].mean(axis=1))
    return float(10.0 * np.log10(np.concatenate(ratios).mean()))


def movement_db(signal: Block, limited: Block, rate: int) -> tuple[float, float]:
    """Return the standard deviation and the mean of the gain over windows of 400 ms, in dB."""
    length = round(0.4 * rate)
    whole = signal.shape[1] // length * length
    before, after = (
        (side[:, :whole].reshape(side.shape[0], -1, length) ** 2).sum(axis=(0, 2))
        for side in (signal, limited)
    )
    loud = before > 1e-3 * before.mean()
    gain_db = 10.0 * np.log10(after[loud] / before[loud])
    return float(gain_db.std()), float(gain_db.mean())


def onsets(signal: Block, rate: int) -> list[int]:
    """Return where hits begin: 5 ms that are loud and 6 dB above the 30 ms before them."""
    hop = round(0.005 * rate)
    count = signal.shape[1] // hop
    power = (signal[:, : count * hop].reshape(signal.shape[0], count, hop) ** 2).sum(axis=(0, 2))
    level = 10.0 * np.log10(power + 1e-9)
    before = np.array([level[max(0, at - 6) : max(1, at)].mean() for at in range(count)])
    rise, loud = level - before, np.percentile(level, 97) - 8.0
    return [
        at * hop
        for at in range(12, count - 25)
        if rise[at] > 6.0 and level[at] > loud and rise[at] >= rise[at - 12 : at + 13].max()
    ]


def crest_db(signal: Block, starts: list[int], rate: int) -> float:
    """Return the mean crest factor of the 100 ms around each hit (5 ms of it before)."""
    if not starts:
        return float("nan")
    lead, length = round(0.005 * rate), round(0.1 * rate)
    parts = [signal[:, start - lead : start - lead + length] for start in starts]
    crests = [np.abs(part).max() / np.sqrt(np.mean(part**2)) for part in parts]
    return float(np.mean(20.0 * np.log10(crests)))


def two_tones(rate: int, low_hz: float, high_hz: float) -> Block:
    """Return 4 s of two sines, 4:1, on two channels; together at full scale (SMPTE RP 120)."""
    t = np.arange(4 * rate) / rate
    tones = 0.8 * np.sin(2 * np.pi * low_hz * t) + 0.2 * np.sin(2 * np.pi * high_hz * t)
    return np.stack([tones, tones])


def intermodulation_db(limited: Block, rate: int, low_hz: float, high_hz: float) -> float:
    """Return the power of four pairs of sidebands of the high tone, against it."""
    steady = limited[0, rate : 3 * rate]
    power = np.abs(np.fft.rfft(steady * blackmanharris(steady.shape[0]))) ** 2

    def at(hz: float) -> float:
        middle = round(2.0 * hz)
        return float(power[middle - 3 : middle + 4].sum())

    sidebands = sum(at(high_hz + sign * k * low_hz) for k in range(1, 5) for sign in (-1, 1))
    return float(10.0 * np.log10(sidebands / at(high_hz)))
