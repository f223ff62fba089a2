"""Holding an album together: its tracks compared, corrected where that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mixmaster.pages.release.data import Cell, PageTable
from mixmaster.release.album.document import Album
from mixmaster.release.levels.coherence import AlbumTrack, Coherence, analyse
from mixmaster.release.levels.cohering import Made, cohere
from mixmaster.release.levels.corrections import Correction, corrected
from mixmaster.release.levels.hearing import Heard
from mixmaster.release.levels.signature import Signature
from mixmaster.release.naming import names_of
from mixmaster.release.studio import Ready, Studio


@dataclass(frozen=True, slots=True)
class Together:
    """How an album's tracks go together.

    Attributes:
        coherence: Each track beside the others, after what was made.
        made: What was proposed and tried; empty where nothing was asked for.
        tracks: What was compared.
    """

    coherence: Coherence
    made: tuple[Made, ...]
    tracks: tuple[AlbumTrack, ...]

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """What was kept."""
        return tuple(each.made for each in self.made if each.made is not None)

    def to_json(self) -> dict[str, Any]:
        """Return it as the record keeps it."""
        return {
            "coherence": self.coherence.to_json(),
            "made": [each.to_json() for each in self.made],
            "corrections": [each.to_json() for each in self.corrections],
        }


def hold_together(
    album: Album,
    mains: Mapping[str, str],
    studio: Studio,
    *,
    correct: bool,
    signature: Signature | None = None,
) -> Together:
    """Compare an album's tracks; where it is asked for, correct them and run them again.

    Args:
        album: The document.
        mains: The recordings that are compared: their keys, by what tells them apart.
        studio: Where all tracks are ready; those that are corrected are made ready again.
        correct: Whether proposals are made.
        signature: An earlier album's, that this one is to match.

    Raises:
        UsageError: For an anchor that has nothing to hear.
    """
    before = {own: studio.ready[key] for own, key in mains.items()}
    tracks = tuple(_track(album, own, each) for own, each in before.items())
    anchor = next((k for k, e in before.items() if album.cohere.anchor in e.piece.numbers), None)
    reference = None if signature is None else signature.reference()
    if not correct:
        return Together(analyse(tracks, anchor=anchor, reference=reference), (), tracks)

    def remake(key: str, correction: Correction) -> Heard:
        piece = before[key].piece
        studio.again(piece.key, corrected(piece.preset, correction))
        return studio.ready[piece.key].heard

    run = cohere(tracks, remake, anchor=anchor, reference=reference)
    for key, main in before.items():
        kept = run.corrections.get(key)
        preset = main.piece.preset if kept is None else corrected(main.piece.preset, kept)
        numbers = set(main.piece.numbers)
        for each in [r for r in studio.ready.values() if numbers & set(r.piece.numbers)]:
            if each.piece.kind != "master" and each.piece.preset != preset:
                studio.again(each.piece.key, preset)
    after = tuple(
        _track(album, key, studio.ready[each.piece.key], run.corrections.get(key))
        for key, each in before.items()
    )
    return Together(run.after, run.made, after)


def _track(
    album: Album, key: str, ready: Ready, correction: Correction | None = None
) -> AlbumTrack:
    track = album.track[ready.piece.number - 1]
    declared = all(album.track[number - 1].outlier for number in ready.piece.numbers)
    return AlbumTrack(
        key=key,
        name=names_of(album, ready.piece),
        heard=ready.heard,
        offset_db=track.level_offset_db + (0.0 if correction is None else correction.gain_db),
        vocal_lu=ready.vocal_lu,
        declared=declared,
        fixed=ready.piece.kind == "master",
    )


_COLUMNS: Final = {
    "loudness": ("Loud sections", "LUFS"),
    "low_end": ("Low end", "dB"),
    "tilt": ("Tilt", "dB"),
    "tone": ("Tone", "dB"),
    "width": ("Width", "dB"),
    "low_side": ("Low sides", "dB"),
    "vocal": ("Voice", "LU"),
}


def page_table(said: Mapping[str, Any]) -> PageTable | None:
    """Return how the tracks compare as the page shows it, from what the record keeps of it."""
    found = said.get("coherence")
    if not isinstance(found, Mapping) or not found.get("tracks"):
        return None
    tracks = found["tracks"]
    names = [
        name
        for name in _COLUMNS
        if any(each["figure"] == name for track in tracks for each in track["findings"])
    ]
    rows = []
    for track in tracks:
        figures = {each["figure"]: each for each in track["findings"]}
        cells = [
            Cell(f"{figures[name]['value']:.1f}", bad=bool(figures[name]["outlier"]))
            if name in figures
            else Cell("–")
            for name in names
        ]
        rows.append((str(track["name"]), tuple(cells)))
    return PageTable(
        title="Together",
        about="How the tracks sound beside each other after their chains, at the mixes' own "
        "levels; what stands out from the others is marked.",
        columns=tuple(_COLUMNS[name] for name in names),
        rows=tuple(rows),
        notes=said_of(said),
    )


def said_of(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in sentences how the tracks go together, from what the record keeps of it."""
    found = said.get("coherence")
    if not isinstance(found, Mapping):
        return ()
    made = said.get("made") or ()
    notes = [str(text) for text in found["notes"]]
    for track in found["tracks"]:
        notes += [f"{track['name']}: {text}" for text in track["said"]]
        if track["proposal"] and not made:
            notes.append(f"{track['name']}: {_words(track['proposal'])} would bring it nearer")
    for each in made:
        done = "nothing" if each["made"] is None else _words(each["made"])
        why = f"; {each['said']}" if each["said"] else ""
        notes.append(f"{each['name']}: corrected by {done}{why}")
    return tuple(notes)


def _words(correction: Mapping[str, Any]) -> str:
    gain_db, tilt_db = correction["gain_db"], correction["tilt_db"]
    return Correction(str(correction["key"]), gain_db, tilt_db).words()
