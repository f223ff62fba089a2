"""The null test: what is left of one file when another is taken from it.

Two passes: the first finds the gain that fits most of the song (`dsp.null_fit`), the second takes
``gain x the first file`` from the second, in the time domain, so that a null is as deep as the
samples are equal; only then is the rest split into stretches of time and octaves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.audio.extracts import Extract, passage
from mixmaster.audio.names import shown
from mixmaster.audio.sink import AudioSink, FileSpec, open_sink
from mixmaster.audio.source import open_source, probe
from mixmaster.dsp.null_fit import Fit, Fits
from mixmaster.dsp.offset import LARGEST_OFFSET_S, Offset, Onsets, find_offset, likely_offsets
from mixmaster.errors import AudioFileError, UsageError
from mixmaster.results import Result
from mixmaster.units import gain_to_db, power_to_db

SECTION_S: Final = 10.0
"""The rest is told for stretches of this length."""

OCTAVES_HZ: Final = (31.5, 63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)
"""Centres of the octave bands (IEC 61260-1), the ends of which reach to 0 and to Nyquist."""

_NULL_AT_ONCE_DB: Final = -60.0
"""Files that cancel this far as they lie are not searched for another place."""


@dataclass(frozen=True, slots=True)
class NullSection(Result):
    """What is left in one stretch of time; None where there is digital silence.

    Attributes:
        start_s: Where it begins, in the first file.
        stop_s: Where it ends.
        null_db: The rest's power against the second file's.
        residual_dbfs: The rest's RMS level.
        gain_db: The gain that fits this stretch best; None where the files have little in common.
    """

    start_s: float
    stop_s: float
    null_db: float | None
    residual_dbfs: float | None
    gain_db: float | None


@dataclass(frozen=True, slots=True)
class NullBand(Result):
    """What is left in one octave; None where there is nothing.

    Attributes:
        centre_hz: The octave's centre.
        null_db: The rest's power against the second file's in this octave.
        residual_dbfs: The rest's RMS level in it.
    """

    centre_hz: float
    null_db: float | None
    residual_dbfs: float | None


@dataclass(frozen=True, slots=True)
class Null(Result):
    """How well two files cancel.

    Attributes:
        first: The file that is taken away.
        second: The file that it is taken from.
        sample_rate_hz: The rate at which they were compared.
        duration_s: The length that they share.
        identical: Whether every sample is equal, as they lie, and so are their lengths.
        offset_samples: How much later the second file is, in whole samples; it was moved.
        fraction_samples: The part of a sample that is left, which would change the sound.
        drift_ppm: How much faster time runs in the second; None where that was not looked for.
        gain_db: How much louder the second is; what was taken away was brought there.
        polarity_inverted: Whether the second is upside down; it was turned.
        null_db: The rest's power against the second file's; None where nothing is left.
        residual_dbfs: The rest's RMS level; None where nothing is left.
        residual_peak_dbfs: Its highest sample; None where nothing is left.
        sections: By stretches of time.
        bands: By octaves.
        notes: What else differs: rates, channels, lengths.
    """

    first: Path
    second: Path
    sample_rate_hz: int
    duration_s: float
    identical: bool
    offset_samples: int
    fraction_samples: float
    drift_ppm: float | None
    gain_db: float
    polarity_inverted: bool
    null_db: float | None
    residual_dbfs: float | None
    residual_peak_dbfs: float | None
    sections: tuple[NullSection, ...]
    bands: tuple[NullBand, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two files side by side, the second moved into the first one's time."""

    first: Path
    second: Path
    rate: int
    channels: int
    start: int
    frames: int
    offset: int

    def blocks(self) -> Iterator[tuple[int, Block, Block]]:
        """Yield the first frame and both files' blocks."""
        extracts = (
            Extract(self.first, self.rate, self.start, self.frames),
            Extract(self.second, self.rate, self.start + self.offset, self.frames),
        )
        at = 0
        for one, two in zip(extracts[0].blocks(), extracts[1].blocks(), strict=True):
            yield at, one[: self.channels], two[: self.channels]
            at += one.shape[1]


def null(
    first: Path,
    second: Path,
    *,
    align: bool = True,
    match_gain: bool = True,
    rest: Path | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Null:
    """Take one file from another and tell what is left.

    Args:
        first: The file that is taken away.
        second: The file that it is taken from.
        align: Whether the second may be moved in time.
        match_gain: Whether the first is brought to the second's gain and polarity.
        rest: Where what is left is written, as 32-bit float WAV; None for nowhere.
        progress: Told how much of it is done, 0 to 1.

    Raises:
        AudioFileError: For a file that cannot be read, or has more than two channels.
        UsageError: For files that share no time.
    """
    infos = (probe(first), probe(second))
    for info in infos:
        if info.channels > 2:
            raise AudioFileError(
                shown(info.path), f"it has {info.channels} channels", "null takes mono or stereo"
            )
    notes: list[str] = []
    rate = max(info.sample_rate_hz for info in infos)
    if infos[0].sample_rate_hz != infos[1].sample_rate_hz:
        rates = " and ".join(str(info.sample_rate_hz) for info in infos)
        notes.append(f"the files are at {rates} Hz: compared at {rate} Hz")
    if infos[0].channels != infos[1].channels:
        notes.append("one file is mono, the other stereo: mono counts as both sides")
    lengths_s = (
        infos[0].frames / infos[0].sample_rate_hz,
        infos[1].frames / infos[1].sample_rate_hz,
    )
    frames = (round(lengths_s[0] * rate), round(lengths_s[1] * rate))
    channels = max(info.channels for info in infos)

    def pair_at(offset: int) -> _Pair:
        start = max(0, -offset)
        length = min(frames[0], frames[1] - offset) - start
        return _Pair(first, second, rate, channels, start, max(0, length), offset)

    pair, found = pair_at(0), None
    fit = _fit(pair, lambda share: progress(0.25 * share))
    if align and fit.null_db > _NULL_AT_ONCE_DB:
        found = _find(first, second, rate, lengths_s)
        if found is None:
            notes.append(
                f"no common sound was found within {LARGEST_OFFSET_S:g} s: compared as they lie"
            )
        elif (offset := round(found.seconds * rate)) != 0:
            moved = pair_at(offset)
            better = _fit(moved, lambda share: progress(0.25 + 0.25 * share))
            if better.null_db < fit.null_db:
                pair, fit = moved, better
            else:
                found = None
    if pair.frames == 0:
        raise UsageError(shown(second), f"it shares no time with {shown(first)}", "")
    notes += _lengths(frames, pair, rate)
    gain = fit.gain if match_gain else 1.0
    done = _Rest(pair, gain)
    spec = FileSpec("wav", 32, rate, channels)
    if rest is None:
        done.run(None, lambda share: progress(0.5 + 0.5 * share))
    else:
        with open_sink(rest, spec, frames_expected=pair.frames) as sink:
            done.run(sink, lambda share: progress(0.5 + 0.5 * share))
            sink.close()
    fraction = 0.0 if found is None else found.seconds * rate - pair.offset
    alike = (frames[0], infos[0].sample_rate_hz, infos[0].channels) == (
        frames[1],
        infos[1].sample_rate_hz,
        infos[1].channels,
    )
    return Null(
        first=first,
        second=second,
        sample_rate_hz=rate,
        duration_s=pair.frames / rate,
        identical=alike and pair.offset == 0 and gain == 1.0 and done.peak == 0.0,
        offset_samples=pair.offset,
        fraction_samples=fraction,
        drift_ppm=None if found is None else found.drift_ppm,
        gain_db=gain_to_db(abs(gain)),
        polarity_inverted=gain < 0.0,
        null_db=_ratio_db(done.rest_power, done.second_power),
        residual_dbfs=_level(done.rest_power, pair.frames * channels),
        residual_peak_dbfs=gain_to_db(done.peak) if done.peak > 0.0 else None,
        sections=tuple(done.sections),
        bands=done.bands(),
        notes=tuple(notes),
    )


def _fit(pair: _Pair, progress: Callable[[float], None]) -> Fits:
    fits = Fits(round(SECTION_S * pair.rate))
    for at, one, two in pair.blocks():
        fits.add(one, two)
        progress(at / pair.frames)
    return fits


def _find(first: Path, second: Path, rate: int, lengths_s: tuple[float, float]) -> Offset | None:
    """Return where the second file lies in the first one's time."""
    rises = []
    for path in (first, second):
        with open_source(path) as source:
            onsets = Onsets(source.sample_rate_hz)
            for block in source.blocks():
                onsets.update(block)
            rises.append(onsets.result())
    return find_offset(
        lambda start_s, length_s: passage(first, rate, start_s, length_s),
        lambda start_s, length_s: passage(second, rate, start_s, length_s),
        lengths_s,
        likely_offsets(rises[0], rises[1]),
        rate,
    )


def _lengths(frames: tuple[int, int], pair: _Pair, rate: int) -> list[str]:
    """Return what is told of what only one of the files has."""
    said = []
    for name, own, start in (
        ("first", frames[0], pair.start),
        ("second", frames[1], pair.start + pair.offset),
    ):
        before, after = start, own - start - pair.frames
        if before or after:
            parts = [
                f"{count / rate:.3f} s ({count} frames) {where}"
                for count, where in ((before, "before"), (after, "after"))
                if count
            ]
            said.append(f"only the {name} file has {' and '.join(parts)}: left out")
    return said


class _Rest:
    """The second pass: the difference, as samples, by stretches and by octaves."""

    def __init__(self, pair: _Pair, gain: float) -> None:
        self._pair = pair
        self._gain = gain
        self.rest_power = 0.0
        self.second_power = 0.0
        self.peak = 0.0
        self.sections: list[NullSection] = []
        self._fit = Fit()
        self._rest = 0.0
        self._begin = 0
        self._band_rest = np.zeros(len(OCTAVES_HZ))
        self._band_second = np.zeros(len(OCTAVES_HZ))
        edges = np.array(OCTAVES_HZ[:-1]) * math.sqrt(2.0)
        self._bins = np.searchsorted(edges, np.fft.rfftfreq(BLOCK_FRAMES, 1.0 / pair.rate))

    def run(self, sink: AudioSink | None, progress: Callable[[float], None]) -> None:
        """Go through both files once."""
        section = round(SECTION_S * self._pair.rate)
        for at, one, two in self._pair.blocks():
            rest = two - one if self._gain == 1.0 else two - self._gain * one
            self.peak = max(self.peak, float(np.abs(rest).max(initial=0.0)))
            if sink is not None:
                sink.write(rest)
            self._octaves(rest, two)
            first = 0
            while first < rest.shape[1]:
                stop = min(rest.shape[1], self._begin + section - at)
                self._take(one[:, first:stop], two[:, first:stop], rest[:, first:stop])
                if at + stop == self._begin + section:
                    self._close(at + stop)
                first = stop
            progress(at / self._pair.frames)
        if self._pair.frames > self._begin:
            self._close(self._pair.frames)

    def bands(self) -> tuple[NullBand, ...]:
        """Return what is left by octaves."""
        samples = self._pair.frames * self._pair.channels
        top = 0.5 * self._pair.rate
        return tuple(
            NullBand(centre, _ratio_db(float(rest), float(second)), _level(float(rest), samples))
            for centre, rest, second in zip(
                OCTAVES_HZ, self._band_rest, self._band_second, strict=True
            )
            if centre / math.sqrt(2.0) < top
        )

    def _take(self, one: Block, two: Block, rest: Block) -> None:
        self._fit.add(one, two)
        self._rest += float(np.vdot(rest, rest))

    def _close(self, stop: int) -> None:
        """Finish a stretch of time."""
        fit, rate = self._fit, self._pair.rate
        samples = (stop - self._begin) * self._pair.channels
        self.sections.append(
            NullSection(
                start_s=(self._pair.start + self._begin) / rate,
                stop_s=(self._pair.start + stop) / rate,
                null_db=_ratio_db(self._rest, fit.two),
                residual_dbfs=_level(self._rest, samples),
                gain_db=gain_to_db(abs(fit.gain)) if fit.alike else None,
            )
        )
        self.rest_power += self._rest
        self.second_power += fit.two
        self._fit, self._rest, self._begin = Fit(), 0.0, stop

    def _octaves(self, rest: Block, two: Block) -> None:
        """Add a block's power to the octaves; Parseval: halves of the spectrum count twice."""
        for signal, sums in ((rest, self._band_rest), (two, self._band_second)):
            if not signal.any():
                continue
            spectrum = np.fft.rfft(signal, BLOCK_FRAMES, axis=1)
            power = (np.square(spectrum.real) + np.square(spectrum.imag)).sum(axis=0)
            power[1:-1] *= 2.0
            np.add(sums, np.bincount(self._bins, power, len(OCTAVES_HZ)) / BLOCK_FRAMES, out=sums)


def _ratio_db(rest: float, second: float) -> float | None:
    """Return the rest against the second file; None where nothing is left, or nothing was there."""
    return power_to_db(rest / second) if rest > 0.0 and second > 0.0 else None


def _level(power: float, samples: int) -> float | None:
    return power_to_db(power / samples) if power > 0.0 else None
