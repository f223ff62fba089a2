"""A reader of ID3v2.3 and 2.4 tags, and of RIFF INFO lists, apart from what writes them.

Source: id3.org, *ID3 tag version 2.4.0: main structure* and *native frames* (2000), sections 3.1, 4
and 4.14; *ID3 tag version 2.3.0* (1999).
"""

from __future__ import annotations

import os
import struct

from mixmaster.audio.positioned import pread
from mixmaster.audio.riff import HeaderError
from mixmaster.audio.tags.fields import INFO_TRACK
from mixmaster.audio.tags.said import BY_ID3, BY_INFO, DAMAGED, Said
from mixmaster.audio.tags.values import Kind

_ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
_FRONT_COVER = 3
_COMPRESSED_OR_SECRET = 0x0C
_LENGTH_IN_FRONT = 0x01
_UNSYNCHRONISED = 0x02


def read_id3(raw: bytes, kind: Kind) -> Said:
    """Return what an ID3v2 tag says.

    Args:
        raw: The tag, from ``ID3`` on.
        kind: Of the file.

    Raises:
        HeaderError: For a tag that cannot be read.
    """
    said = Said()
    if len(raw) < 10 or raw[:3] != b"ID3":
        return said
    version, flags = raw[3], raw[5]
    if version not in {3, 4}:
        raise HeaderError(f"its ID3 tag is of version 2.{version}", "2.3 and 2.4 are read")
    body = raw[10 : 10 + _syncsafe(raw[6:10])]
    if flags & 0x80 and version == 3:
        body = body.replace(b"\xff\x00", b"\xff")
    at = 0
    if flags & 0x40:  # 2.4 counts the extended header's size with the size itself, 2.3 without
        at = _syncsafe(body[:4]) if version == 4 else 4 + struct.unpack(">I", body[:4])[0]
    while at + 10 <= len(body) and body[at] != 0:
        name = body[at : at + 4].decode("ascii", "replace")
        size = (
            _syncsafe(body[at + 4 : at + 8])
            if version == 4
            else int.from_bytes(body[at + 4 : at + 8], "big")
        )
        form = body[at + 9]
        data = body[at + 10 : at + 10 + size]
        if len(data) < size:
            raise HeaderError(f"its ID3 tag ends in the middle of {name!r}", DAMAGED)
        at += 10 + size
        if version == 4:
            if form & _COMPRESSED_OR_SECRET:
                continue
            data = data[4:] if form & _LENGTH_IN_FRONT else data
            data = data.replace(b"\xff\x00", b"\xff") if form & _UNSYNCHRONISED else data
        _frame(said, kind, name, data)
    return said


def _syncsafe(raw: bytes) -> int:
    if len(raw) < 4 or any(byte & 0x80 for byte in raw):
        raise HeaderError("a length in its ID3 tag is none", DAMAGED)
    return raw[0] << 21 | raw[1] << 14 | raw[2] << 7 | raw[3]


def _frame(said: Said, kind: Kind, name: str, data: bytes) -> None:
    if not data:
        return
    if name == "APIC":
        _picture(said, data)
    elif name == "COMM":
        description, *texts = _strings(data[0], data[4:])
        if not description and texts:
            said.say("comment", texts)
    elif name == "TXXX":
        description, *texts = _strings(data[0], data[1:])
        if not said.named(kind, description, "\0".join(texts)) and f"TXXX:{description}" in BY_ID3:
            said.say(BY_ID3[f"TXXX:{description}"], texts)
    elif name in {"TRCK", "TPOS"}:
        one = "track" if name == "TRCK" else "disc"
        said.count(one, f"{one}s", _strings(data[0], data[1:])[0])
    elif name in BY_ID3:
        said.say(BY_ID3[name], _strings(data[0], data[1:]))


def _strings(encoding: int, raw: bytes) -> list[str]:
    if encoding not in _ENCODINGS:
        raise HeaderError(f"its ID3 tag has text of encoding {encoding}", DAMAGED)
    try:
        text = raw.decode(_ENCODINGS[encoding])
    except UnicodeDecodeError as error:
        raise HeaderError("its ID3 tag has text that cannot be decoded", DAMAGED) from error
    parts = text.removesuffix("\0").split("\0")
    # In UTF-16 every string has its own mark of the byte order; the decoder takes the first.
    return [part.removeprefix("\ufeff") for part in parts] if encoding == 1 else parts


def _picture(said: Said, data: bytes) -> None:
    encoding, rest = data[0], data[1:]
    _, _, rest = rest.partition(b"\0")  # the kind of picture: its bytes say it, too
    if not rest:
        raise HeaderError("its ID3 tag has a damaged picture", DAMAGED)
    number, rest = rest[0], rest[1:]
    if encoding in {1, 2}:
        end = next((i for i in range(0, len(rest) - 1, 2) if rest[i : i + 2] == b"\0\0"), None)
        rest = b"" if end is None else rest[end + 2 :]
    else:
        _, _, rest = rest.partition(b"\0")
    if number == _FRONT_COVER or said.picture is None:
        said.picture = rest


def read_info(raw: bytes) -> Said:
    """Return what a RIFF INFO list says.

    Args:
        raw: The list's body, from ``INFO`` on.

    Raises:
        HeaderError: For text that is not UTF-8.
    """
    said = Said()
    at = 4
    while at + 8 <= len(raw):
        name = raw[at : at + 4].decode("ascii", "replace")
        size = int.from_bytes(raw[at + 4 : at + 8], "little")
        try:
            text = raw[at + 8 : at + 8 + size].partition(b"\0")[0].decode()
        except UnicodeDecodeError as error:
            raise HeaderError(f"its INFO text {name!r} is not UTF-8", DAMAGED) from error
        if name == INFO_TRACK:
            said.numbers["track"] = text
        elif name in BY_INFO:
            said.say(BY_INFO[name], [text])
        at += 8 + size + size % 2
    return said


def id3_in_aiff(fd: int) -> bytes:
    """Return an AIFF file's ID3 chunk; nothing without one."""
    at, end = 12, os.fstat(fd).st_size
    while at + 8 <= end:
        header = pread(fd, 8, at)
        size = int.from_bytes(header[4:], "big")
        if header[:4] == b"ID3 ":
            return pread(fd, size, at + 8)
        at += 8 + size + size % 2
    return b""
