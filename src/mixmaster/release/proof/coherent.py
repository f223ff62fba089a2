"""How an album's tracks go together, as its page shows it."""

from __future__ import annotations

from typing import Final

from mixmaster.pages.axes import signed
from mixmaster.pages.release.data import Cell, PageTable
from mixmaster.release.levels.coherence import Coherence, TrackCoherence
from mixmaster.release.levels.sound import FIGURES, FigureName

_COLUMNS: Final[dict[FigureName, tuple[str, str]]] = {
    "loudness": ("Loud sections", "LUFS"),
    "low_end": ("Low end", "dB"),
    "tilt": ("Tilt", "dB"),
    "tone": ("Tone", "dB off"),
    "width": ("Width", "dB"),
    "low_side": ("Low width", "dB"),
    "vocal": ("Vocal", "LU"),
}


def coherence_table(coherence: Coherence) -> PageTable:
    """Return how an album's tracks go together as a table: a row a track, a column a figure.

    Under each figure stands how far it is from the anchor's; what stands out is marked. A figure
    that no track has gets no column.

    Args:
        coherence: What was found.
    """
    names = [n for n in FIGURES if any(track.finding(n) for track in coherence.tracks)]
    reference = coherence.reference
    if reference.kind == "signature":
        to = f"the album that '{reference.name}' is the signature of"
    else:
        how = "chosen" if reference.chosen else "nearest to all"
        to = f"the anchor, '{reference.name}' ({how})"
    notes = [*coherence.notes, *(_said(track) for track in coherence.tracks)]
    return PageTable(
        title="How the album holds together",
        about=f"The loud sections of each track; under each figure, how far it is from {to}.",
        columns=tuple(_COLUMNS[name] for name in names),
        rows=tuple(
            (track.name, tuple(_cell(track, name) for name in names)) for track in coherence.tracks
        ),
        notes=tuple(note for note in notes if note),
    )


def _cell(track: TrackCoherence, name: FigureName) -> Cell:
    found = track.finding(name)
    if found is None:
        return Cell("–", why="the track has no such figure")
    apart = signed(found.from_anchor, 1, plus=True)
    return Cell(signed(found.value, 1), apart, found.outlier and not track.declared)


def _said(track: TrackCoherence) -> str:
    said = list(track.said)
    if track.declared:
        said.append("it is meant to stand out")
    if track.proposal:
        said.append(f"proposed: {track.proposal.words()}")
    return f"{track.name}: {'; '.join(said)}" if said else ""
