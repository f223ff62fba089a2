"""Where the numbers of a file lie, and of which pieces it is made: read from the specifications.

Sources: RIFF MCI specification (1991), EBU Tech 3306 and 3285, AIFF 1.3 and AIFF-C, Apple Core
Audio Format 1.0, RFC 9639 (FLAC), RFC 3533 (Ogg), RFC 7845 (Opus), Vorbis I, ISO/IEC 11172-3,
ID3v2.3 and 2.4, ISO/IEC 14496-12.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tests.fuzz.sums import crc8, flac_head_bytes


@dataclass(frozen=True)
class Field:
    """A number in a file.

    Attributes:
        at: Where it begins.
        width: Its bytes.
        order: ``<`` or ``>``; ``s`` for seven bits a byte, as ID3 has them.
        role: ``size``, ``count``, ``rate``, ``depth``, ``channels``, ``code`` or ``flags``.
    """

    at: int
    width: int
    order: str
    role: str


@dataclass(frozen=True)
class Piece:
    """A chunk, box, page, block or frame: where it begins and ends, and how long its head is."""

    start: int
    end: int
    head: int
    name: str = ""


@dataclass(frozen=True)
class Structure:
    """What is known of a file.

    Attributes:
        family: ``riff``, ``aiff``, ``caf``, ``flac``, ``ogg``, ``mp3`` or ``mp4``.
        first: Where the first piece begins: what is before is the file's own head.
        pieces: In their order; those of MP4 nest, the outer first.
        fields: All numbers.
    """

    family: str
    first: int
    pieces: tuple[Piece, ...]
    fields: tuple[Field, ...]

    @property
    def edges(self) -> list[int]:
        """Where anything begins or ends."""
        found = {0, self.first}
        for piece in self.pieces:
            found |= {piece.start, piece.start + piece.head, piece.end}
        for field in self.fields:
            found |= {field.at, field.at + field.width}
        return sorted(found)


def structure_of(data: bytes) -> Structure:
    """Return what is known of a good file."""
    if data[:4] in {b"RIFF", b"RIFX", b"RF64"}:
        return _riff(data, ">" if data[:4] == b"RIFX" else "<")
    if data[:4] == b"FORM":
        return _aiff(data)
    if data[:4] == b"caff":
        return _caf(data)
    if data[:4] == b"fLaC":
        return _flac(data)
    if data[:4] == b"OggS":
        return _ogg(data)
    if data[4:8] == b"ftyp":
        return _mp4(data)
    return _mp3(data)


def _chunks(data: bytes, at: int, order: str) -> Iterator[Piece]:
    while at + 8 <= len(data):
        (size,) = struct.unpack_from(order + "I", data, at + 4)
        if data[at : at + 4] == b"data" and size == 0xFFFF_FFFF:
            (size,) = struct.unpack_from("<Q", data, data.index(b"ds64") + 16)
        end = min(len(data), at + 8 + size + size % 2)
        yield Piece(at, end, 8, data[at : at + 4].decode("latin-1"))
        at = end


def _laid(base: int, order: str, *shape: tuple[int, int, str]) -> list[Field]:
    return [Field(base + at, width, order, role) for at, width, role in shape]


_FMT = ((0, 2, "code"), (2, 2, "channels"), (4, 4, "rate"), (8, 4, "count"), (12, 2, "size"))
_FMT_MORE = ((14, 2, "depth"), (16, 2, "size"), (18, 2, "depth"), (20, 4, "flags"), (24, 2, "code"))
_DS64 = ((0, 8, "size"), (8, 8, "size"), (16, 8, "count"), (24, 4, "count"))
_BEXT = ((338, 8, "count"), (346, 2, "code"), (412, 2, "count"), (416, 2, "count"))


def _riff(data: bytes, order: str) -> Structure:
    pieces = tuple(_chunks(data, 12, order))
    fields = [Field(4, 4, order, "size")]
    for piece in pieces:
        body = piece.start + 8
        fields.append(Field(piece.start + 4, 4, order, "size"))
        if piece.name == "fmt ":
            fields += _laid(body, order, *_FMT, *_FMT_MORE)
        elif piece.name == "ds64":
            fields += _laid(body, order, *_DS64)
        elif piece.name == "bext":
            fields += _laid(body, order, *_BEXT)
        elif piece.name == "LIST":
            inner = _chunks(data[: piece.end], body + 4, order)
            fields += [Field(chunk.start + 4, 4, order, "size") for chunk in inner]
        elif piece.name.lower() == "id3 ":
            fields += _id3(data, body)
    return Structure("riff", 12, pieces, _within(data, fields))


_COMM = ((0, 2, "channels"), (2, 4, "count"), (6, 2, "depth"), (8, 2, "rate"), (10, 8, "rate"))


def _aiff(data: bytes) -> Structure:
    pieces = tuple(_chunks(data, 12, ">"))
    fields = [Field(4, 4, ">", "size")]
    for piece in pieces:
        body = piece.start + 8
        fields.append(Field(piece.start + 4, 4, ">", "size"))
        if piece.name == "COMM":
            fields += _laid(body, ">", *_COMM, (18, 4, "code"))
        elif piece.name == "SSND":
            fields += _laid(body, ">", (0, 4, "size"), (4, 4, "size"))
        elif piece.name.lower() == "id3 ":
            fields += _id3(data, body)
    return Structure("aiff", 12, pieces, _within(data, fields))


def _caf(data: bytes) -> Structure:
    pieces, fields, at = [], [Field(4, 2, ">", "code"), Field(6, 2, ">", "flags")], 8
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">q", data, at + 4)
        end = len(data) if size < 0 else min(len(data), at + 12 + size)
        name = data[at : at + 4].decode("latin-1")
        pieces.append(Piece(at, end, 12, name))
        fields.append(Field(at + 4, 8, ">", "size"))
        if name == "desc":
            shape = ((0, 8, "rate"), (8, 4, "code"), (12, 4, "flags"), (16, 4, "size"))
            fields += _laid(at + 12, ">", *shape)
            fields += _laid(at + 12, ">", (20, 4, "count"), (24, 4, "channels"), (28, 4, "depth"))
        elif name == "pakt":
            fields += _laid(at + 12, ">", (0, 8, "count"), (8, 8, "count"), (16, 4, "count"))
        elif name == "kuki":
            fields += _laid(at + 12, ">", (0, 4, "count"), (5, 1, "depth"), (9, 1, "channels"))
            fields += _laid(at + 12, ">", (12, 4, "size"), (16, 4, "rate"), (20, 4, "rate"))
        at = end
    return Structure("caf", 8, tuple(pieces), _within(data, fields))


def _flac(data: bytes, at: int = 4) -> Structure:
    pieces: list[Piece] = []
    fields: list[Field] = []
    last = False
    while not last and at + 4 <= len(data):
        last = bool(data[at] & 0x80)
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        kind = data[at] & 0x7F
        pieces.append(Piece(at, at + 4 + size, 4, f"block {kind}"))
        fields += [Field(at, 1, ">", "code"), Field(at + 1, 3, ">", "size")]
        if kind == 0:
            shape = ((0, 2, "size"), (2, 2, "size"), (4, 3, "size"), (7, 3, "size"))
            fields += _laid(
                at + 4, ">", *shape, (10, 4, "rate"), (12, 2, "depth"), (13, 5, "count")
            )
        elif kind == 4:
            fields += _comments(data, at + 4)
        elif kind == 6:
            fields += _laid(at + 4, ">", (0, 4, "code"), (4, 4, "size"))
        at += 4 + size
    starts = _flac_frames(data, at)
    ends = [*starts[1:], len(data)]
    for start, end in zip(starts, ends, strict=True):
        pieces.append(Piece(start, end, 6, "frame"))
        fields += _laid(start, ">", (2, 1, "code"), (3, 1, "depth"), (4, 1, "count"))
    return Structure("flac", 4, tuple(pieces), _within(data, fields))


def _flac_frames(data: bytes, at: int) -> list[int]:
    found: list[int] = []
    while (at := data.find(b"\xff\xf8", at)) >= 0 and len(found) < 64:
        head = data[at : at + 17]
        length = flac_head_bytes(head) if len(head) == 17 else 0
        if length and crc8(head[:length]) == head[length]:
            found.append(at)
        at += 1
    return found


def _comments(data: bytes, at: int) -> list[Field]:
    (vendor,) = struct.unpack_from("<I", data, at)
    fields = [Field(at, 4, "<", "size"), Field(at + 4 + vendor, 4, "<", "count")]
    (count,) = struct.unpack_from("<I", data, at + 4 + vendor)
    place = at + 8 + vendor
    for _ in range(min(count, 32)):
        if place + 4 > len(data):
            break
        fields.append(Field(place, 4, "<", "size"))
        place += 4 + struct.unpack_from("<I", data, place)[0]
    return fields


def _ogg(data: bytes) -> Structure:
    pieces, fields, at = [], [], 0
    while at + 27 <= len(data) and data[at : at + 4] == b"OggS":
        segments = data[at + 26]
        head = 27 + segments
        end = at + head + sum(data[at + 27 : at + head])
        pieces.append(Piece(at, end, head, "page"))
        shape = ((4, 1, "code"), (5, 1, "flags"), (6, 8, "count"), (14, 4, "code"))
        fields += _laid(at, "<", *shape, (18, 4, "count"), (26, 1, "size"), (27, 1, "size"))
        body = at + head
        if data[body : body + 8] == b"OpusHead":
            shape = ((8, 1, "code"), (9, 1, "channels"), (10, 2, "size"), (12, 4, "rate"))
            fields += _laid(body, "<", *shape, (16, 2, "count"), (18, 1, "code"))
        elif data[body : body + 8] == b"OpusTags":
            fields += _comments(data, body + 8)
        elif data[body : body + 7] == b"\x01vorbis":
            shape = ((7, 4, "code"), (11, 1, "channels"), (12, 4, "rate"), (16, 4, "count"))
            fields += _laid(body, "<", *shape, (28, 1, "size"))
        elif data[body : body + 7] == b"\x03vorbis":
            fields += _comments(data, body + 7)
        at = end
    return Structure("ogg", 0, tuple(pieces), _within(data, fields))


_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES = (44_100, 48_000, 32_000)


def _mp3(data: bytes) -> Structure:
    pieces, fields, at = [], [], 0
    if data[:3] == b"ID3":
        at = 10 + sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
        pieces.append(Piece(0, at, 10, "ID3"))
        fields += _id3(data, 0)
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] & 0xE0 == 0xE0:
        kbps, rate = data[at + 2] >> 4, data[at + 2] >> 2 & 3
        if kbps in {0, 15} or rate == 3:
            break
        size = 144_000 * _KBPS[kbps] // _RATES[rate] + (data[at + 2] >> 1 & 1)
        pieces.append(Piece(at, min(len(data), at + size), 4, "frame"))
        fields += _laid(at, ">", (1, 1, "code"), (2, 1, "rate"), (3, 1, "flags"), (4, 2, "size"))
        at += size
    for magic in (b"Xing", b"Info"):
        place = data.find(magic)
        if place >= 0:
            shape = ((4, 4, "flags"), (8, 4, "count"), (12, 4, "size"), (141, 3, "count"))
            fields += _laid(place, ">", *shape)
    return Structure("mp3", 0, tuple(pieces), _within(data, fields))


def _id3(data: bytes, at: int) -> list[Field]:
    fields = _laid(at, ">", (3, 1, "code"), (5, 1, "flags"))
    fields.append(Field(at + 6, 4, "s", "size"))
    place = at + 10
    for _ in range(32):
        if not data[place : place + 4].isalnum():
            break
        fields += [Field(place + 4, 4, "s", "size"), Field(place + 8, 2, ">", "flags")]
        fields.append(Field(place + 10, 1, ">", "code"))
        size = sum(
            b << n for b, n in zip(data[place + 4 : place + 8], (21, 14, 7, 0), strict=False)
        )
        place += 10 + size
    return fields


_NESTS = {"moov", "trak", "mdia", "minf", "stbl", "udta", "ilst", "edts", "dinf"}
_NUMBERS = {
    "mvhd": ((12, 4, "rate"), (16, 4, "count")),
    "mdhd": ((0, 1, "code"), (12, 4, "rate"), (16, 4, "count")),
    "elst": ((0, 1, "code"), (4, 4, "count"), (8, 4, "count"), (12, 4, "count"), (16, 4, "rate")),
    "stts": ((4, 4, "count"), (8, 4, "count"), (12, 4, "count")),
    "stsc": ((4, 4, "count"), (8, 4, "count"), (12, 4, "count"), (16, 4, "code")),
    "stsz": ((4, 4, "size"), (8, 4, "count"), (12, 4, "size")),
    "stco": ((4, 4, "count"), (8, 4, "size")),
    "stsd": (
        (4, 4, "count"),
        (8, 4, "size"),
        (32, 2, "channels"),
        (34, 2, "depth"),
        (40, 4, "rate"),
    ),
}


def _mp4(data: bytes) -> Structure:
    pieces: list[Piece] = []
    fields: list[Field] = []

    def walk(at: int, end: int) -> None:
        while at + 8 <= end:
            (size,) = struct.unpack_from(">I", data, at)
            name = data[at + 4 : at + 8].decode("latin-1")
            stop = min(end, at + max(size, 8))
            pieces.append(Piece(at, stop, 8, name))
            fields.append(Field(at, 4, ">", "size"))
            fields.extend(_laid(at + 8, ">", *_NUMBERS.get(name, ())))
            if name in _NESTS:
                walk(at + 8, stop)
            elif name == "meta":
                walk(at + 12, stop)
            at = stop

    walk(0, len(data))
    return Structure("mp4", 0, tuple(pieces), _within(data, fields))


def _within(data: bytes, fields: list[Field]) -> tuple[Field, ...]:
    return tuple(field for field in fields if field.at + field.width <= len(data))
