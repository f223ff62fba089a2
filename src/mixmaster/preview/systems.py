"""On systems: what is left of a master on a loudspeaker of some kind, heard and measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from mixmaster.arrays import Block, Block32
from mixmaster.documents.finding import find_preset, list_presets
from mixmaster.documents.loading import load
from mixmaster.dsp.convolver import Convolver
from mixmaster.dsp.filters import response
from mixmaster.dsp.k_weighting import k_weighting_sos
from mixmaster.dsp.minimum_phase import minimum_phase_kernel
from mixmaster.dsp.spectrum import PowerSpectra, band_powers
from mixmaster.metering.loudness import short_term_lufs
from mixmaster.preview.master_file import Master, loudness_of
from mixmaster.preview.system import PlaybackSystem
from mixmaster.results import Result
from mixmaster.units import power_to_db

BANDS: Final = (
    ("sub", 20.0, 60.0),
    ("bass", 60.0, 250.0),
    ("mids", 250.0, 2_000.0),
    ("presence", 2_000.0, 6_000.0),
    ("treble", 6_000.0, 20_000.0),
)
"""The bands of the table: name, from, to."""

BASS_HZ: Final = 120.0
_NOTHING: Final = 1e-9
"""A band that is 90 dB under the whole is empty; nothing can be lost of it."""


@dataclass(frozen=True, slots=True)
class NamedSystem:
    """A system and its short name, which goes into file names: ``phone``."""

    name: str
    system: PlaybackSystem


@dataclass(frozen=True, slots=True)
class Lost(Result):
    """What of a master a system loses; below 0 is lost. None for what was not there.

    Attributes:
        system: The system's short name.
        loudness_lu: Integrated loudness, over the master's.
        bands_lu: K-weighted power of each of ``BANDS``, over the master's.
        bass_db: Power below 120 Hz, unweighted, over the master's.
        side_share: The side's part of the power, 0 (mono) to 1, as it is heard.
        side_share_before: Of the master.
        loudest_lu: How far the loudest 3 s stand out of the whole, over how far they do in the
            master: below 0 the song's climax comes out flatter.
        true_peak_dbtp: As it is heard.
    """

    system: str
    loudness_lu: float | None
    bands_lu: tuple[float | None, ...]
    bass_db: float | None
    side_share: float | None
    side_share_before: float | None
    loudest_lu: float | None
    true_peak_dbtp: float | None


def load_system(name: str) -> NamedSystem:
    """Return a system by name or path."""
    path = find_preset("system", name)
    return NamedSystem(path.stem, load(PlaybackSystem, path))


def all_systems() -> list[NamedSystem]:
    """Return the systems that ship and the user's own."""
    found = [load_system(str(preset.path)) for preset in list_presets("system")]
    return sorted(found, key=lambda each: (bool(each.system.curve), each.name))


class SystemFilter:
    """A system at work, streaming: as many channels out as in, not late.

    Args:
        system: The system.
        sample_rate_hz: The rate.
        channels: 1 or 2.
    """

    def __init__(self, system: PlaybackSystem, sample_rate_hz: int, channels: int) -> None:
        self._mono = system.channels == "mono" and channels == 2
        self._convolver: Convolver | None = None
        if system.curve:
            kernel = minimum_phase_kernel(system.level_db, sample_rate_hz)
            # One loudspeaker needs one convolution.
            self._convolver = Convolver(kernel[np.newaxis], 1 if self._mono else channels)

    def process(self, block: Block) -> Block:
        """Return what is heard of a block; each but the last is a multiple of 4,096 frames."""
        if self._mono:
            block = 0.5 * (block[:1] + block[1:])
        if self._convolver is not None:
            block = self._convolver.process(np.ascontiguousarray(block))
        return np.repeat(block, 2, axis=0) if self._mono else block


def through_system(master: Master, system: PlaybackSystem, gain_db: float = 0.0) -> Iterator[Block]:
    """Yield what is listened to of a master, as a system plays it."""
    at_work = SystemFilter(system, master.info.sample_rate_hz, master.info.channels)
    for block in master.blocks(gain_db=gain_db):
        yield at_work.process(block)


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """What losses are counted from.

    Attributes:
        powers: Weighted power in slices of 10 ms, ``(slices,)``.
        spectra: Mean square of mid, and of side where there is one, ``(rows, bins)``.
        bin_hz: The distance of the bins.
        weights: The power response of K-weighting at the bins.
        true_peak_dbtp: The true peak; None for digital silence.
    """

    powers: Block
    spectra: Block
    bin_hz: float
    weights: Block
    true_peak_dbtp: float | None


def sound_of(master: Master, blocks: Iterable[Block] | None = None) -> Sound:
    """Measure a signal of a master's kind; the master itself if no other is given."""
    rate, rows = master.info.sample_rate_hz, master.info.channels
    level, spectra = master.level(), PowerSpectra(rate, rows)
    for block in master.blocks() if blocks is None else blocks:
        level.update(block)
        spectra.take(_mid_and_side(block))
    powers = spectra.finish()[:rows]
    hz: Block = np.arange(powers.shape[1], dtype=np.float64) * spectra.bin_hz
    weights = np.abs(response(k_weighting_sos(rate), hz, rate)) ** 2
    return Sound(level.powers, powers, spectra.bin_hz, weights, level.true_peak_dbtp)


def _mid_and_side(block: Block) -> Block32:
    if block.shape[0] == 1:
        return block.astype(np.float32)
    mid, side = 0.5 * (block[0] + block[1]), 0.5 * (block[0] - block[1])
    return np.stack([mid, side]).astype(np.float32)


def lost_on(name: str, before: Sound, after: Sound) -> Lost:
    """Return what lies between a master and what is heard of it."""
    return Lost(
        system=name,
        loudness_lu=_difference(loudness_of(after.powers), loudness_of(before.powers)),
        bands_lu=tuple(_change_db(before, after, low, high) for _, low, high in BANDS),
        bass_db=_change_db(before, after, 0.0, BASS_HZ, weighted=False),
        side_share=_side_share(after),
        side_share_before=_side_share(before),
        loudest_lu=_difference(_standing_out(after), _standing_out(before)),
        true_peak_dbtp=after.true_peak_dbtp,
    )


def _change_db(
    before: Sound, after: Sound, low_hz: float, high_hz: float, *, weighted: bool = True
) -> float | None:
    """Return the change of power between two frequencies; None if there was nothing."""

    def power(sound: Sound, low: float, high: float) -> float:
        rows = sound.spectra.sum(axis=0)
        row = rows * sound.weights if weighted else rows
        return float(band_powers(row, sound.bin_hz, np.array([low]), np.array([high]))[0])

    was, whole = power(before, low_hz, high_hz), power(before, 0.0, 1e6)
    if not was > _NOTHING * whole:
        return None
    return power_to_db(power(after, low_hz, high_hz)) - power_to_db(was)


def _side_share(sound: Sound) -> float | None:
    if sound.spectra.shape[0] == 1:
        return None
    mid, side = sound.spectra.sum(axis=1).tolist()
    return side / (mid + side) if mid + side > 0.0 else None


def _standing_out(sound: Sound) -> float | None:
    """Return the loudest 3 s over the whole, in LU."""
    curve = short_term_lufs(sound.powers[np.newaxis, :], np.ones(1))
    lufs = loudness_of(sound.powers)
    return None if lufs is None or not curve.size else float(curve.max()) - lufs


def _difference(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before
