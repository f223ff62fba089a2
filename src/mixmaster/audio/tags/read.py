"""Reading tags back by other readers than the writer.

mutagen writes. All formats are read here by parsers of their own, and, where PyAV is installed, by
FFmpeg as well.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.audio.opening import open_file
from mixmaster.audio.positioned import pread
from mixmaster.audio.riff import HeaderError
from mixmaster.audio.tags.fields import TEXTS
from mixmaster.audio.tags.kinds import id3_bytes_in_front, kind_of
from mixmaster.audio.tags.reading_comments import read_flac, read_ogg
from mixmaster.audio.tags.reading_ffmpeg import ffmpeg_view
from mixmaster.audio.tags.reading_id3 import id3_in_aiff, read_id3, read_info
from mixmaster.audio.tags.reading_mp4 import read_mp4
from mixmaster.audio.tags.riff_chunks import chunks_of
from mixmaster.audio.tags.said import Said
from mixmaster.audio.tags.values import Kind, TagsFound, View
from mixmaster.errors import AudioFileError

_OWN = "mixmaster"
_INFO = "RIFF INFO"


def read_tags(path: str | os.PathLike[str]) -> TagsFound:
    """Return what a file says of itself.

    Args:
        path: A WAV, AIFF, FLAC, MP3, M4A, Opus or Vorbis file.

    Raises:
        AudioFileError: For a file that is none of these, or tags that are damaged.
    """
    path, name = Path(path), shown(path)
    kind = kind_of(path)
    fd = open_file(path, name)
    try:
        said, info = _read(fd, kind)
        tags = said.tags(kind)
        views = [] if info is None else [_info_view(info)]
    except HeaderError as error:
        raise AudioFileError(name, error.reason, error.hint) from error
    except OSError as error:
        raise AudioFileError(name, f"it cannot be read: {error.strerror}") from error
    finally:
        os.close(fd)
    heard = ffmpeg_view(path, kind)
    if heard is not None:
        views.append(heard)
    return TagsFound(
        kind=kind,
        tags=tags,
        picture_sha256=None if said.picture is None else hashlib.sha256(said.picture).hexdigest(),
        reader=_OWN if heard is None else f"{_OWN} and {heard.where}",
        views=tuple(views),
    )


def _read(fd: int, kind: Kind) -> tuple[Said, Said | None]:
    """Return what a file says, and what a WAV file's INFO list says where ``id3`` says it, too."""
    if kind == "flac":
        return read_flac(fd), None
    if kind in {"opus", "vorbis"}:
        return read_ogg(fd, kind), None
    if kind == "m4a":
        return read_mp4(fd), None
    if kind == "mp3":
        return read_id3(pread(fd, id3_bytes_in_front(fd), 0), kind), None
    if kind == "aiff":
        return read_id3(id3_in_aiff(fd), kind), None
    chunks = chunks_of(fd)
    info = read_info(chunks[b"LIST"]) if b"LIST" in chunks else None
    if b"id3 " in chunks:
        return read_id3(chunks[b"id3 "], kind), info
    return info or Said(), None


def _info_view(info: Said) -> View:
    tags = info.tags("wav")
    values = {field.name: getattr(tags, field.name) for field in TEXTS if field.info}
    values["track"] = "" if tags.track is None else str(tags.track)
    return View(_INFO, values)
