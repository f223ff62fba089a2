"""Holding what was read to what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from mixmaster.audio.tags.fields import held
from mixmaster.audio.tags.limits import visible
from mixmaster.audio.tags.values import Tags, TagsFound


def differences(
    expected: Tags, found: TagsFound, picture_sha256: str | None = None
) -> tuple[str, ...]:
    """Return what a file says otherwise than was meant, a line for each field; empty for nothing.

    Every reader is held to it, and every place in the file: FFmpeg, where it is installed, and RIFF
    INFO beside ``id3``; what two of them say alike is told once. Gains are compared as the kind of
    file holds them.

    Args:
        expected: What was meant, or, of a WAV file without ``id3``, what `write_tags` returned.
        found: What `read_tags` found.
        picture_sha256: The hash of the picture that was meant; None for none.
    """
    return tuple(_differences(held(found.kind, expected), found, picture_sha256))


def _differences(expected: Tags, found: TagsFound, picture_sha256: str | None) -> Iterator[str]:
    for field in fields(Tags):
        wanted, there = getattr(expected, field.name), getattr(found.tags, field.name)
        if wanted != there:
            yield f"{field.name}: {_said(there)} where {_said(wanted)} is expected"
    if found.picture_sha256 != picture_sha256:
        yield _picture(found.picture_sha256, picture_sha256)
    for view in found.views:
        for name, text in view.values.items():
            value = getattr(expected, name)
            wanted_text = "" if value is None else str(value)
            own = getattr(found.tags, name)
            if text not in {wanted_text, "" if own is None else str(own)}:
                yield (
                    f"{name}: {_said(text)} where {_said(wanted_text)} is expected, "
                    f"as {view.where} reads it"
                )
        seen = {picture_sha256, found.picture_sha256}
        if view.reads_pictures and view.picture_sha256 not in seen:
            yield f"{_picture(view.picture_sha256, picture_sha256)}, as {view.where} reads it"


def _picture(there: str | None, wanted: str | None) -> str:
    def said(sha256: str | None) -> str:
        return "no picture" if sha256 is None else f"one of SHA-256 {sha256[:12]}..."

    return f"picture: {said(there)} where {said(wanted)} is expected"


def _said(value: Any) -> str:
    if value in {"", None, ()}:
        return "nothing"
    if isinstance(value, str):
        return f"'{visible(value)}'"
    if isinstance(value, tuple):
        return f"'{'; '.join(visible(name) for name in value)}'"
    return str(value)
