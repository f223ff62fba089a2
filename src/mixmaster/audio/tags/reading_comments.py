"""A reader of Vorbis comments and pictures in FLAC and Ogg, apart from what writes them.

Sources: RFC 9639, sections 8.6 and 8.8 (FLAC); RFC 3533, section 6 (Ogg pages); RFC 7845, section
5.2 (Opus); xiph.org, *Vorbis I specification*, section 5.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator

from mixmaster.audio.positioned import pread
from mixmaster.audio.riff import HeaderError
from mixmaster.audio.tags.kinds import id3_bytes_in_front
from mixmaster.audio.tags.said import BY_VORBIS, DAMAGED, Said
from mixmaster.audio.tags.values import Kind

_COMMENTS, _PICTURE, _LAST = 4, 6, 0x80
_FRONT_COVER = 3
_MAGIC = {"opus": b"OpusTags", "vorbis": b"\x03vorbis"}
_NUMBERS = {
    "TRACKNUMBER": "track",
    "TRACKTOTAL": "tracks",
    "DISCNUMBER": "disc",
    "DISCTOTAL": "discs",
}
_MOST_HEADER_BYTES = 128 << 20


def read_flac(fd: int) -> Said:
    """Return what a FLAC file's blocks say.

    Raises:
        HeaderError: For blocks that cannot be read.
    """
    said = Said()
    at = id3_bytes_in_front(fd) + 4
    while True:
        header = pread(fd, 4, at)
        if len(header) < 4:
            raise HeaderError("its FLAC blocks end in the middle", DAMAGED)
        kind, size = header[0] & ~_LAST, int.from_bytes(header[1:], "big")
        if kind in {_COMMENTS, _PICTURE}:
            body = pread(fd, size, at + 4)
            if kind == _COMMENTS:
                _take(said, "flac", body)
            else:
                _take_picture(said, body)
        at += 4 + size
        if header[0] & _LAST:
            return said


def read_ogg(fd: int, kind: Kind) -> Said:
    """Return what an Ogg file's second packet, its comments, says.

    Raises:
        HeaderError: For a stream that cannot be read.
    """
    packets = _packets(fd)
    next(packets, b"")
    packet = next(packets, b"")
    magic = _MAGIC[kind]
    if not packet.startswith(magic):
        raise HeaderError("its Ogg stream has no comments where they belong", DAMAGED)
    said = Said()
    _take(said, kind, packet[len(magic) :])
    return said


def _packets(fd: int) -> Iterator[bytes]:
    at, packet = 0, b""
    pieces: list[bytes] = []
    while at < _MOST_HEADER_BYTES:
        header = pread(fd, 27, at)
        if len(header) < 27 or header[:4] != b"OggS":
            return
        laces = pread(fd, header[26], at + 27)
        body = pread(fd, sum(laces), at + 27 + len(laces))
        at += 27 + len(laces) + len(body)
        start = length = 0
        for lace in laces:
            length += lace
            if lace < 255:
                pieces.append(body[start : start + length])
                packet = b"".join(pieces)
                pieces.clear()
                yield packet
                start, length = start + length, 0
        pieces.append(body[start:])


def _take(said: Said, kind: Kind, raw: bytes) -> None:
    try:
        (vendor,) = struct.unpack_from("<I", raw, 0)
        at = 4 + vendor
        (count,) = struct.unpack_from("<I", raw, at)
        at += 4
        for _ in range(count):
            (size,) = struct.unpack_from("<I", raw, at)
            comment = raw[at + 4 : at + 4 + size]
            if len(comment) < size:
                raise HeaderError("its comments end in the middle", DAMAGED)
            _comment(said, kind, comment.decode())
            at += 4 + size
    except (struct.error, UnicodeDecodeError, binascii.Error) as error:
        raise HeaderError("its comments are damaged", DAMAGED) from error


def _comment(said: Said, kind: Kind, text: str) -> None:
    name, _, value = text.partition("=")
    name = name.upper()
    if name == "METADATA_BLOCK_PICTURE":
        _take_picture(said, base64.b64decode(value, validate=True))
    elif name in _NUMBERS:
        said.numbers[_NUMBERS[name]] = value
    elif not said.named(kind, name, value) and name in BY_VORBIS:
        said.say(BY_VORBIS[name], [value])


def _take_picture(said: Said, raw: bytes) -> None:
    try:
        number, mime = struct.unpack_from(">II", raw, 0)
        (description,) = struct.unpack_from(">I", raw, 8 + mime)
        at = 12 + mime + description + 16
        (size,) = struct.unpack_from(">I", raw, at)
    except struct.error as error:
        raise HeaderError("its picture's block is damaged", DAMAGED) from error
    data = raw[at + 4 : at + 4 + size]
    if len(data) < size:
        raise HeaderError("its picture is cut short", DAMAGED)
    if number == _FRONT_COVER or said.picture is None:
        said.picture = data
