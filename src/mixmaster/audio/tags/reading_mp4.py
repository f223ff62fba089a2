"""A reader of MPEG-4 files' atoms, apart from what writes them.

Sources: ISO/IEC 14496-12, sections 4.2 (boxes) and 8.11 (meta); Apple, *QuickTime File Format:
metadata*, for ``ilst``, ``data`` and ``----``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from mixmaster.audio.positioned import pread
from mixmaster.audio.riff import HeaderError
from mixmaster.audio.tags.said import BY_MP4, DAMAGED, FREE_NAMES, Said

_MOST_BYTES = 256 << 20
_PAIRS = {"trkn": ("track", "tracks"), "disk": ("disc", "discs")}


def read_mp4(fd: int) -> Said:
    """Return what an MPEG-4 file's ``moov.udta.meta.ilst`` says.

    Raises:
        HeaderError: For atoms that cannot be read.
    """
    said = Said()
    for name, data in _inside(_item_list(fd)):
        values = [value[8:] for kind, value in _inside(data) if kind == "data"]
        if not values:
            continue
        try:
            _atom(said, name, data, values)
        except (UnicodeDecodeError, IndexError) as error:
            raise HeaderError(f"its atom {name!r} is damaged", DAMAGED) from error
    return said


def _atom(said: Said, name: str, data: bytes, values: list[bytes]) -> None:
    if name == "----":
        described = {kind: value[4:] for kind, value in _inside(data) if kind in {"mean", "name"}}
        if described.get("mean") != b"com.apple.iTunes":
            return
        free = described.get("name", b"").decode()
        if free in FREE_NAMES:
            said.say(FREE_NAMES[free], [value.decode() for value in values])
        elif free.upper().startswith("REPLAYGAIN_"):
            said.named("m4a", free, values[0].decode())
    elif name in _PAIRS:
        one, all_of_them = _PAIRS[name]
        number, count = values[0][2:4], values[0][4:6]
        said.numbers[one] = str(int.from_bytes(number, "big"))
        if any(count):
            said.numbers[all_of_them] = str(int.from_bytes(count, "big"))
    elif name == "rtng":
        said.numbers["explicit"] = str(values[0][0])
    elif name == "covr":
        said.picture = values[0]
    elif name in BY_MP4:
        said.say(BY_MP4[name], [value.decode() for value in values])


def _item_list(fd: int) -> bytes:
    at, end = 0, os.fstat(fd).st_size
    while at + 8 <= end:
        header = pread(fd, 16, at)
        size, begin = int.from_bytes(header[:4], "big"), 8
        if size == 1:
            size, begin = int.from_bytes(header[8:16], "big"), 16
        elif size == 0:
            size = end - at
        if size < begin or at + size > end:
            raise HeaderError("its atoms end in the middle", DAMAGED)
        if header[4:8] == b"moov":
            if size > _MOST_BYTES:
                raise HeaderError(f"its moov atom has {size} bytes", DAMAGED)
            return _within(pread(fd, size - begin, at + begin), ("udta", "meta", "ilst"))
        at += size
    return b""


def _within(raw: bytes, path: tuple[str, ...]) -> bytes:
    for wanted in path:
        raw = next((body for name, body in _inside(raw) if name == wanted), b"")
        if wanted == "meta":
            raw = raw[4:]  # version and flags
    return raw


def _inside(raw: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at + 8 <= len(raw):
        size = int.from_bytes(raw[at : at + 4], "big")
        if size == 0 and not any(raw[at:]):
            return  # udta may end with a 32-bit zero
        if size < 8 or at + size > len(raw):
            raise HeaderError("its atoms end in the middle", DAMAGED)
        yield raw[at + 4 : at + 8].decode("latin-1"), raw[at + 8 : at + size]
        at += size
