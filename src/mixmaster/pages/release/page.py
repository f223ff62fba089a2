"""The page of a release: each file's proof on a line, the tracks, and a player beside them.

It lies in the release's folder as ``index.html`` and plays the files there from the disk. It
needs nothing else; `mixmaster.pages.framing` says how what comes from outside gets in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mixmaster import __version__
from mixmaster.pages.axes import NARROW, WIDE, clock
from mixmaster.pages.framing import filled, framed, palette, source
from mixmaster.pages.release.charts import levels_scene
from mixmaster.pages.release.cover import cover_address
from mixmaster.pages.release.data import FIGURES, PageFile, PageRelease, PageTarget, PageTrack
from mixmaster.pages.release.texts import address, shown, size_text
from mixmaster.pages.svg import svg
from mixmaster.pages.theme import ROLES

HERE: Final = "mixmaster.pages.release"
INDEX: Final = "index.html"

VERDICTS: Final = {"green": "green", "red": "red", "unchecked": "not checked"}
"""What states are called."""


def release_page(release: PageRelease) -> str:
    """Return the page as HTML text; the files that it plays lie beside it.

    Args:
        release: The release, proven.
    """
    names = {target.id: target.name for target in release.targets}
    sounds = [file for file in release.files if file.cells]
    body = filled(
        HERE,
        "release.html",
        **heading(release),
        verdict=_verdict(release),
        tracks=[track_row(track) for track in release.tracks],
        total=clock(release.seconds),
        columns=FIGURES,
        targets=[(target, i) for i, target in enumerate(release.targets)],
        sounds=[_row(file, i, release, names) for i, file in enumerate(sounds)],
        others=[_other(file) for file in release.files if not file.cells],
        levels=[_levels(target, i, sounds) for i, target in enumerate(release.targets)],
        coherence=release.coherence,
        done=[shown(text) for text in release.done],
        not_done=[shown(text) for text in release.not_done],
        version=__version__,
    )
    return framed(
        title=f"{shown(release.artist, 80)} – {shown(release.title, 80)} – release",
        body=body,
        style=style("release.css"),
        script=source(HERE, "release.js"),
        data={},
        plays_files=True,
    )


def style(*names: str) -> str:
    """Return the style of a page of a release: the theme's colours, the base, and its own."""
    colours = "".join(
        f".chart .l-{role}{{stroke:var(--{role})}}"
        f".chart .f-{role},.chart .t-{role}{{fill:var(--{role})}}"
        for role in ROLES
    )
    own = "".join(source(HERE, name) for name in ("base.css", *names))
    return palette() + own + colours


def heading(release: PageRelease) -> dict[str, Any]:
    """Return what the head of both pages shows."""
    return {
        "title": shown(release.title),
        "artist": shown(release.artist),
        "facts": [(name, shown(text, 160)) for name, text in release.facts if text],
        "cover": cover_address(release.cover) if release.cover else "",
        "length": f"{len(release.tracks)} track{'s' if len(release.tracks) != 1 else ''}, "
        f"{clock(release.seconds)}",
    }


def track_row(track: PageTrack) -> dict[str, Any]:
    """Return a track as a line of the track list."""
    return {
        "number": track.number,
        "title": shown(track.title),
        "version": shown(track.version),
        "artist": shown(track.artist),
        "isrc": shown(track.isrc, 20),
        "writers": shown(", ".join(track.writers)),
        "credits": [shown(line) for line in track.credits[:50]],
        "explicit": {True: "explicit", False: "clean", None: ""}[track.explicit],
        "length": clock(track.seconds),
        "gap": f"gap {track.gap_s:g} s" if track.gap_s else "",
    }


def _verdict(release: PageRelease) -> dict[str, Any]:
    counts = release.counts()
    total = len(release.files)
    if counts["red"]:
        said = f"{counts['red']} of {total} files red"
        state = "red"
    elif counts["unchecked"]:
        said = f"{counts['unchecked']} of {total} files not checked"
        state = "unchecked"
    else:
        said = f"all {total} files green" if total != 1 else "its one file green"
        state = "green"
    return {"said": said, "state": state, "of": [(VERDICTS[k], n) for k, n in counts.items() if n]}


def _row(file: PageFile, index: int, release: PageRelease, names: dict[str, str]) -> dict[str, Any]:
    number = [i for i, target in enumerate(release.targets) if target.id == file.target]
    return {
        "index": index,
        "title": shown(file.title, 160),
        "track": "" if file.track is None else file.track,
        "kind": "" if file.kind == "master" else file.kind,
        "target": shown(names.get(file.target, file.target) or "the release", 60),
        "of": number[0] if number else -1,
        "format": file.format,
        "length": "" if file.seconds is None else clock(file.seconds),
        "size": size_text(file.bytes),
        "name": shown(file.path.rpartition("/")[2], 300),
        "address": address(file.path),
        "state": file.state,
        "said": VERDICTS[file.state],
        "reasons": [shown(text) for text in file.reasons],
        "open": [shown(text) for text in file.unchecked],
        "remarks": [shown(text) for text in file.remarks],
        "cells": file.cells,
        "tags": file.tags,
    }


def _other(file: PageFile) -> dict[str, Any]:
    return {
        "kind": file.kind,
        "path": shown(file.path, 300),
        "address": address(file.path),
        "size": size_text(file.bytes),
        "state": file.state,
        "said": VERDICTS[file.state],
        "reasons": [shown(text) for text in file.reasons],
        "open": [shown(text) for text in file.unchecked],
    }


def _levels(target: PageTarget, index: int, sounds: Sequence[PageFile]) -> dict[str, Any] | None:
    files = [file for file in sounds if file.target == target.id]
    if not files:
        return None
    wide, narrow = (levels_scene(target, files, size) for size in (WIDE, NARROW))
    return {
        "index": index,
        "name": shown(target.name, 80),
        "about": wide.description,
        "wide": svg(wide, f"t{index}-w", "wide"),
        "narrow": svg(narrow, f"t{index}-n", "narrow"),
        "policy": shown(target.policy),
        "asked": shown(target.asked),
        "format": shown(target.format),
        "source": shown(target.source),
        "notes": [shown(note) for note in target.notes],
    }
