"""What identifies how a file was made: the same key, the same bytes; nothing is made twice.

A key holds the hashes of all that is read and every resolved setting, but not the versions of
libraries: a released file stays as it is when they change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mixmaster.audio.formats import FileSpec
from mixmaster.audio.tags import Tags
from mixmaster.documents.base import Document
from mixmaster.documents.origin import UnfoundFileError
from mixmaster.engine.hashing import hash_once
from mixmaster.engine.resources import resource_names
from mixmaster.mastering.matching import profiles_of
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.target import Target
from mixmaster.release.pieces import Piece
from mixmaster.results import jsonable


def digest(content: Any) -> str:
    """Return the SHA-256 of data, whatever the order of its keys."""
    text = json.dumps(jsonable(content), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def piece_key(piece: Piece) -> str:
    """Return what identifies a recording before any target: its sources and its chain.

    Raises:
        AudioFileError: For a source that cannot be read.
    """
    if piece.parts:
        parts = [replace(part, preset=piece.preset) for part in piece.parts]
        return digest(["programme", [piece_key(part) for part in parts]])
    content: dict[str, Any] = {
        "kind": piece.kind,
        "version": piece.version,
        "relimit": piece.relimit,
        **_chain(piece.preset),
    }
    if piece.song is None:
        content["source"] = hash_once(piece.path)
    else:
        song = piece.song
        content |= {
            "session": _document(song.session),
            "mix": _document(song.preset),
            "stems": [[path.name, hash_once(path)] for path in song.stems.paths],
            "mix_resources": list(_resources(song.preset)),
        }
    if piece.dialogue is not None:
        content["dialogue"] = hash_once(piece.dialogue)
    return digest(content)


def chain_key(preset: MasteringPreset) -> str:
    """Return what identifies a chain, with all that it reads; its name does not count.

    Raises:
        DocumentError: For a profile that cannot be read.
    """
    content = _chain(preset)
    for told in ("name", "description"):
        content["preset"].pop(told, None)
    return digest(content)


def _chain(preset: MasteringPreset) -> dict[str, Any]:
    return {
        "preset": _document(preset),
        "resources": list(_resources(preset)),
        "profiles": _profiles(preset),
    }


def file_key(
    made_of: str,
    target: Target,
    spec: FileSpec,
    wanted_lufs: float | None,
    *,
    tags: Tags | None = None,
    picture_sha256: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> str:
    """Return what identifies a file.

    Args:
        made_of: The recording's key.
        target: What it is made for.
        spec: What kind of file it is.
        wanted_lufs: The loudness that it is to have.
        tags: What it says, gains for playing left out: they follow from the rest.
        picture_sha256: What it shows.
        more: Anything else.
    """
    document = _document(target)
    for told in ("name", "description", "source", "unsure", "checked", "playback", "streams"):
        document.pop(told, None)
    return digest(
        {
            "made_of": made_of,
            "target": document,
            "spec": spec,
            "wanted_lufs": wanted_lufs,
            "tags": tags,
            "picture": picture_sha256,
            "more": dict(more or {}),
        }
    )


def _document(document: Document) -> dict[str, Any]:
    return document.model_dump(mode="json", exclude_none=True)


def _resources(document: Document) -> Iterator[str]:
    """Yield the hashes of the files that a document's effects need."""
    for name in resource_names(document):
        try:
            yield hash_once(document.origin.find(name))
        except UnfoundFileError:
            yield name  # whoever runs the chain says so


def _profiles(preset: MasteringPreset) -> dict[str, Any]:
    found = profiles_of(preset.chain(), None, preset.origin)
    return {where: _document(named.profile) for where, named in found.items()}
