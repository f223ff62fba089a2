"""What FFmpeg reads of a file's tags, through PyAV: a stranger to whoever wrote them."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mixmaster.audio.names import shown
from mixmaster.audio.tags.fields import TEXTS
from mixmaster.audio.tags.values import View
from mixmaster.errors import AudioFileError


def ffmpeg_view(path: Path) -> View | None:
    """Return what FFmpeg reads; None where PyAV is not installed.

    Args:
        path: The file.

    Raises:
        AudioFileError: When FFmpeg cannot read the file.
    """
    if find_spec("av") is None:
        return None
    import av

    try:
        with av.open(str(path), metadata_encoding="utf-8", metadata_errors="strict") as opened:
            return View(*_seen(opened), reads_pictures=True)
    except (av.FFmpegError, UnicodeDecodeError) as error:
        raise AudioFileError(shown(path), f"FFmpeg cannot read its tags: {error}") from error


def _seen(opened: Any) -> tuple[str, dict[str, str], str | None]:
    metadata = {name.lower(): text for name, text in opened.metadata.items()}
    for stream in opened.streams.audio:  # Ogg keeps comments with the stream
        metadata = {**{name.lower(): text for name, text in stream.metadata.items()}, **metadata}
    values = {field.name: metadata.get(field.ffmpeg, "") for field in TEXTS if field.ffmpeg}
    if "time_reference" in metadata:  # bext, whose day of origination FFmpeg calls the date
        del values["date"]
    picture = None
    for stream in opened.streams.video:
        packet = next(opened.demux(stream), None)
        if packet is not None:
            picture = hashlib.sha256(bytes(packet)).hexdigest()
            break
    return "FFmpeg", values, picture
