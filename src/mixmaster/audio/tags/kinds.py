"""Which kind of tags a file carries, from its first bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.audio.opening import open_file
from mixmaster.audio.positioned import pread
from mixmaster.audio.riff import is_riff
from mixmaster.audio.tags.values import Kind
from mixmaster.errors import AudioFileError

KIND_OF_CONTAINER: Final[dict[str, Kind]] = {
    "wav": "wav",
    "aiff": "aiff",
    "flac": "flac",
    "mp3": "mp3",
    "alac": "m4a",
    "aac": "m4a",
    "opus": "opus",
    "vorbis": "vorbis",
}
"""The kind of tags of every container that is written."""

_OGG_HEADER_BYTES = 27  # RFC 3533, section 6


def kind_of(path: str | os.PathLike[str]) -> Kind:
    """Return which kind of tags a file carries, by its content.

    Raises:
        AudioFileError: For what cannot be opened, or carries none that are known here.
    """
    name = shown(path)
    fd = open_file(Path(path), name)
    try:
        head = pread(fd, 64, 0)
        start = id3_bytes_in_front(fd)
        after = pread(fd, 4, start) if start else head[:4]
    except OSError as error:
        raise AudioFileError(name, f"it cannot be read: {error.strerror}") from error
    finally:
        os.close(fd)
    kind = _kind(head, after)
    if kind is None:
        hint = "WAV, AIFF, FLAC, MP3, M4A, Opus and Vorbis files carry tags"
        raise AudioFileError(name, "it is of no kind whose tags are known", hint)
    return kind


def id3_bytes_in_front(fd: int) -> int:
    """Return the length of a leading ID3v2 tag (ID3v2.4 structure, section 3.1); 0 without one."""
    head = pread(fd, 10, 0)
    if len(head) < 10 or head[:3] != b"ID3" or any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + size + (10 if head[5] & 0x10 else 0)


def _kind(head: bytes, after: bytes) -> Kind | None:
    if is_riff(head):
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return "aiff"
    if after == b"fLaC":
        return "flac"
    if head[:4] == b"OggS" and len(head) > _OGG_HEADER_BYTES:
        packet = head[_OGG_HEADER_BYTES + head[26] :]
        if packet.startswith(b"OpusHead"):
            return "opus"
        return "vorbis" if packet.startswith(b"\x01vorbis") else None
    if head[4:8] == b"ftyp":
        return "m4a"
    if len(after) >= 2 and after[0] == 0xFF and after[1] & 0xE0 == 0xE0 and after[1] & 0x06:
        return "mp3"
    return None
