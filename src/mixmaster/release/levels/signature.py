"""An album's signature: what it sounds like as a whole, saved so that a later single can match it.

The signature is drawn from the finished masters of one target. It holds the tracks' medians and
spreads, the median tonal curve and width, and how the loud sections stood to the album's loudness
and to its loudest track's: so that the loudness of a single follows, whatever a place asks for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import Document, MisfitError, Settings, items, parameter
from mixmaster.documents.loading import load
from mixmaster.documents.writing import to_toml
from mixmaster.engine.publish import put, staged
from mixmaster.errors import OutputError, Problem, UsageError
from mixmaster.mastering.profile import (
    OCTAVES_HZ,
    THIRDS_HZ,
    LowEnd,
    Profile,
    Tone,
    Width,
)
from mixmaster.mastering.profile_figures import LOW_END_HZ, plr_db, width_db
from mixmaster.metering.loudness import album_lufs
from mixmaster.release.levels.album import Standing
from mixmaster.release.levels.coherence import AlbumTrack, Reference, reference_of
from mixmaster.release.levels.sound import FigureName, as_curve
from mixmaster.release.levels.spread import Spread

METHOD: Final = (
    "Of each track the loudest third; of the tracks that were not declared to stand out the "
    "median, and 1.48 times the median distance from it, weighed against what is usual where they "
    "are few."
)
_LEAST_TOLERANCE_DB: Final = 0.5
_MOST_TOLERANCE_DB: Final = 24.0
_DIGITS: Final = 2


class SignatureFigure(Settings):
    """One figure of the album."""

    figure: FigureName = parameter(..., "Which: loudness, low_end, tilt, tone, width, vocal ...")
    middle: float = parameter(..., "The tracks' median, LUFS or dB.", low=-200.0, high=200.0)
    spread: float = parameter(..., "How far they lie from it.", low=0.01, high=200.0)
    tracks: int = parameter(..., "Of how many tracks.", low=1, high=1_000)


class SignatureTrack(Settings):
    """A track of the album."""

    name: str = parameter(..., "Its title.")
    integrated_lufs: float | None = parameter(None, "Its loudness.", low=-100.0, high=20.0)
    loud_lufs: float | None = parameter(None, "Of its loudest sections.", low=-100.0, high=20.0)


class Signature(Document):
    """An album's signature."""

    kind: Literal["signature"] = parameter(..., "What the document is: signature.")
    artist: str = parameter("", "Whose album it is.")
    target: str = parameter("", "Of whose masters it was drawn.")
    method: str = parameter("", "How.")
    made: dt.date | None = parameter(None, "When.")
    anchor: str = parameter("", "The album's anchor track.")
    album_lufs: float = parameter(
        ..., "The loudness of the whole album, LUFS.", low=-70.0, high=5.0
    )
    loudest_lufs: float = parameter(
        ..., "The loudness of its loudest track, LUFS.", low=-70.0, high=5.0
    )
    plr_db: float | None = parameter(
        None, "The tracks' median of true peak over loudness, dB.", low=0.0, high=60.0
    )
    figure: tuple[SignatureFigure, ...] = items("The figures by which tracks compare.", most=32)
    tone: Tone = parameter(..., "The median tonal curve.")
    width: Width | None = parameter(None, "The median stereo width by band.")
    low_end: LowEnd | None = parameter(None, "How mono the bass is.")
    track: tuple[SignatureTrack, ...] = items("The tracks.", most=1_000)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = [each.figure for each in self.figure]
        problems = [
            Problem("figure", f"{name} is there twice", "each once")
            for name in dict.fromkeys(names)
            if names.count(name) > 1
        ]
        if "loudness" not in names:
            problems.append(Problem("figure", "loudness is missing"))
        if problems:
            raise MisfitError(problems)
        return self

    def reference(self) -> Reference:
        """Return what later tracks are compared with, in place of an anchor."""
        curve, _ = self.tone.over(THIRDS_HZ)
        levels = tuple(None if np.isnan(each) else each for each in curve.tolist())
        return Reference(
            kind="signature",
            key="",
            name=self.name,
            chosen=True,
            curve_db=levels,
            anchor_curve_db=levels,
            anchor={each.figure: each.middle for each in self.figure},
            spreads={
                each.figure: Spread(each.middle, each.spread, each.tracks) for each in self.figure
            },
        )

    def standing(self) -> Standing:
        """Return how loud a later release stands beside it."""
        loud = next(each.middle for each in self.figure if each.figure == "loudness")
        return Standing(
            name=self.name,
            over_album_lu=loud - self.album_lufs,
            over_loudest_lu=loud - self.loudest_lufs,
        )

    def profile(self) -> Profile:
        """Return it as a profile, for a match stage that moves a later track toward it."""
        return Profile(
            format=1,
            kind="profile",
            name=self.name,
            source=f"the signature of {self.name}",
            method=self.method,
            references=len(self.track),
            checked=self.made,
            integrated_lufs=max(-40.0, min(0.0, self.album_lufs)),
            plr_db=self.plr_db,
            tone=self.tone,
            width=self.width,
            low_end=self.low_end,
        )


def draw_signature(
    tracks: Sequence[AlbumTrack],
    *,
    name: str,
    artist: str = "",
    target: str = "",
    anchor: str | None = None,
    made: dt.date | None = None,
) -> Signature:
    """Return an album's signature.

    Args:
        tracks: The finished masters of one target, heard, in the album's order.
        name: The album's title.
        artist: Whose it is.
        target: The target's name.
        anchor: The key of a chosen anchor.
        made: The day that goes into the document; None leaves it out.

    Raises:
        UsageError: For an album of nothing but silence, or an anchor that is no track of it.
    """
    sounds = {each.key: each.sound() for each in tracks}
    crowd = [each for each in tracks if sounds[each.key].loud_lufs is not None]
    crowd = [each for each in crowd if not each.declared] or crowd
    heard = [each.heard.louder(each.offset_db) for each in tracks]
    together = album_lufs([each.powers for each in heard])
    loudest = max(
        (lufs for each in sounds.values() if (lufs := each.integrated_lufs) is not None),
        default=None,
    )
    if not crowd or together is None or loudest is None:
        raise UsageError(name, "an album of silence has no signature", "give its masters")
    reference = reference_of(tracks, sounds, anchor)
    curves = np.array([sounds[each.key].curve() for each in crowd])
    widths = np.array([width_db(each.heard.figures.sections.spectrum) for each in crowd])
    lows = [low for each in crowd if (low := sounds[each.key].low_side_db) is not None]
    ratios = [ratio for each in crowd if (ratio := plr_db(each.heard.figures.programme))]
    width = _bands(OCTAVES_HZ, widths)
    return Signature(
        format=1,
        kind="signature",
        name=name,
        artist=artist,
        target=target,
        method=METHOD,
        made=made,
        anchor=reference.name,
        album_lufs=round(together, _DIGITS),
        loudest_lufs=round(loudest, _DIGITS),
        plr_db=round(max(0.0, float(np.median(ratios))), _DIGITS) if ratios else None,
        figure=tuple(
            SignatureFigure(
                figure=figure,
                middle=round(each.middle, 3),
                spread=round(each.scale, 3),
                tracks=each.count,
            )
            for figure, each in reference.spreads.items()
        ),
        tone=Tone(**_bands(THIRDS_HZ, curves, level=as_curve(reference.curve_db))),
        width=Width(**width) if len(width["hz"]) else None,
        low_end=LowEnd(
            below_hz=LOW_END_HZ, side_db=round(float(np.clip(np.median(lows), -60.0, 20.0)), 2)
        )
        if lows
        else None,
        track=tuple(
            SignatureTrack(
                name=each.name,
                integrated_lufs=sounds[each.key].integrated_lufs,
                loud_lufs=sounds[each.key].loud_lufs,
            )
            for each in tracks
        ),
    )


def save_signature(signature: Signature, path: Path, *, overwrite: bool = False) -> Path:
    """Write a signature; return where it lies.

    Raises:
        UsageError: For a path that is no ``.toml``.
        OutputError: For a file that exists, or cannot be written.
    """
    if path.suffix != ".toml":
        raise UsageError(str(path), "is no .toml file", f"{path.stem or 'signature'}.toml is")
    if path.exists() and not overwrite:
        raise OutputError(str(path), "it exists", "--overwrite replaces it")
    with staged(path) as part:
        part.write_text(to_toml(signature), encoding="utf-8")
        put(part, path)
    return path.absolute()


def load_signature(path: Path) -> Signature:
    """Return the signature that a file holds.

    Raises:
        DocumentError: With every problem found.
    """
    return load(Signature, path)


def _bands(
    hz: Sequence[float], rows: Block, *, level: Block | None = None
) -> dict[str, tuple[float, ...]]:
    """Return the bands that most tracks have something in: their median, and how far they lie.

    Args:
        hz: The bands.
        rows: A curve for each track, NaN where it has nothing.
        level: Instead of the median.
    """
    known = np.isfinite(rows).sum(axis=0) * 2 > len(rows)
    if level is not None:
        known &= np.isfinite(level)
    kept = rows[:, known]
    middle = np.nanmedian(kept, axis=0) if kept.shape[1] else np.zeros(0)
    away = 1.4826 * np.nanmedian(np.abs(kept - middle), axis=0) if kept.shape[1] else middle
    tolerance = np.clip(away, _LEAST_TOLERANCE_DB, _MOST_TOLERANCE_DB)
    shown = middle if level is None else level[known]
    return {
        "hz": tuple(np.array(hz)[known].tolist()),
        "level_db": tuple(shown.round(_DIGITS).tolist()),
        "tolerance_db": tuple(tolerance.round(_DIGITS).tolist()),
    }
