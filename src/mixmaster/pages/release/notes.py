"""Delivery notes: what a release is and what was done, on paper as on a screen."""

from __future__ import annotations

from typing import Any, Final

from mixmaster import __version__
from mixmaster.pages.axes import clock
from mixmaster.pages.framing import filled, framed
from mixmaster.pages.release.data import PageFile, PageRelease
from mixmaster.pages.release.page import HERE, VERDICTS, heading, style, track_row
from mixmaster.pages.release.texts import shown, size_text

NOTES: Final = "notes.html"


def release_notes(release: PageRelease) -> str:
    """Return the delivery notes as HTML text: made to be printed; no script runs.

    Args:
        release: The release, proven.
    """
    groups = [(target.id, shown(target.name, 80)) for target in release.targets]
    known = {target.id for target in release.targets}
    files: list[tuple[str, list[dict[str, Any]]]] = [
        (name, [_line(file) for file in release.files if file.target == key])
        for key, name in groups
    ]
    files.append(
        ("The release", [_line(file) for file in release.files if file.target not in known])
    )
    body = filled(
        HERE,
        "notes.html",
        **heading(release),
        tracks=[track_row(track) for track in release.tracks],
        total=clock(release.seconds),
        with_artists=any(track.artist != release.artist for track in release.tracks),
        with_credits=any(track.credits for track in release.tracks),
        targets=[
            {
                "name": shown(target.name, 80),
                "format": shown(target.format),
                "asked": shown(target.asked),
                "policy": shown(target.policy),
                "source": shown(target.source),
                "notes": [shown(note) for note in target.notes],
            }
            for target in release.targets
        ],
        groups=[(name, lines) for name, lines in files if lines],
        done=[shown(text) for text in release.done],
        not_done=[shown(text) for text in release.not_done],
        version=__version__,
    )
    title = f"{shown(release.artist, 80)} – {shown(release.title, 80)} – delivery notes"
    return framed(title=title, body=body, style=style("notes.css"))


def _line(file: PageFile) -> dict[str, Any]:
    return {
        "path": shown(file.path, 300),
        "format": file.format,
        "length": "" if file.seconds is None else clock(file.seconds, 0.001),
        "size": size_text(file.bytes),
        "sha256": file.sha256,
        "state": file.state,
        "said": VERDICTS[file.state],
        "reasons": [shown(text) for text in file.reasons],
        "open": [shown(text) for text in file.unchecked],
        "figures": [
            f"{cell.text} {unit}"
            for cell, (_, unit, _) in zip(file.cells[:4:3], _LOUD, strict=False)
            if cell.text != "–"
        ],
    }


_LOUD = (("Loudness", "LUFS", ""), ("True peak", "dBTP", ""))
