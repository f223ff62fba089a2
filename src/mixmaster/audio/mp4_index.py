"""The index of an M4A file: what it holds, and where in its frames the signal lies.

Sources: ISO/IEC 14496-12 (boxes, edit lists); ISO/IEC 14496-14 (sample entries); Apple's
"Technical Note TN2258" on ``iTunSMPB``.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mixmaster.audio.positioned import pread
from mixmaster.audio.riff import HeaderError

_MOST_BYTES: Final = 1 << 26
"""More than the index of a day of AAC."""

_MOST_BOXES: Final = 10_000
_SMPB: Final = b"iTunSMPB"
_CUT: Final = "it may have been cut"
_CODECS: Final = {b"mp4a": "AAC", b"alac": "ALAC"}
_AAC_OBJECT: Final = 0x40  # ISO/IEC 14496-1, 7.2.6.6: audio of ISO/IEC 14496-3


@dataclass(frozen=True, slots=True)
class Mp4Index:
    """What an M4A file holds.

    Attributes:
        codec: ``AAC`` or ``ALAC``.
        timescale_hz: Of the media's own clock; usually the sample rate.
        delay: Frames of the encoder's own before the signal, at that clock.
        frames: The signal's length, at that clock.
    """

    codec: str
    timescale_hz: int
    delay: int
    frames: int


def read_index(fd: int) -> Mp4Index:
    """Return what an M4A file's index says.

    Args:
        fd: An open descriptor; its position is neither used nor moved.

    Raises:
        HeaderError: For a file without an index, sound, or a codec that can be read.
    """
    moov = _moov(fd)
    movie_hz = _clock(_only(moov, b"mvhd"))[0]
    for name, trak in _boxes(moov):
        if name != b"trak":
            continue
        media = _only(trak, b"mdia")
        if _only(media, b"hdlr")[8:12] != b"soun":
            continue
        timescale, duration = _clock(_only(media, b"mdhd"))
        table = _only(_only(media, b"minf"), b"stbl")
        codec = _codec(_only(table, b"stsd"))
        total = sum(count * delta for count, delta in _durations(_only(table, b"stts")))
        delay, frames = _edits(trak, movie_hz, timescale, total or duration)
        smpb = _smpb(moov)
        if smpb is not None and codec == "AAC":
            delay, frames = smpb
        if timescale <= 0 or frames < 0 or delay < 0:
            raise HeaderError("the M4A file's index makes no sense", _CUT)
        return Mp4Index(codec, timescale, delay, frames)
    raise HeaderError("the MPEG-4 file holds no sound")


def _moov(fd: int) -> bytes:
    """Return the body of the file's index."""
    position, size = 0, os.fstat(fd).st_size
    for _ in range(_MOST_BOXES):
        head = pread(fd, 16, position)
        if len(head) < 8:
            break
        length, name = struct.unpack_from(">I4s", head)
        skip = 8
        if length == 1 and len(head) == 16:
            length, skip = struct.unpack_from(">Q", head, 8)[0], 16
        length = length or size - position
        if length < skip:
            break
        if name == b"moov":
            if length > min(_MOST_BYTES, size - position):
                raise HeaderError("the M4A file's index is not all there", _CUT)
            return pread(fd, length - skip, position + skip)
        position += length
    raise HeaderError("the M4A file has no index", _CUT)


def _boxes(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the boxes in a body, as far as they are whole."""
    position = 0
    for _ in range(_MOST_BOXES):
        if position + 8 > len(body):
            return
        length, name = struct.unpack_from(">I4s", body, position)
        if length < 8 or position + length > len(body):
            return
        yield name, body[position + 8 : position + length]
        position += length


def _only(body: bytes, name: bytes) -> bytes:
    for found, inside in _boxes(body):
        if found == name:
            return inside
    text = name.decode("ascii")
    raise HeaderError(f"the M4A file's index has no {text} box", _CUT)


def _clock(body: bytes) -> tuple[int, int]:
    """Return the clock and the length of a movie's or a media's header (8.2.2, 8.4.2)."""
    at, form = (20, ">IQ") if body[:1] == b"\x01" else (12, ">II")
    if len(body) < at + struct.calcsize(form):
        raise HeaderError("the M4A file's index makes no sense", _CUT)
    clock, length = struct.unpack_from(form, body, at)
    return int(clock), int(length)


def _codec(stsd: bytes) -> str:
    """Return the codec of a sample description (8.5.2)."""
    entry = stsd[12:16]
    if entry == b"mp4a":
        object_type = _object_type(stsd)
        if object_type != _AAC_OBJECT:
            raise HeaderError(f"the MPEG-4 file's codec is of type 0x{object_type:02x}, not AAC")
    if entry not in _CODECS:
        name = entry.decode("ascii", "backslashreplace")
        raise HeaderError(f"the MPEG-4 file's codec is {name!r}", "AAC and ALAC are read")
    return _CODECS[entry]


def _object_type(stsd: bytes) -> int:
    """Return what an ``esds`` box says is encoded (ISO/IEC 14496-1, 7.2.6.5 and 7.2.6.6)."""
    at = stsd.find(b"esds")
    at = stsd.find(b"\x04", stsd.find(b"\x03", at + 8) + 4) if at >= 0 else -1
    while 0 <= at < len(stsd) - 2 and stsd[at + 1] & 0x80:  # lengths of up to four bytes
        at += 1
    return stsd[at + 2] if 0 <= at < len(stsd) - 2 else 0


def _durations(stts: bytes) -> Iterator[tuple[int, int]]:
    """Yield counts of samples and how long each of them is (8.6.1.2)."""
    count = min(struct.unpack_from(">I", stts, 4)[0] if len(stts) >= 8 else 0, len(stts) // 8)
    for index in range(count):
        if 16 + 8 * index <= len(stts):
            yield struct.unpack_from(">II", stts, 8 + 8 * index)


def _edits(trak: bytes, movie_hz: int, timescale: int, duration: int) -> tuple[int, int]:
    """Return delay and length by the edit list (8.6.6); all of the media without one."""
    for name, edts in _boxes(trak):
        if name != b"edts":
            continue
        body = _only(edts, b"elst")
        wide = body[:1] == b"\x01"
        form = ">Qq" if wide else ">Ii"
        step = struct.calcsize(form) + 4
        count = struct.unpack_from(">I", body, 4)[0] if len(body) >= 8 else 0
        for index in range(min(count, 16)):
            at = 8 + index * step
            if at + step > len(body):
                break
            length, start = struct.unpack_from(form, body, at)
            if start < 0:  # an empty edit: a pause before the sound
                continue
            left = max(0, duration - start)
            if length and movie_hz > 0:
                # A coarse movie clock rounds: the media's own end is nearer then.
                wanted = (length * timescale + movie_hz // 2) // movie_hz
                if left - wanted > timescale // movie_hz:
                    left = wanted
            return start, left
    return 0, duration


def _smpb(moov: bytes) -> tuple[int, int] | None:
    """Return delay and length by ``iTunSMPB``: hexadecimal words, the second to the fourth."""
    at = moov.find(_SMPB)
    at = moov.find(b"data", at) if at >= 0 else -1
    if at < 0:
        return None
    words = moov[at + 12 : at + 12 + 128].split()
    try:
        delay, _, frames = (int(word, 16) for word in words[1:4])
    except ValueError:
        return None
    return (delay, frames) if frames else None
