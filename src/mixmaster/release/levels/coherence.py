"""Whether an album's tracks go together: each compared with an anchor, and with all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from mixmaster.arrays import Block
from mixmaster.errors import UsageError
from mixmaster.mastering.profile_deltas import distance_db
from mixmaster.mastering.profile_figures import levelled
from mixmaster.release.levels.beside import (
    AlbumTrack,
    Coherence,
    Finding,
    Reference,
    TrackCoherence,
)
from mixmaster.release.levels.corrections import (
    MOST_GAIN_DB,
    MOST_TILT_DB,
    Correction,
    bounded,
)
from mixmaster.release.levels.gains import common_scale
from mixmaster.release.levels.reach import APPROVED, FREE
from mixmaster.release.levels.sound import (
    FIGURES,
    FigureName,
    Sound,
    as_curve,
    tilt_db,
    tilt_loudness_lu,
)
from mixmaster.release.levels.spread import FEWEST, OUTSIDE, Spread, spread_of
from mixmaster.release.levels.words import outlier_words

__all__ = [
    "AlbumTrack",
    "Coherence",
    "Finding",
    "Reference",
    "TrackCoherence",
    "analyse",
    "compare",
    "compared",
    "on_one_scale",
    "reference_of",
    "values_of",
]

_ONE_SIDED: Final = frozenset({"tone"})
"""Figures that only a large value is odd of."""

_MOST: Final[dict[FigureName, tuple[float, str]]] = {
    "loudness": (MOST_GAIN_DB, "gain"),
    "tilt": (MOST_TILT_DB, "tilt"),
}
_MUCH: Final = 1.5
"""So many times what is proposed at most would be needed: that is told."""


def analyse(
    tracks: Sequence[AlbumTrack],
    *,
    anchor: str | None = None,
    reference: Reference | None = None,
) -> Coherence:
    """Compare an album's tracks, and propose what would bring outliers nearer.

    The anchor is chosen, or scored: of each track the distances of all its figures from the
    tracks' medians, in spreads, and their root mean square; the lowest is nearest to all. A track
    is an outlier by a figure that lies further than 2.5 spreads (``spread``) both from the anchor
    and from the median, on the same side. Proposed is then what brings it to one spread from the
    nearer of them, no further: tracks stay different. Loudness is corrected by gain, tone by a
    tilt, within 1.5 and 1 dB; a tilt's own change of loudness is taken into the gain. The low end,
    the width and the vocal level are told, since no gentle gain or tilt is their remedy.

    Args:
        tracks: In the album's order.
        anchor: The key of a chosen anchor.
        reference: An earlier album's, in place of an anchor (``signature.reference``).

    Raises:
        UsageError: For no tracks, or an anchor that is none of them or has nothing to hear.
    """
    if not tracks:
        raise UsageError("", "an album has a track at least", "give its tracks")
    return compared(on_one_scale(tracks, reference), anchor=anchor, reference=reference)


def compared(
    tracks: Sequence[AlbumTrack], *, anchor: str | None, reference: Reference | None
) -> Coherence:
    """Return `analyse` of tracks that are on one scale already."""
    sounds = {each.key: each.sound() for each in tracks}
    found = reference or reference_of(tracks, sounds, anchor)
    beside = tuple(compare(each, sounds[each.key], found) for each in tracks)
    notes = []
    if not found.judges and len(tracks) > 1:
        notes.append("with so few tracks none is the odd one: choose an anchor to compare with")
    return Coherence(found, beside, tuple(notes))


def on_one_scale(
    tracks: Sequence[AlbumTrack], reference: Reference | None = None
) -> list[AlbumTrack]:
    """Return tracks on one scale.

    Mixes beside approved masters are brought to their level, as `gains.album_gains` does. With an
    earlier album's signature all get the one gain that brings their median to it: mixes have any
    level, and what is judged of their loudness is how they stand to each other.
    """
    loudness = [
        each.heard.louder(each.offset_db).loudness(
            each.key, each.name, limits=APPROVED if each.fixed else FREE
        )
        for each in tracks
    ]
    scale = common_scale(loudness)
    placed = [replace(each, offset_db=each.offset_db + scale.get(each.key, 0.0)) for each in tracks]
    loud = [
        lufs
        for each in placed
        if not each.declared and (lufs := each.sound().loud_lufs) is not None
    ]
    if reference is None or reference.kind != "signature" or not loud:
        return placed
    gain_db = reference.spreads["loudness"].middle - float(np.median(loud))
    return [replace(each, offset_db=each.offset_db + gain_db) for each in placed]


def reference_of(
    tracks: Sequence[AlbumTrack], sounds: Mapping[str, Sound], anchor: str | None
) -> Reference:
    """Return what an album's tracks are compared with: its anchor, and where they lie.

    Tracks that are meant to stand out are left out, unless all are.
    """
    audible = [each for each in tracks if sounds[each.key].loud_lufs is not None]
    crowd = [each for each in audible if not each.declared] or audible
    curves = np.array([sounds[each.key].curve() for each in crowd])
    middle = levelled(_median(curves)) if len(crowd) else np.full(27, np.nan)
    values = {each.key: values_of(sounds[each.key], middle) for each in crowd}
    spreads = {}
    for name in FIGURES:
        spread = spread_of(name, [found[name] for found in values.values() if name in found])
        if spread is not None:
            spreads[name] = spread
    chosen = anchor is not None
    if anchor is None:
        scores = {key: _score(found, spreads) for key, found in values.items()}
        anchor = min(scores, key=lambda key: scores[key], default="")
    elif anchor not in sounds or sounds[anchor].loud_lufs is None:
        known = ", ".join(each.key for each in audible) or "none"
        raise UsageError("anchor", f"'{anchor}' is no track to compare with", f"there are: {known}")
    called = next((each.name for each in tracks if each.key == anchor), "")
    sound = sounds.get(anchor)
    return Reference(
        kind="anchor",
        key=anchor,
        name=called,
        chosen=chosen,
        curve_db=_listed(middle),
        anchor_curve_db=() if sound is None else sound.tone_db,
        anchor={} if sound is None else values_of(sound, middle),
        spreads=spreads,
    )


def values_of(sound: Sound, middle: Block) -> dict[FigureName, float]:
    """Return a track's figures by name, those that exist.

    Args:
        sound: The track.
        middle: The median tonal curve, which tilt and tone are meant against.
    """
    curve = sound.curve()
    found: dict[FigureName, float | None] = {
        "loudness": sound.loud_lufs,
        "low_end": sound.low_end_db,
        "tilt": tilt_db(curve, middle),
        "tone": distance_db(curve, middle),
        "width": sound.width_db,
        "low_side": sound.low_side_db,
        "vocal": sound.vocal_lu,
    }
    return {name: round(value, 3) + 0.0 for name, value in found.items() if value is not None}


def compare(track: AlbumTrack, sound: Sound, reference: Reference) -> TrackCoherence:
    """Return one track beside the others, with what is proposed for it."""
    values = values_of(sound, as_curve(reference.curve_db))
    curve = sound.curve()
    to_anchor = None
    if reference.anchor_curve_db:
        to_anchor = distance_db(curve, as_curve(reference.anchor_curve_db))
    findings = tuple(
        _finding(name, value, to_anchor, reference)
        for name, value in values.items()
        if name in reference.spreads and name in reference.anchor
    )
    is_anchor = track.key == reference.key
    odd = [each for each in findings if each.outlier and not is_anchor]
    said = [outlier_words(each.figure, each.from_middle) for each in odd]
    proposal = None
    if track.declared and odd:
        said.append("it is meant to stand out, and stays as it is")
    elif track.fixed and odd:
        said.append("it is an approved master, and stays as it is")
    elif track.done and odd:
        said.append(f"it was corrected by {track.done.words()}: the rest is the mix's")
    elif odd:
        proposal, more = _proposal(track, odd, reference)
        said += more
    return TrackCoherence(
        key=track.key,
        name=track.name,
        declared=track.declared,
        fixed=track.fixed,
        sound=sound,
        findings=findings,
        distance_to_anchor_db=to_anchor,
        distance_to_album_db=values.get("tone"),
        score=round(_score(values, reference.spreads), 3) if findings else None,
        proposal=proposal,
        said=tuple(said),
    )


def _finding(
    name: FigureName, value: float, to_anchor: float | None, reference: Reference
) -> Finding:
    spread = reference.spreads[name]
    middle, anchor = value - spread.middle, value - reference.anchor[name]
    if name == "tone":  # how far the curve is from the anchor's own, over what is usual
        anchor = (to_anchor if to_anchor is not None else value) - spread.middle
    limit = OUTSIDE * spread.scale
    far = [anchor] if spread.count < FEWEST and reference.kind == "anchor" else [middle, anchor]
    odd = all(each > limit for each in far)
    if name not in _ONE_SIDED:
        odd = odd or all(each < -limit for each in far)
    return Finding(
        figure=name,
        value=value,
        from_anchor=round(anchor, 3) + 0.0,
        from_middle=round(middle, 3) + 0.0,
        spreads=round(middle / spread.scale, 2) + 0.0,
        outlier=odd and reference.judges,
    )


def _proposal(
    track: AlbumTrack, odd: Sequence[Finding], reference: Reference
) -> tuple[Correction | None, list[str]]:
    """Return what is proposed, and what has to be said of it."""
    wanted = {
        each.figure: _back(each, reference) for each in odd if each.figure in {"tilt", "loudness"}
    }
    tilt = bounded(wanted.get("tilt", 0.0), MOST_TILT_DB)
    gain = wanted.get("loudness", 0.0)
    if tilt:
        gain -= tilt_loudness_lu(track.heard.figures.sections.spectrum, tilt)
    why = tuple(
        outlier_words(each.figure, each.from_middle) for each in odd if each.figure in wanted
    )
    found = Correction(track.key, bounded(gain, MOST_GAIN_DB), tilt, why)
    said = [
        f"{_MOST[name][0]:g} dB of {_MOST[name][1]} is the most that is proposed: the rest is the "
        "mix's"
        for name, value in wanted.items()
        if abs(value) > _MUCH * _MOST[name][0]
    ]
    return found or None, said


def _back(finding: Finding, reference: Reference) -> float:
    """Return what brings a figure to one spread from the nearer of anchor and middle."""
    away = finding.from_anchor
    few = reference.kind == "anchor" and reference.spreads[finding.figure].count < FEWEST
    if not few and abs(finding.from_middle) < abs(away):
        away = finding.from_middle
    scale = reference.spreads[finding.figure].scale
    return -float(np.sign(away)) * max(0.0, abs(away) - scale)


def _score(values: Mapping[FigureName, float], spreads: Mapping[FigureName, Spread]) -> float:
    away = []
    for name, value in values.items():
        if name in spreads:
            far = (value - spreads[name].middle) / spreads[name].scale
            away.append(max(far, 0.0) if name in _ONE_SIDED else far)
    return float(np.sqrt(np.mean(np.square(away)))) if away else 0.0


def _median(
    curves: Block,
) -> Block:
    """Return the median of curves; NaN in bands that most of them have nothing in."""
    known = np.isfinite(curves).sum(axis=0) * 2 > len(curves)
    middle = np.full(curves.shape[1], np.nan)
    if known.any():
        middle[known] = np.nanmedian(curves[:, known], axis=0)
    return middle


def _listed(curve: Block) -> tuple[float | None, ...]:
    return tuple(round(each, 3) if np.isfinite(each) else None for each in curve.tolist())
