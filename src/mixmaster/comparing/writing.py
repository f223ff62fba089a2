"""Writing a version as it is heard, and measuring what was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from mixmaster.audio.extracts import Extract
from mixmaster.audio.sink import FileSpec, open_sink
from mixmaster.audio.source import content_hash
from mixmaster.engine.measuring import survey_file
from mixmaster.engine.publish import put, staged
from mixmaster.metering.survey import Survey
from mixmaster.pages.ab.data import AbAudio, AbCurves, AbFigures
from mixmaster.units import db_to_gain

BIT_DEPTH: Final = 24
_SAMPLE_DIGITS: Final = 4  # of the waveform: a picture needs no more
_DB_DIGITS: Final = 2


def write_heard(
    extract: Extract, gain_db: float, path: Path, progress: Callable[[float], None]
) -> None:
    """Write what is heard of a version: attenuated, dithered to 24 bits, FLAC.

    Args:
        extract: What is heard.
        gain_db: 0 or less.
        path: Where; renamed into its place when it is whole.
        progress: Told how much is done.

    Raises:
        OutputError: When it cannot be written.
    """
    assert gain_db <= 0.0
    gain = db_to_gain(gain_db)
    spec = FileSpec("flac", BIT_DEPTH, extract.sample_rate_hz, 2)
    with staged(path) as part:
        # The same dither for all: what is the same in two versions stays the same.
        with open_sink(part, spec, frames_expected=extract.frames) as sink:
            for block in extract.blocks():
                sink.write(block if gain == 1.0 else block * gain)
                progress(sink.frames / max(1, extract.frames))
            report = sink.close()
        assert report.clipped_samples == 0
        put(part, path)


def measure_heard(folder: Path, name: str) -> tuple[AbAudio, AbFigures, AbCurves]:
    """Return a written version's file, figures and curves, all read back from it."""
    path = folder / name
    survey = survey_file(path, threads=1).survey
    audio = AbAudio(name, content_hash(path), path.stat().st_size, BIT_DEPTH)
    return audio, _figures(survey), _curves(survey)


def known_heard(version: dict[str, Any]) -> tuple[AbAudio, AbFigures, AbCurves]:
    """Return the same of a version that an earlier run has measured, from its JSON."""
    curves: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in version["curves"].items()
    }
    return AbAudio(**version["audio"]), AbFigures(**version["heard"]), AbCurves(**curves)


def _figures(survey: Survey) -> AbFigures:
    programme, levels, stereo = survey.programme, survey.levels, survey.stereo
    reasons = {
        **programme.reasons,
        **levels.reasons,
        **stereo.reasons,
        **survey.spectrum.reasons,
    }
    values = {
        "integrated_lufs": programme.integrated_lufs,
        "loudness_range_lu": programme.loudness_range_lu,
        "max_momentary_lufs": programme.max_momentary_lufs,
        "max_short_term_lufs": programme.max_short_term_lufs,
        "true_peak_dbtp": programme.true_peak_dbtp,
        "sample_peak_dbfs": programme.sample_peak_dbfs,
        "plr_db": levels.plr_db,
        "psr_db": levels.psr_db,
        "correlation": stereo.correlation,
        "width_db": stereo.width_db,
        "tilt_db_per_octave": survey.spectrum.tilt_db_per_octave,
    }
    return AbFigures(**values, reasons={k: why for k, why in reasons.items() if k in values})


def _curves(survey: Survey) -> AbCurves:
    timeline, spectrum, stereo = survey.timeline, survey.spectrum, survey.stereo
    low = np.min(np.array(timeline.waveform_min), axis=0)
    high = np.max(np.array(timeline.waveform_max), axis=0)
    rms = np.sqrt(np.mean(np.square(np.array(timeline.waveform_rms)), axis=0))
    return AbCurves(
        bucket_s=timeline.bucket_s,
        waveform_min=_rounded(low),
        waveform_max=_rounded(high),
        waveform_rms=_rounded(rms),
        momentary_times_s=timeline.momentary_times_s,
        momentary_lufs=_short(timeline.momentary_lufs),
        short_term_times_s=timeline.short_term_times_s,
        short_term_lufs=_short(timeline.short_term_lufs),
        spectrum_hz=spectrum.smooth_hz,
        spectrum_mid_db=_short(spectrum.smooth_mid_db),
        spectrum_side_db=_short(spectrum.smooth_side_db),
        correlation_times_s=stereo.correlation_times_s,
        correlation=_short(stereo.correlation_curve),
    )


def _rounded(values: np.ndarray[Any, Any]) -> tuple[float, ...]:
    return tuple((values.round(_SAMPLE_DIGITS) + 0.0).tolist())


def _short(values: tuple[float | None, ...]) -> tuple[float | None, ...]:
    return tuple(None if value is None else round(value, _DB_DIGITS) for value in values)
