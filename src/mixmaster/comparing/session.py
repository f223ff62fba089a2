"""The session: everything that is known about versions, for the page and for ``--json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mixmaster.audio.names import shown
from mixmaster.comparing.differences import pairs_of
from mixmaster.comparing.levels import HeardLevel, loop_of, ways_of_listening
from mixmaster.comparing.placing import Placed
from mixmaster.comparing.recipe import recipe_of
from mixmaster.comparing.settings import differing_settings, words_of
from mixmaster.comparing.sources import ComparePlan
from mixmaster.comparing.tracks import Track, digits_of
from mixmaster.pages.ab.data import (
    SESSION_SCHEMA,
    AbAudio,
    AbCurves,
    AbFigures,
    AbOriginal,
    AbSession,
    AbVersion,
)

Heard = tuple[AbAudio, AbFigures, AbCurves]
"""A written version: its file, its figures and its curves."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What a session is put together from, each in the versions' order.

    Attributes:
        placed: The versions in time.
        levels: What gains are decided by.
        gains_db: What was done to the files.
        heard: What was written.
        difference_powers: Of ``differences.difference_powers``.
        samples: Likewise.
        start: The first frame that is heard, in the first file's time.
        frames: How many are.
        notes: What is worth knowing about all of them.
    """

    placed: Sequence[Placed]
    levels: Sequence[HeardLevel]
    gains_db: Sequence[float]
    heard: Sequence[Heard]
    difference_powers: npt.NDArray[np.float64]
    samples: int
    start: int
    frames: int
    notes: Sequence[str]


def session_of(plan: ComparePlan, parts: Parts) -> AbSession:
    """Return the session of versions that were written."""
    placed, levels, heard = parts.placed, parts.levels, parts.heard
    rate, start, frames = plan.sample_rate_hz, parts.start, parts.frames
    duration_s = frames / rate
    platform = plan.target.target if plan.platform else None
    ways = ways_of_listening(levels, parts.gains_db, platform)
    matched = []
    for (_, figures, _), gain_db in zip(heard, ways[0].gains_db, strict=True):
        assert figures.integrated_lufs is not None  # versions without loudness were refused
        matched.append(figures.integrated_lufs + gain_db)
    ids = [f"v{number}" for number in range(1, len(placed) + 1)]
    presets = [each.track.wanted.preset for each in placed]
    rows = differing_settings(presets, loudness_is_given=plan.loudness_is_given)
    keys = _keys(placed)
    loop = loop_of(levels, duration_s)
    section = plan.options.section
    part = f"{_clock(start / rate)} to {_clock((start + frames) / rate)}"
    if section is not None and section.loudest_s is not None:
        part = f"the loudest {duration_s:g} s, {part}"
    return AbSession(
        schema=SESSION_SCHEMA,
        id=digits_of([[key, h[0].file] for key, h in zip(keys, heard, strict=True)]),
        title=plan.title,
        sample_rate_hz=rate,
        frames=frames,
        duration_s=duration_s,
        start_s=start / rate,
        section="" if section is None else part,
        loudest_start_s=loop[0],
        loudest_stop_s=loop[1],
        seed=plan.options.seed,
        level="unmatched" if plan.options.unmatched else "matched",
        levels=ways,
        mismatch_lu=max(matched) - min(matched),
        versions=tuple(
            AbVersion(
                id=ids[i],
                key=keys[i],
                name=each.track.wanted.name,
                kind=each.track.wanted.kind,
                audio=heard[i][0],
                gain_db=parts.gains_db[i],
                original=_original(each.track),
                heard=heard[i][1],
                curves=heard[i][2],
                alignment=each.alignment,
                words=words_of(rows, presets, i),
                recipe=recipe_of(each.track.wanted, plan),
                notes=tuple(dict.fromkeys(each.track.notes)),
            )
            for i, each in enumerate(placed)
        ),
        pairs=pairs_of(ids, parts.difference_powers, parts.samples),
        settings=rows,
        notes=tuple(parts.notes),
    )


def _original(track: Track) -> AbOriginal:
    return AbOriginal(
        file=shown(track.path.name),
        sample_rate_hz=track.sample_rate_hz,
        channels=track.channels,
        duration_s=track.frames / track.sample_rate_hz,
        integrated_lufs=track.integrated_lufs,
        true_peak_dbtp=track.true_peak_dbtp,
        reasons=track.reasons,
    )


def _keys(placed: Sequence[Placed]) -> list[str]:
    """Return what versions are known by in any session: their sound; of equal ones their number."""
    keys: list[str] = []
    for each in placed:
        key = each.track.sha256[:16]
        again = 1
        while key in keys:
            again += 1
            key = digits_of([each.track.sha256, again])
        keys.append(key)
    return keys


def _clock(seconds: float) -> str:
    """Return a time as 1:05.50."""
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
