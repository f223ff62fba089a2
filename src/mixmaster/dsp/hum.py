"""Mains hum: tones at 50 or 60 Hz and their multiples that are always there and never move.

What tells hum from a bass that plays nearby is not its frequency alone: a bass pauses, its notes
decay and lie at semitones (G1 49.0, A#1 58.3, B1 61.7 Hz), while hum has one level from beginning
to end and the grid's frequency to a few tenths of a percent. Two looks are taken:

- Through windows of 2 s, which part a note from a line beside it. The level is taken where the
  surroundings are quietest, and it is hum only if it is steady there in level and frequency,
  stands out of its surroundings, and is nowhere weaker. This follows a grid that wanders.
- Through windows of 0.2 s, which part hum from drums: `mixmaster.dsp.steady_tone`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block, Block32
from mixmaster.dsp.steady_tone import Complex, plays_on, through_music
from mixmaster.units import db_to_gain, db_to_power, power_to_db

RATE_HZ = 2_000
"""The rate at which hum is looked for: its eighth harmonic is at 480 Hz."""

WINDOW_FRAMES = 4_000  # 2 s: bins of 0.5 Hz, so every harmonic of 50 and 60 Hz lies on one
HOP_FRAMES = 1_000  # 0.5 s: at the exact frequency whole periods pass, so the phase stands still
HARMONICS = 8
MAINS_HZ = (50.0, 60.0)

QUIETEST_DBFS = -95.0
"""Hum of less is of no consequence: it is under the noise of 16 bits."""

FREQUENCY_TOLERANCE = 0.004
"""Grids keep within 0.4 %: continental Europe's to 50 +- 0.2 Hz (Commission Regulation (EU)
2017/1485, annex III, table 1: the maximum steady-state frequency deviation)."""

_LARGEST_OFFSET_HZ = 0.6  # what the phase of windows 0.5 s apart tells without ambiguity is 1 Hz
_LEAST_WINDOWS = 4  # 3.5 s: less cannot tell a steady tone from a note
_QUIET_SHARE = 0.3
_STANDS_OUT_DB = 12.0
_STEADY_DB = 4.0
_STEADY_PHASE = 0.9
_WEAKER_DB = -5.0
_WEAK_SHARE = 0.03
_MUTED = db_to_gain(-140.0)

_BIN_HZ = RATE_HZ / WINDOW_FRAMES
_FAR = (*range(-12, -3), *range(4, 13))  # 2 to 6 Hz to either side: past the window's main lobe
_CLOSE = (-4, -3, -2, 2, 3, 4)
_MEDIAN_TO_MEAN = 1.0 / math.log(2.0)  # of an exponential distribution: the power of noise

SHORT_FRAMES = 400  # 0.2 s: whole periods of 50 and 60 Hz
SHORT_HOP_FRAMES = 200
_SHORT_HOP_S = SHORT_HOP_FRAMES / RATE_HZ
_SEARCHED_HARMONICS = 3  # in short windows; the others are only confirmed there


@dataclass(frozen=True, slots=True)
class Hum:
    """Mains hum in one channel; levels are those of a sine whose peak is at so many dBFS.

    Attributes:
        mains_hz: 50 or 60.
        level_dbfs: The level of all harmonics found, by power.
        harmonics: Which multiples were found.
        strongest_hz: The strongest of them, its frequency as measured.
        strongest_dbfs: Its level.
        channel: The channel in which it is strongest.
    """

    mains_hz: float
    level_dbfs: float
    harmonics: tuple[int, ...]
    strongest_hz: float
    strongest_dbfs: float
    channel: int


@dataclass(frozen=True, slots=True)
class _Window:
    """What is kept of one window; all but ``live`` are ``(channels, mains, harmonics)``.

    Attributes:
        lines: Complex amplitudes at the exact frequencies.
        far: Power of the surroundings, in the same measure.
        close: The largest power right beside.
        live: ``(channels,)``: nothing of it was muted.
    """

    lines: Complex
    far: Block
    close: Block
    live: npt.NDArray[np.bool_]


class HumDetector:
    """Looks for mains hum, streaming; keeps some 500 numbers a second and channel.

    Args:
        sample_rate_hz: At least 4,000.
        channels: Channels of every block.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        import soxr

        self._stream = soxr.ResampleStream(
            sample_rate_hz, RATE_HZ, channels, dtype="float32", quality="MQ"
        )
        self._channels = channels
        self._tail: Block32 = np.zeros((channels, 0), dtype=np.float32)
        # A Blackman window, for a note more than 1.5 Hz away leaks 58 dB less.
        window = np.blackman(WINDOW_FRAMES + 1)[:-1]
        self._window = (window * (2.0 / window.sum())).astype(np.float32)
        orders = np.arange(1, HARMONICS + 1)
        self._bins = np.rint(np.outer(MAINS_HZ, orders) / _BIN_HZ).astype(np.intp)
        self._windows: list[_Window] = []
        turns = np.outer(MAINS_HZ, orders).reshape(-1, 1) / RATE_HZ
        phasors = np.exp(-2j * math.pi * turns * np.arange(SHORT_FRAMES))
        short = np.hanning(SHORT_FRAMES + 1)[:-1]
        self._phasors = (phasors * (short * 2.0 / short.sum())).T.astype(np.complex64)
        self._short_tail = self._tail
        self._hann = (short / short.sum()).astype(np.float32)
        self._short_powers: list[Block32] = []  # (windows, channels)
        self._short: list[Complex] = []  # (windows, channels, mains x harmonics)

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``, of any length."""
        if block.shape[1] == 0:
            return
        frames = np.ascontiguousarray(block.T, dtype=np.float32)
        new = self._stream.resample_chunk(frames).T
        self._take_short(np.concatenate([self._short_tail, new], axis=1))
        data = np.concatenate([self._tail, new], axis=1)
        count = max(0, (data.shape[1] - WINDOW_FRAMES) // HOP_FRAMES + 1)
        for start in range(0, count * HOP_FRAMES, HOP_FRAMES):  # one turn for half a second
            self._windows.append(self._look(data[:, start : start + WINDOW_FRAMES]))
        self._tail = data[:, count * HOP_FRAMES :]

    def _take_short(self, data: Block32) -> None:
        count = max(0, (data.shape[1] - SHORT_FRAMES) // SHORT_HOP_FRAMES + 1)
        if count:
            cut = np.lib.stride_tricks.sliding_window_view(data, SHORT_FRAMES, axis=1)
            # Counted from the signal's zero: a hop of 0.1 s is whole periods of 50 and 60 Hz.
            rows = np.ascontiguousarray(cut[:, ::SHORT_HOP_FRAMES].transpose(1, 0, 2))
            lines = rows @ self._phasors.real + 1j * (rows @ self._phasors.imag)
            self._short.append(lines.astype(np.complex64))
            # A sine of amplitude a has the power a^2 / 2; here a^2, as its line has.
            self._short_powers.append(2.0 * (np.square(rows) @ self._hann))
        self._short_tail = data[:, count * SHORT_HOP_FRAMES :]

    def _look(self, data: Block32) -> _Window:
        from scipy.fft import rfft

        spectrum = rfft(data * self._window, axis=1)
        power = np.abs(spectrum) ** 2
        beside = self._bins[:, :, None]
        hops = np.abs(data).reshape(self._channels, -1, HOP_FRAMES).max(axis=2)
        return _Window(
            lines=spectrum[:, self._bins],
            # The median shrugs off a note beside the line.
            far=_MEDIAN_TO_MEAN * np.median(power[:, beside + np.array(_FAR)], axis=-1),
            close=power[:, beside + np.array(_CLOSE)].max(axis=-1),
            live=hops.min(axis=1) > _MUTED,
        )

    def result(self) -> Hum | None:
        """Return the hum of the channel that has most of it; None where there is none."""
        found = [
            hum
            for channel in range(self._channels)
            for number in range(len(MAINS_HZ))
            if (hum := self._judge(channel, number)) is not None
        ]
        return max(found, key=lambda hum: hum.level_dbfs, default=None)

    def _judge(self, channel: int, number: int) -> Hum | None:
        mains_hz = MAINS_HZ[number]
        tones = self._tones(channel, number)
        # One high harmonic alone may be a drone (F4 is 0.2 % from the seventh of 50 Hz).
        if not tones or (len(tones) == 1 and min(tones) > 2):
            return None
        strongest = max(tones, key=lambda order: tones[order][0])
        power, offset_hz = tones[strongest]
        return Hum(
            mains_hz=mains_hz,
            level_dbfs=power_to_db(sum(each for each, _ in tones.values())),
            harmonics=tuple(sorted(tones)),
            strongest_hz=strongest * mains_hz + offset_hz,
            strongest_dbfs=power_to_db(power),
            channel=channel,
        )

    def _tones(self, channel: int, number: int) -> dict[int, tuple[float, float]]:
        """Return each harmonic's power and offset in Hz, by its number."""
        if len(self._windows) < _LEAST_WINDOWS:
            return {}
        live = [window for window in self._windows if window.live[channel]]
        lines = np.array([window.lines[channel, number] for window in live])
        far = np.array([window.far[channel, number] for window in live])
        close = np.array([window.close[channel, number] for window in live])
        short = np.concatenate([part[:, channel] for part in self._short])
        powers = np.concatenate([part[:, channel] for part in self._short_powers])
        found = {}
        for i in range(HARMONICS):
            frequency_hz = (i + 1) * MAINS_HZ[number]
            reach_hz = min(FREQUENCY_TOLERANCE * frequency_hz, _LARGEST_OFFSET_HZ)
            brief = short[:, number * HARMONICS + i]
            tone = None
            if len(live) >= _LEAST_WINDOWS:
                tone = _steady_tone(lines[:, i], far[:, i], close[:, i], reach_hz)
            if tone is not None:
                heard = brief[np.abs(brief) > _MUTED]
                if not plays_on(heard, math.sqrt(tone[0]), _SHORT_HOP_S, reach_hz):
                    tone = None
            if tone is None and i < _SEARCHED_HARMONICS:
                tone = through_music(brief, powers, _SHORT_HOP_S, reach_hz)
            if tone is not None and tone[0] >= db_to_power(QUIETEST_DBFS):
                found[i + 1] = tone
        return found


def _steady_tone(
    line: Complex, far: Block, close: Block, reach_hz: float
) -> tuple[float, float] | None:
    """Return a steady tone's power and its offset in Hz; None where there is none.

    Args:
        line: Complex amplitudes, ``(windows,)``.
        far: Power of the surroundings.
        close: The largest power right beside.
        reach_hz: How far from its frequency it may be.
    """
    count = max(_LEAST_WINDOWS, math.ceil(_QUIET_SHARE * line.size))
    quiet = np.argsort(far, kind="stable")[:count]
    power = np.abs(line) ** 2
    level = float(np.median(power[quiet]))
    if level < db_to_power(_STANDS_OUT_DB) * float(np.median(far[quiet])):
        return None
    if level <= float(np.median(close[quiet])):
        return None
    low, high = np.percentile(power[quiet], (10.0, 90.0))
    if not high <= low * db_to_power(_STEADY_DB):
        return None
    clear = far < level * db_to_power(-_STANDS_OUT_DB)
    if np.mean(power[clear] < level * db_to_power(_WEAKER_DB)) > _WEAK_SHARE:
        return None
    return _at_frequency(line, clear, level, reach_hz)


def _at_frequency(
    line: Complex, clear: npt.NDArray[np.bool_], level: float, reach_hz: float
) -> tuple[float, float] | None:
    """Return the power and the offset if the tone keeps to its frequency."""
    # Windows in which something louder plays at that very frequency say nothing about the hum.
    usable = clear & (np.abs(line) ** 2 < level * db_to_power(2.0 * _STEADY_DB))
    pairs = usable[1:] & usable[:-1]
    if not pairs.any():
        return None
    turns = (line[1:] * line[:-1].conj())[pairs]
    total = complex(turns.sum())
    if abs(total) < _STEADY_PHASE * float(np.abs(turns).sum()):
        return None
    hop_s = HOP_FRAMES / RATE_HZ
    offset_hz = math.atan2(total.imag, total.real) / (2.0 * math.pi * hop_s)
    if abs(offset_hz) > reach_hz:
        return None
    return level, offset_hz
