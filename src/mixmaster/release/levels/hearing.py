"""Hearing a track in one pass: its loudness, its peak, the spectrum of its loudest sections."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mixmaster.arrays import Block
from mixmaster.audio.names import shown
from mixmaster.audio.source import open_source
from mixmaster.dsp.match import Spectrum
from mixmaster.engine.measuring import measure_file
from mixmaster.engine.threads import default_threads, one_blas_thread
from mixmaster.errors import AudioFileError
from mixmaster.mastering.chain import Chain
from mixmaster.mastering.job import Job, open_mix
from mixmaster.mastering.options import MasterOptions
from mixmaster.mastering.pipeline import ahead
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.profile_figures import TrackFigures
from mixmaster.metering.loud_sections import LoudSections, LoudSectionsMeter
from mixmaster.metering.loudness import channel_weights
from mixmaster.metering.programme import ProgrammeMeter
from mixmaster.release.levels.album import TrackLoudness
from mixmaster.release.levels.reach import FREE, Limits
from mixmaster.units import db_to_gain, db_to_power, power_to_db


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What one hearing of a track has found.

    Attributes:
        figures: Its programme's figures, and its loudest sections.
        powers: Its weighted power in slices of 10 ms, ``(slices,)``.
        sample_rate_hz: The rate at which it was heard.
        copies: On how many loudspeakers each channel counts: 2 for mono that was told to.
        notes: What had to be said of it.
    """

    figures: TrackFigures
    powers: Block
    sample_rate_hz: int
    copies: int = 1
    notes: tuple[str, ...] = ()

    def on_loudspeakers(self, copies: int) -> Heard:
        """Return what is heard when each channel is written on so many.

        A mono mix on both channels of a stereo file is 3.01 LU louder there (BS.1770-5 adds the
        channels' powers); its peaks and its tone are the same.
        """
        if copies == self.copies:
            return self
        lu = power_to_db(copies / self.copies)
        programme, sections = self.figures.programme, self.figures.sections
        heard = replace(
            programme,
            integrated_lufs=_plus(programme.integrated_lufs, lu),
            max_momentary_lufs=_plus(programme.max_momentary_lufs, lu),
            max_short_term_lufs=_plus(programme.max_short_term_lufs, lu),
        )
        louder = replace(sections, loudness_lufs=_plus(sections.loudness_lufs, lu))
        powers = self.powers * (copies / self.copies)
        return replace(self, figures=TrackFigures(heard, louder), powers=powers, copies=copies)

    def louder(self, gain_db: float) -> Heard:
        """Return what would have been heard of the same with a gain."""
        if gain_db == 0.0:
            return self
        power = db_to_power(gain_db)
        programme, sections = self.figures.programme, self.figures.sections
        moved = replace(
            programme,
            integrated_lufs=_plus(programme.integrated_lufs, gain_db),
            max_momentary_lufs=_plus(programme.max_momentary_lufs, gain_db),
            max_short_term_lufs=_plus(programme.max_short_term_lufs, gain_db),
            true_peak_dbtp=_plus(programme.true_peak_dbtp, gain_db),
            sample_peak_dbfs=_plus(programme.sample_peak_dbfs, gain_db),
        )
        return replace(
            self,
            figures=TrackFigures(moved, _louder(sections, gain_db)),
            powers=self.powers * power,
        )

    def loudness(
        self,
        key: str,
        name: str,
        *,
        offset_lu: float = 0.0,
        limits: Limits = FREE,
        copies: int | None = None,
    ) -> TrackLoudness:
        """Return what album levels are found from.

        Args:
            key: What tells the track from the others.
            name: What people call it.
            offset_lu: How much louder it is to be.
            limits: What may be done to it.
            copies: On how many channels each of its own is delivered: 2 for a mono mix in a stereo
                file. As it was heard if None.
        """
        if copies is not None and copies != self.copies:
            heard = self.on_loudspeakers(copies)
            return heard.loudness(key, name, offset_lu=offset_lu, limits=limits)
        programme = self.figures.programme
        return TrackLoudness(
            key=key,
            name=name,
            integrated_lufs=programme.integrated_lufs,
            true_peak_dbtp=programme.true_peak_dbtp,
            powers=self.powers,
            loud_lufs=self.figures.sections.loudness_lufs,
            offset_lu=offset_lu,
            limits=limits,
        )


def _louder(sections: LoudSections, gain_db: float) -> LoudSections:
    power = db_to_power(gain_db)
    spectrum = sections.spectrum
    side = None if spectrum.side is None else spectrum.side * power
    return replace(
        sections,
        spectrum=Spectrum(spectrum.mid * power, side),
        sections_db=sections.sections_db + gain_db,
        loudness_lufs=_plus(sections.loudness_lufs, gain_db),
    )


def _plus(value: float | None, gain_db: float) -> float | None:
    return None if value is None else value + gain_db


class HeardMeter:
    """Hears a signal as it runs by: whoever renders a track anyway hears it on the way.

    Args:
        sample_rate_hz: The rate.
        channels: 1 or 2.
        dual_mono: Count a mono signal twice.
        where: What is heard, for errors.
    """

    def __init__(
        self, sample_rate_hz: int, channels: int, *, dual_mono: bool = False, where: str = ""
    ) -> None:
        self._rate = sample_rate_hz
        self._weights = channel_weights(channels, dual_mono=dual_mono)
        self._copies = 2 if dual_mono and channels == 1 else 1
        self._programme = ProgrammeMeter(sample_rate_hz, channels, dual_mono=dual_mono, where=where)
        self._sections = LoudSectionsMeter(sample_rate_hz, channels, where=where)

    def update(self, block: Block) -> None:
        """Take the next block, ``(channels, frames)``, of any length.

        Raises:
            SignalError: For NaN, infinity, or a sample over +300 dBFS.
        """
        self._programme.update(block)
        self._sections.update(block)

    def result(self, notes: Iterable[str] = ()) -> Heard:
        """Return what was heard so far."""
        powers = np.asarray(self._weights @ self._programme.slice_powers())
        sections = self._sections.result()  # it counts mono once
        sections = replace(
            sections,
            loudness_lufs=_plus(sections.loudness_lufs, power_to_db(float(self._copies))),
        )
        figures = TrackFigures(self._programme.result(), sections)
        return Heard(figures, powers, self._rate, self._copies, tuple(notes))


def hear_file(path: Path, *, dual_mono: bool = False, threads: int | None = None) -> Heard:
    """Hear a file as it is: an approved master, a stem, a finished file.

    Raises:
        AudioFileError: For a file that cannot be used, or has more than two channels.
        SignalError: For NaN or infinity in it.
    """
    with one_blas_thread(), open_source(path) as source:
        if source.channels > 2:
            reason = f"it has {source.channels} channels"
            raise AudioFileError(shown(path), reason, "tracks are mono or stereo")
        meter = HeardMeter(
            source.sample_rate_hz, source.channels, dual_mono=dual_mono, where=shown(path)
        )
        for block in ahead(source.blocks(), threads or default_threads()):
            meter.update(block)
        return meter.result(source.notes)


def hear_mix(mix: Path, preset: MasteringPreset, options: MasterOptions | None = None) -> Heard:
    """Hear a mix after its mastering chain, before any target: with the gain before it undone.

    So the mixes' levels count: what the mixes are to each other, the tracks are, as far as the
    chains leave it.

    Args:
        mix: A mono or stereo file.
        preset: Its chain.
        options: As mastering is told.

    Raises:
        AudioFileError: For a mix that cannot be used.
        DocumentError: For a preset that makes no sense for this mix.
        SignalError: For NaN or infinity in the mix, or made by an insert.
    """
    options = options or MasterOptions()
    threads = options.threads or default_threads()
    opened = open_mix(mix)
    rate, channels = opened.info.sample_rate_hz, opened.info.channels
    with one_blas_thread(), tempfile.TemporaryDirectory(prefix="mixmaster-") as folder:
        measured = measure_file(mix, dual_mono=options.dual_mono, threads=threads)
        job = Job(opened, preset, options, _quiet, Path(folder))
        try:
            job.level(measured.figures)
            job.solve(measured.figures)
            meter = HeardMeter(rate, channels, dual_mono=options.dual_mono, where=shown(mix))
            chain = Chain(job.inserts, rate, channels)
            with open_source(mix) as source:
                blocks = chain.run(source.blocks(), db_to_gain(job.input_gain_db))
                for block in ahead(blocks, threads):
                    meter.update(block)
            found = meter.result((*measured.notes, *job.notes))
        finally:
            job.close()
    return found.louder(-job.input_gain_db)


def _quiet(stage: str, done: float) -> None:
    del stage, done
