"""A session as the page's script reads it: curves on even grids, in few bytes."""

from __future__ import annotations

import base64
import math
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from mixmaster.pages.ab.data import RESULTS_SCHEMA, AbCurves, AbLevel, AbSession, AbVersion
from mixmaster.pages.ab.pieces import piece_frames
from mixmaster.pages.columns import sampled
from mixmaster.pages.scene import Points
from mixmaster.pages.subject import numbers

_POINTS = 2_400
"""Values of a loudness curve at most: some two a pixel of a wide screen."""
_STEP_S = 0.1
_HALF_BYTE = 127.0


def payload(session: AbSession) -> dict[str, Any]:
    """Return what the script needs; every text is plain, for ``textContent`` alone."""
    ids = [version.id for version in session.versions]
    step_s = max(_STEP_S, session.duration_s / _POINTS)
    return {
        "results": RESULTS_SCHEMA,
        "id": session.id,
        "title": session.title,
        "rate": session.sample_rate_hz,
        "frames": session.frames,
        "pieceFrames": piece_frames(session.sample_rate_hz),
        "loudest": [session.loudest_start_s, session.loudest_stop_s],
        "seed": session.seed,
        "level": session.level,
        "levels": {level.id: _level(level, ids) for level in session.levels},
        "versions": [_version(version, session.duration_s, step_s) for version in session.versions],
        "stepS": step_s,
        "spectrumHz": [round(hz, 2) for hz in session.versions[0].curves.spectrum_hz],
        "pairs": {
            f"{pair.first} {pair.second}": {
                "identical": pair.identical,
                "db": pair.difference_db,
                "dbfs": pair.difference_dbfs,
            }
            for pair in session.pairs
        },
    }


def _level(level: AbLevel, ids: list[str]) -> dict[str, Any]:
    return {
        "name": level.name,
        "about": level.description,
        "gains": dict(zip(ids, level.gains_db, strict=True)),
        "lufs": dict(zip(ids, level.loudness_lufs, strict=True)),
    }


def _version(version: AbVersion, seconds: float, step_s: float) -> dict[str, Any]:
    curves, recipe = version.curves, version.recipe
    at = np.asarray(np.arange(1, math.floor(seconds / step_s) + 1) * step_s, np.float64)
    return {
        "id": version.id,
        "key": version.key,
        "name": version.name,
        "kind": version.kind,
        "audio": PurePosixPath(version.audio.file).stem,
        "aligned": version.alignment.aligned,
        "inverted": version.alignment.polarity_inverted,
        "truePeak": version.heard.true_peak_dbtp,
        "wave": _wave(curves),
        "bucketS": curves.bucket_s,
        "momentary": _tenths(_on(curves.momentary_times_s, curves.momentary_lufs, at)),
        "shortTerm": _tenths(_on(curves.short_term_times_s, curves.short_term_lufs, at)),
        "spectrum": _tenths(numbers(curves.spectrum_mid_db)),
        "recipe": None
        if recipe is None
        else {
            "command": recipe.command,
            "file": recipe.preset_file,
            "preset": recipe.preset_toml,
        },
    }


def _on(times: tuple[float, ...], values: tuple[float | None, ...], at: Points) -> Points:
    return sampled(numbers(times), numbers(values), at)


def _tenths(values: Points) -> list[int | None]:
    """Return levels in tenths of a decibel; None where there is none."""
    return [round(10.0 * value) if math.isfinite(value) else None for value in values.tolist()]


def _wave(curves: AbCurves) -> dict[str, str]:
    """Return the waveform in bytes of 1/127 of full scale, base64: a picture needs no more."""
    return {
        "low": _bytes(curves.waveform_min),
        "high": _bytes(curves.waveform_max),
        "rms": _bytes(curves.waveform_rms),
    }


def _bytes(values: tuple[float, ...]) -> str:
    steps = np.clip(np.rint(_HALF_BYTE * np.asarray(values, np.float64)), -_HALF_BYTE, _HALF_BYTE)
    return base64.b64encode(steps.astype(np.int8).tobytes()).decode("ascii")
