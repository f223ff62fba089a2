"""Whether a FLAC file has lost frames, which no decoder says.

libFLAC plays silence where frames are missing, and libsndfile then gives samples that depend on how
they are asked for. Every frame carries its number, however, so that a gap is seen in the heads.

Source: RFC 9639: STREAMINFO in section 8.2, frame headers in section 9.1.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from mixmaster.audio.positioned import pread

_PIECE_BYTES = 1 << 22
_MOST_HEAD_BYTES = 16
_MOST_BLOCKS = 128


class _Head(NamedTuple):
    number: int
    frames: int


def lost_at(fd: int) -> int | None:
    """Return the first audio frame that is missing from a native FLAC file; None where none is.

    A file that was cut lacks nothing between its frames: that is found by decoding it.

    Args:
        fd: An open descriptor; its position is neither used nor moved.
    """
    status = os.fstat(fd)
    return _lost_at(fd, (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=256)
def _found(key: tuple[int, ...]) -> list[int | None]:
    """Return where a file's answer is kept, known by what changes when the file does."""
    del key
    return []


def _lost_at(fd: int, key: tuple[int, ...]) -> int | None:
    kept = _found(key)
    if not kept:
        kept.append(_searched(fd, key[2]))
    return kept[0]


def _searched(fd: int, size: int) -> int | None:
    start, block_frames, total = _stream(fd)
    first = _head(pread(fd, _MOST_HEAD_BYTES, start), block_frames)
    lead = pread(fd, 2, start)
    if first is None or lead not in {b"\xff\xf8", b"\xff\xf9"} or not total:
        return None  # no decoder begins here, or the stream does not say where it ends
    step = block_frames if lead == b"\xff\xf8" else 0
    wanted = first.number
    beyond = False
    skipped: int | None = None  # where the frame after the wanted one came before it
    for at in _places(fd, start, size, lead[1]):
        head = _head(pread(fd, _MOST_HEAD_BYTES, at), block_frames)
        if head is None:
            continue
        if head.number == wanted:
            wanted += 1 if step else head.frames
            beyond = False
        elif wanted < head.number and (head.number - first.number) * (step or 1) < total:
            beyond = True  # or two bytes of music that look like a head: then its turn comes
            if skipped is None and step and head.number == wanted + 1:
                skipped = wanted
    if (wanted - first.number) * (step or 1) >= total:
        return None
    lost = wanted if beyond else skipped
    return None if lost is None else (lost - first.number) * (step or 1)


def _stream(fd: int) -> tuple[int, int, int]:
    """Return where the frames begin, the frames of a block, and of the stream: 0 for unsaid."""
    at = 4
    if pread(fd, 3, 0) == b"ID3":
        size = pread(fd, 4, 6)
        at = 14 + sum(byte << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=False))
    block_frames, total = 0, 0
    for _ in range(_MOST_BLOCKS):
        head = pread(fd, 4, at)
        if len(head) < 4:
            break
        if head[0] & 0x7F == 0:
            info = pread(fd, 18, at + 4)
            block_frames = int.from_bytes(info[2:4], "big")
            total = int.from_bytes(info[13:18], "big") & 0xF_FFFF_FFFF
        at += 4 + int.from_bytes(head[1:], "big")
        if head[0] & 0x80:
            break
    return at, block_frames, total


def _places(fd: int, start: int, size: int, second: int) -> Iterator[int]:
    """Yield where a frame's first two bytes stand, be it by chance."""
    for at in range(start, size, _PIECE_BYTES):
        piece = np.frombuffer(pread(fd, _PIECE_BYTES + 1, at), np.uint8)
        for place in np.flatnonzero((piece[:-1] == 0xFF) & (piece[1:] == second)):
            yield at + int(place)


def _head(raw: bytes, block_frames: int) -> _Head | None:
    """Return what a frame's head says; None for bytes that are none."""
    if len(raw) < 7:
        return None
    size, rate, channels, depth = raw[2] >> 4, raw[2] & 15, raw[3] >> 4, raw[3] >> 1 & 7
    if size == 0 or rate == 15 or channels > 10 or depth == 3 or raw[3] & 1:
        return None
    more = _more_bytes(raw[4])
    end = 5 + more + {6: 1, 7: 2}.get(size, 0) + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if more < 0 or end >= len(raw) or _crc8(raw[:end]) != raw[end]:
        return None
    number = raw[4] & (0x7F if more == 0 else 0x3F >> more)
    for byte in raw[5 : 5 + more]:
        number = number << 6 | byte & 0x3F
    return _Head(number, _block(size, raw[5 + more :]) or block_frames)


def _more_bytes(lead: int) -> int:
    """Return how many bytes follow the first one of a coded number; -1 for none that leads."""
    if lead < 0x80:
        return 0
    ones = 8 - (lead ^ 0xFF).bit_length()
    return ones - 1 if 2 <= ones <= 7 else -1


def _block(code: int, behind: bytes) -> int:
    """Return the frames that a block-size code stands for (RFC 9639, table 14)."""
    if code == 6:
        return behind[0] + 1
    if code == 7:
        return int.from_bytes(behind[:2], "big") + 1
    if code == 1:
        return 192
    return 144 << code if code < 6 else 1 << code


def _table() -> tuple[int, ...]:
    found = []
    for value in range(256):
        rest = value
        for _ in range(8):
            rest = (rest << 1 ^ 0x07) & 0xFF if rest & 0x80 else rest << 1
        found.append(rest)
    return tuple(found)


_CRC8 = _table()


def _crc8(raw: bytes) -> int:
    rest = 0
    for byte in raw:
        rest = _CRC8[rest ^ byte]
    return rest
