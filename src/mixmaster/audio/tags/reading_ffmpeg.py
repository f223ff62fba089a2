"""What FFmpeg reads of a file's tags, through PyAV: a stranger to whoever wrote them."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mixmaster.audio.names import shown
from mixmaster.audio.tags.fields import FREEFORM, ID3_KINDS, TEXTS, VORBIS_KINDS, Text
from mixmaster.audio.tags.values import Kind, View
from mixmaster.errors import AudioFileError

# FFmpeg's names for what formats name otherwise: libavformat's id3v2.c, vorbiscomment.c and mov.c.
_OWN_NAMES = {
    "TIT2": "title",
    "TPE1": "artist",
    "TALB": "album",
    "TPE2": "album_artist",
    "TDRC": "date",
    "TCON": "genre",
    "TPUB": "publisher",
    "TCOP": "copyright",
    "ALBUMARTIST": "album_artist",
    "\xa9nam": "title",
    "\xa9ART": "artist",
    "\xa9alb": "album",
    "aART": "album_artist",
    "\xa9day": "date",
    "\xa9gen": "genre",
    "cprt": "copyright",
}
# It joins or drops several writers, and takes bext's description for a comment.
_NOT_IN_FULL = {"writers", "comment"}


def ffmpeg_view(path: Path, kind: Kind) -> View | None:
    """Return what FFmpeg reads; None where PyAV is not installed.

    Args:
        path: The file.
        kind: Of the file.

    Raises:
        AudioFileError: When FFmpeg cannot read the file.
    """
    if find_spec("av") is None:
        return None
    import av

    try:
        # Not by its name, which FFmpeg might take for an address.
        with (
            path.open("rb") as file,
            av.open(file, metadata_encoding="utf-8", metadata_errors="strict") as opened,
        ):
            return View(*_seen(opened, kind), reads_pictures=True)
    except (OSError, av.FFmpegError, UnicodeDecodeError) as error:
        raise AudioFileError(shown(path), f"FFmpeg cannot read its tags: {error}") from error


def _seen(opened: Any, kind: Kind) -> tuple[str, dict[str, str], str | None]:
    metadata = {name.lower(): text for name, text in opened.metadata.items()}
    for stream in opened.streams.audio:  # Ogg keeps comments with the stream
        metadata = {**{name.lower(): text for name, text in stream.metadata.items()}, **metadata}
    values = {
        field.name: metadata.get(_name(field, kind), "")
        for field in TEXTS
        if field.name not in _NOT_IN_FULL
    }
    for number in ("track", "disc"):
        values[number] = metadata.get(number, "").partition("/")[0]
    if "time_reference" in metadata:  # bext, whose day of origination FFmpeg calls the date
        del values["date"]
    picture = None
    for stream in opened.streams.video:
        packet = next(opened.demux(stream), None)
        if packet is not None:
            picture = hashlib.sha256(bytes(packet)).hexdigest()
            break
    return "FFmpeg", values, picture


def _name(field: Text, kind: Kind) -> str:
    if kind in ID3_KINDS:
        name = field.id3.removeprefix("TXXX:")
    else:
        name = field.vorbis if kind in VORBIS_KINDS else field.mp4.removeprefix(FREEFORM)
    return _OWN_NAMES.get(name, name).lower()
