"""The A/B page: versions side by side, heard without a gap, level-matched, and blind.

One page beside a folder of audio: it works from disk and from any server, and asks for nothing
but its own audio. `mixmaster.pages.framing` says how what comes from outside gets in; the script
only ever puts it into ``textContent``.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from mixmaster import __version__
from mixmaster.engine.threads import default_threads
from mixmaster.pages.ab.data import AbSession, AbVersion
from mixmaster.pages.ab.payload import payload
from mixmaster.pages.ab.pieces import write_pieces
from mixmaster.pages.axes import clock, signed
from mixmaster.pages.framing import filled, framed, palette, source
from mixmaster.pages.theme import DASHES, ROLES, SERIES
from mixmaster.pages.writing import PAGE_MARK, write

SCRIPTS = (
    "core.js",
    "chance.js",
    "store.js",
    "pieces.js",
    "runs.js",
    "player.js",
    "offline.js",
    "board.js",
    "dock.js",
    "charts.js",
    "versions.js",
    "notes.js",
    "modes.js",
    "blind.js",
    "abx.js",
    "preference.js",
    "results.js",
    "keys.js",
    "main.js",
)
"""The page's script, in the order in which its parts need one another."""

INDEX = "index.html"

_HERE = "mixmaster.pages.ab"

_KINDS = {"master": "master", "mix": "the mix itself", "file": "", "reference": "reference"}


def write_ab_page(session: AbSession, folder: Path) -> list[Path]:
    """Write the page of a session whose audio lies in ``folder`` already.

    ``index.html`` comes last: until then an older page there goes on working.

    Args:
        session: The versions, and what is known of them.
        folder: Where ``session.versions[i].audio.file`` are.

    Returns:
        Every file of the page, but for the FLACs: those that were written, and pieces of audio
        that were there already.

    Raises:
        AudioFileError: For audio that cannot be read, or is not what the session says.
        OutputError: When a file cannot be written, or a file there is not ours.
    """
    pieces = write_pieces(session, folder, threads=default_threads())
    index = folder / INDEX
    write(index, ab_page(session).encode("utf-8", "replace"), PAGE_MARK)
    return [*pieces, index]


def ab_page(session: AbSession) -> str:
    """Return the page as HTML text; its audio lies beside it.

    Args:
        session: Two versions or more.
    """
    body = filled(
        _HERE,
        "ab.html",
        session=session,
        rows=[_row(version, i) for i, version in enumerate(session.versions)],
        columns=_COLUMNS,
        series=SERIES,
        many=len(session.versions) > SERIES,
        about=_about(session),
        version=__version__,
    )
    return framed(
        title=f"{session.title} – A/B",
        body=body,
        style=_style(),
        script=_script(),
        data=payload(session),
    )


def _script() -> str:
    dashes = ",".join(f"[{','.join(f'{length:g}' for length in dash)}]" for dash in DASHES)
    parts = [source(_HERE, name) for name in SCRIPTS]
    return "".join([parts[0], f"AB.dashes=[{dashes}];\n", *parts[1:]])


def _style() -> str:
    colours = "".join(
        f".l-{role}{{stroke:var(--{role})}}.b-{role}{{background:var(--{role})}}" for role in ROLES
    )
    return palette() + source(_HERE, "ab.css") + colours


_COLUMNS = (
    ("Loudness", "LUFS", "integrated, as it is heard now"),
    ("Loudest 3 s", "LUFS", "short-term, as it is heard now"),
    ("Range", "LU", "loudness range, EBU Tech 3342"),
    ("True peak", "dBTP", "as it is heard now"),
    ("PLR", "dB", "true peak less integrated loudness: how much the peaks stand out"),
    ("PSR", "dB", "the same where it is smallest, over 3 s"),
    ("Tilt", "dB/oct", "slope of the spectrum; pink noise reads 0"),
    ("Width", "dB", "side over mid"),
)


def _row(version: AbVersion, index: int) -> dict[str, Any]:
    heard = version.heard
    cells = (
        (heard.integrated_lufs, "integrated_lufs", True, False),
        (heard.max_short_term_lufs, "max_short_term_lufs", True, False),
        (heard.loudness_range_lu, "loudness_range_lu", False, False),
        (heard.true_peak_dbtp, "true_peak_dbtp", True, False),
        (heard.plr_db, "plr_db", False, False),
        (heard.psr_db, "psr_db", False, False),
        (heard.tilt_db_per_octave, "tilt_db_per_octave", False, True),
        (heard.width_db, "width_db", False, False),
    )
    return {
        "number": index + 1,
        "id": version.id,
        "name": version.name,
        "series": index if index < SERIES else -1,
        "kind": _KINDS[version.kind],
        "from": _given(version),
        "words": version.words,
        "notes": version.notes,
        "cells": [
            {
                "text": signed(value, 1, plus=plus),
                "value": value if moves else None,
                "why": heard.reasons.get(name, "") if value is None else "",
            }
            for value, name, moves, plus in cells
        ],
        "recipe": version.recipe is not None,
    }


def _given(version: AbVersion) -> str:
    """Return what a version was before it was made comparable."""
    original = version.original
    parts = []
    if original.integrated_lufs is not None:
        parts.append(f"delivered at {signed(original.integrated_lufs)} LUFS")
    if original.true_peak_dbtp is not None:
        parts.append(f"{signed(original.true_peak_dbtp)} dBTP")
    if original.channels == 1:
        parts.append("mono")
    moved = version.alignment.offset_samples
    if version.alignment.aligned and moved:
        parts.append(f"moved by {signed(-moved, 0, plus=True)} samples")
    if version.alignment.polarity_inverted:
        parts.append("polarity inverted")
    if not version.alignment.aligned:
        parts.append("not aligned")
    return ", ".join(parts)


def _about(session: AbSession) -> dict[str, str]:
    rate = f"{session.sample_rate_hz / 1_000:g} kHz"
    return {
        "count": f"{len(session.versions)} versions",
        "length": clock(session.duration_s),
        "rate": rate,
        # rounded up: what is promised holds
        "mismatch": f"{max(0.01, math.ceil(session.mismatch_lu * 100.0) / 100.0):.2f} LU",
        "section": session.section,
    }
