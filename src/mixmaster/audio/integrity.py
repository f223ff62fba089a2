"""Whether a file was cut or damaged where libsndfile would not say so.

libsndfile shortens a cut AIFF, CAF or Ogg file to what is there, without a word.
"""

from __future__ import annotations

import os
import struct

from mixmaster.audio.positioned import pread

_MAX_CHUNKS = 10_000
_MAX_PAGE_BYTES = 27 + 255 + 255 * 255  # RFC 3533, section 6
_END_OF_STREAM = 0x04
_OPUS_RATE_HZ = 48_000  # RFC 7845, section 4: granule positions count at 48 kHz, whatever the input


def what_is_missing(fd: int, container: str, frames: int, sample_rate_hz: int) -> str:
    """Return what a file lacks, in words; empty when nothing is known to be missing.

    Args:
        fd: An open descriptor; its position is neither used nor moved.
        container: ``aiff``, ``caf`` or ``ogg``; others have their own ways.
        frames: What the decoder says it can give.
        sample_rate_hz: The rate of those frames.
    """
    if container == "aiff":
        return _beyond_end(fd, 12, ">4sI")
    if container == "caf":
        return _beyond_end(fd, 8, ">4sq")
    if container == "ogg":
        return _ogg(fd, frames, sample_rate_hz)
    return ""


def _beyond_end(fd: int, position: int, header: str) -> str:
    """Walk chunks; AIFF pads them to even lengths, CAF does not."""
    size_of_header = struct.calcsize(header)
    end = os.fstat(fd).st_size
    for _ in range(_MAX_CHUNKS):
        raw = pread(fd, size_of_header, position)
        if len(raw) < size_of_header:
            return ""
        name, size = struct.unpack(header, raw)
        if size < 0:  # CAF: a data chunk of unknown length goes to the file's end
            return ""
        position += size_of_header + size
        if position > end:
            text = name.decode("latin-1").strip()
            shown = text if text.isascii() and text.isprintable() else repr(text)
            return f"it is cut short: its {shown} chunk lacks {position - end} bytes"
        position += size % 2 if header == ">4sI" else 0
    return ""


def _ogg(fd: int, frames: int, sample_rate_hz: int) -> str:
    size = os.fstat(fd).st_size
    start = max(0, size - 2 * _MAX_PAGE_BYTES)
    tail = pread(fd, size - start, start)
    at = tail.rfind(b"OggS")
    first = pread(fd, 128, 0)
    if at < 0 or len(tail) - at < 27:
        return "it is cut short: its last page is missing"
    _, _, flags, granule, serial = struct.unpack("<4sBBqI", tail[at : at + 18])
    table = tail[at + 27 : at + 27 + tail[at + 26]]
    if len(tail) - at < 27 + tail[at + 26] + sum(table) or not flags & _END_OF_STREAM:
        return "it is cut short: its last page has no end mark"
    if struct.pack("<I", serial) != first[14:18] or granule <= 0:
        return ""  # several streams, one after the other: their lengths add up, unsaid
    head = first[27 + first[26] :]
    if head.startswith(b"OpusHead"):
        pre_skip = struct.unpack("<H", head[10:12])[0]
        granule = (granule - pre_skip) * sample_rate_hz // _OPUS_RATE_HZ
    if frames < granule:
        return f"it is damaged: {frames} of the {granule} frames that its last page says"
    return ""
