"""Comparisons made of synthetic versions: what the compare room would hand over."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tests.pages.subjects import music

from mixmaster.audio.sink import FileSpec, open_sink
from mixmaster.audio.source import open_source
from mixmaster.metering.loudness import LoudnessMeter
from mixmaster.metering.survey import Survey, SurveyMeter
from mixmaster.pages.ab.data import (
    SESSION_SCHEMA,
    AbAlignment,
    AbAudio,
    AbCurves,
    AbFigures,
    AbLevel,
    AbOriginal,
    AbPair,
    AbRecipe,
    AbSession,
    AbSetting,
    AbVersion,
)
from mixmaster.units import db_to_gain

Signal = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Made:
    """A session, its folder, and the samples in its files."""

    session: AbSession
    folder: Path
    audio: dict[str, Signal]


def survey_of(audio: Signal, rate_hz: int) -> Survey:
    """Return all figures; of the same samples once, since many versions may be alike."""
    return _survey(np.ascontiguousarray(audio).tobytes(), rate_hz)


@lru_cache(maxsize=8)
def _survey(samples: bytes, rate_hz: int) -> Survey:
    meter = SurveyMeter(rate_hz, 2)
    meter.update(np.frombuffer(samples).reshape(2, -1))
    return meter.result()


def loudness_of(audio: Signal, rate_hz: int) -> float | None:
    meter = LoudnessMeter(rate_hz, 2)
    meter.update(np.ascontiguousarray(audio))
    return meter.result().integrated_lufs


def drums(seconds: float, rate_hz: int, seed: int = 3) -> Signal:
    """Return music of a kind: a pulse over coloured noise, louder towards the end."""
    base = music(2, seconds * rate_hz / 48_000.0, seed)
    frames = base.shape[1]
    t = np.arange(frames) / rate_hz
    beat = np.exp(-((t % 0.37) / 0.15)) * np.sin(2.0 * np.pi * 62.0 * t)
    shape = 0.35 + 0.65 * np.clip(t / max(seconds, 1e-9) * 1.4 - 0.2, 0.0, 1.0)
    mixed = np.asarray((0.7 * base + 0.45 * beat) * shape)
    return np.asarray(0.7 * mixed / np.abs(mixed).max())


def driven(audio: Signal, drive: float, tilt: float = 0.0) -> Signal:
    """Return a "master": saturated, and brighter or darker by a one-zero filter."""
    brighter = audio + tilt * (audio - np.roll(audio, 1, axis=1))
    return np.asarray(0.95 * np.tanh(drive * brighter) / np.tanh(drive))


def versions_of(base: Signal, count: int) -> list[Signal]:
    """Return versions that differ in loudness, density and colour."""
    return [driven(base, 1.0 + 1.1 * (i % 5), 0.9 * (i % 3) - 0.5) for i in range(count)]


def make(
    folder: Path,
    names: Sequence[str],
    signals: Sequence[Signal],
    *,
    rate_hz: int = 48_000,
    title: str = "Song",
    seed: int = 0,
    unmatched_files: bool = False,
    inverted: Sequence[int] = (),
) -> Made:
    """Write the files, measure them, and return the session."""
    (folder / "audio").mkdir(parents=True)
    lufs = [loudness_of(signal, rate_hz) for signal in signals]
    quietest = min((value for value in lufs if value is not None), default=0.0)
    gains = [0.0 if value is None else quietest - value for value in lufs]
    in_files = [0.0] * len(gains) if unmatched_files else gains
    audio: dict[str, Signal] = {}
    versions: list[AbVersion] = []
    surveys: list[Survey] = []
    for i, (name, signal) in enumerate(zip(names, signals, strict=True)):
        ident = f"v{i + 1}"
        key = hashlib.sha256(f"{name}{i}{title}".encode("utf-8", "replace")).hexdigest()[:16]
        path = folder / "audio" / f"{key}.flac"
        with open_sink(path, FileSpec("flac", 24, rate_hz, 2)) as sink:
            sink.write(np.ascontiguousarray(signal * db_to_gain(in_files[i])))
        with open_source(path) as source:
            audio[ident] = source.read(signal.shape[1])
        survey = survey_of(audio[ident], rate_hz)
        surveys.append(survey)
        version = _version(
            i, name, path, survey, lufs[i], gain_db=in_files[i], inverted=i in inverted
        )
        versions.append(version)
    heard = [survey.programme.integrated_lufs for survey in surveys]
    matched = [0.0] * len(gains) if not unmatched_files else gains
    undone = [-gain for gain in in_files]
    frames = signals[0].shape[1]
    spread = max((v for v in heard if v is not None), default=0.0) - min(
        (v for v in heard if v is not None), default=0.0
    )
    seconds = frames / rate_hz
    session = AbSession(
        schema=SESSION_SCHEMA,
        id=hashlib.sha256(f"{title}{names}".encode("utf-8", "replace")).hexdigest()[:16],
        title=title,
        sample_rate_hz=rate_hz,
        frames=frames,
        duration_s=seconds,
        start_s=0.0,
        section="",
        loudest_start_s=seconds * 0.6,
        loudest_stop_s=seconds * 0.85,
        seed=seed,
        level="unmatched" if unmatched_files else "matched",
        levels=(
            _level("matched", "Level-matched", heard, matched),
            _level("unmatched", "As delivered", heard, undone),
        ),
        mismatch_lu=0.004 if unmatched_files else round(spread, 4),
        versions=tuple(versions),
        pairs=_pairs(audio, inverted),
        settings=_settings(len(names)),
        notes=("v2.wav began 1,203 samples later and was moved.",),
    )
    return Made(session, folder, audio)


def _level(ident: str, name: str, heard: Sequence[float | None], gains: Sequence[float]) -> AbLevel:
    loudness = tuple(
        None if value is None else value + gain for value, gain in zip(heard, gains, strict=True)
    )
    known = [value for value in loudness if value is not None]
    about = {
        "matched": "Every version is turned down to the loudness of the quietest.",
        "unmatched": "Every version as loud as it was delivered: the loudest will please most.",
    }[ident]
    spread = max(known) - min(known) if known else None
    assert ident in {"matched", "unmatched"}
    return AbLevel(
        "matched" if ident == "matched" else "unmatched",
        name,
        about,
        tuple(gains),
        loudness,
        spread,
    )


def _version(
    index: int,
    name: str,
    path: Path,
    survey: Survey,
    original_lufs: float | None,
    *,
    gain_db: float,
    inverted: bool,
) -> AbVersion:
    programme, levels, stereo = survey.programme, survey.levels, survey.stereo
    spectrum = survey.spectrum
    true_peak = programme.true_peak_dbtp
    return AbVersion(
        id=f"v{index + 1}",
        key=path.stem,
        name=name,
        kind="master" if index else "mix",
        audio=AbAudio(
            f"audio/{path.name}",
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_size,
            24,
        ),
        gain_db=gain_db,
        original=AbOriginal(
            file=f"{name}.wav",
            sample_rate_hz=programme.sample_rate_hz,
            channels=2,
            duration_s=programme.duration_s,
            integrated_lufs=original_lufs,
            true_peak_dbtp=None if true_peak is None else true_peak - gain_db,
            reasons=dict(programme.reasons),
        ),
        heard=AbFigures(
            integrated_lufs=programme.integrated_lufs,
            loudness_range_lu=programme.loudness_range_lu,
            max_momentary_lufs=programme.max_momentary_lufs,
            max_short_term_lufs=programme.max_short_term_lufs,
            true_peak_dbtp=true_peak,
            sample_peak_dbfs=programme.sample_peak_dbfs,
            plr_db=levels.plr_db,
            psr_db=levels.psr_db,
            correlation=stereo.correlation,
            width_db=stereo.width_db,
            tilt_db_per_octave=spectrum.tilt_db_per_octave,
            reasons={**programme.reasons, **levels.reasons, **stereo.reasons, **spectrum.reasons},
        ),
        curves=_curves(survey),
        alignment=AbAlignment(True, 0, 0.0, 0.0, None, inverted, 0.98),
        words=("+2 dB at 8 kHz, shelf", "ceiling −1 dBTP", "slower release")[: index % 4],
        recipe=AbRecipe(
            f"mixmaster master mix.wav -m preset-{index}.toml -o masters/",
            f"preset-{index}.toml",
            f'format = 1\nname = "preset {index}"\n\n[insert.limiter]\nceiling_dbtp = -1.0\n',
        )
        if index
        else None,
        notes=("It is mono: heard from both loudspeakers.",) if index == 2 else (),
    )


def _curves(survey: Survey) -> AbCurves:
    line, spectrum, stereo = survey.timeline, survey.spectrum, survey.stereo
    return AbCurves(
        bucket_s=line.bucket_s,
        waveform_min=tuple(map(min, *line.waveform_min)),
        waveform_max=tuple(map(max, *line.waveform_max)),
        waveform_rms=tuple(map(max, *line.waveform_rms)),
        momentary_times_s=line.momentary_times_s,
        momentary_lufs=line.momentary_lufs,
        short_term_times_s=line.short_term_times_s,
        short_term_lufs=line.short_term_lufs,
        spectrum_hz=spectrum.smooth_hz,
        spectrum_mid_db=spectrum.smooth_mid_db,
        spectrum_side_db=spectrum.smooth_side_db,
        correlation_times_s=stereo.correlation_times_s,
        correlation=stereo.correlation_curve,
    )


def _pairs(audio: dict[str, Signal], inverted: Sequence[int]) -> tuple[AbPair, ...]:
    pairs = []
    ids = list(audio)
    for i, first in enumerate(ids):
        for j in range(i + 1, len(ids)):
            sign = -1.0 if (i in inverted) != (j in inverted) else 1.0
            apart = audio[first] - sign * audio[ids[j]]
            power = float(np.mean(apart**2))
            both = float(np.mean(audio[first] ** 2) + np.mean(audio[ids[j]] ** 2)) / 2.0
            silent = not (power > 0.0 and both > 0.0)
            pairs.append(
                AbPair(
                    first,
                    ids[j],
                    power == 0.0,
                    None if silent else 10.0 * float(np.log10(power / both)),
                    None if power == 0.0 else 10.0 * float(np.log10(power)),
                )
            )
    return tuple(pairs)


def _settings(count: int) -> tuple[AbSetting, ...]:
    def row(insert: str, name: str, address: str, meaning: str, values: Sequence[str]) -> AbSetting:
        return AbSetting(
            insert, name, address, meaning, tuple(values[i % len(values)] for i in range(count))
        )

    return (
        row(
            "Compressor",
            "Threshold",
            "insert.compressor.threshold_db",
            "Above this level it turns down.",
            ("", "-20 dB", "-24 dB"),
        ),
        row(
            "Limiter",
            "Ceiling",
            "insert.limiter.ceiling_dbtp",
            "No peak passes this, between the samples neither.",
            ("", "-1 dBTP", "-0.3 dBTP"),
        ),
    )
