"""Chunks of a WAV file put in front of its samples, in place.

Whatever is put in stands before ``data``: nothing is ever written behind it, which some places
refuse. The samples move by as much as the head grows, block by block from the end, so that no
second file is needed and memory stays flat.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from mixmaster.audio.positioned import pread, pwrite
from mixmaster.audio.riff import HeaderError
from mixmaster.audio.writers import MAX_RIFF_BYTES

_MOVED_BYTES = 4 << 20
_MOST_CHUNKS = 10_000
_MOST_KEPT_BYTES = 64 << 20
_DS64 = struct.Struct("<QQQI")
_OURS = {b"id3 ", b"ID3 ", b"bext"}


@dataclass(frozen=True, slots=True)
class _Parts:
    """A WAV file taken apart: chunks by name, the samples' place, what follows them."""

    before: list[tuple[bytes, bytes]]
    data_at: int
    data_bytes: int
    behind: bytes


def set_chunks(fd: int, chunks: Mapping[bytes, bytes | None]) -> None:
    """Put chunks directly before the samples; of the same name, the old ones go.

    Args:
        fd: A descriptor open for reading and writing.
        chunks: The bodies by name; None takes a chunk away. ``LIST`` means the list of type INFO.

    Raises:
        HeaderError: For a file that is no whole RIFF or RF64 WAV.
        OSError: When the disk refuses.
    """
    parts = _take_apart(fd)
    kept = [(name, body) for name, body in parts.before if not _replaced(name, body, chunks)]
    kept += [(name, body) for name, body in chunks.items() if body is not None]
    kept.sort(key=_place)
    tail = b"\0" * (parts.data_bytes % 2) + _without(parts.behind, chunks)
    head = _head(parts, kept, len(tail))
    shift = len(head) - parts.data_at
    _move(fd, parts.data_at, parts.data_bytes, shift)
    _write(fd, head, 0)
    end = len(head) + parts.data_bytes
    _write(fd, tail, end)
    os.ftruncate(fd, end + len(tail))


def chunks_of(fd: int) -> dict[bytes, bytes]:
    """Return what describes a WAV file's sound: its ``bext``, ``LIST`` INFO and ``id3 `` chunks.

    Raises:
        HeaderError: For a file that is no whole RIFF or RF64 WAV.
    """
    parts = _take_apart(fd)
    found: dict[bytes, bytes] = {}
    for name, body in (*parts.before, *_split(parts.behind)):
        if name in _OURS or (name == b"LIST" and body[:4] == b"INFO"):
            found.setdefault(b"id3 " if name == b"ID3 " else name, body)
    return found


def _place(chunk: tuple[bytes, bytes]) -> int:
    """Return where a chunk of ours stands, behind all others, whichever was put in first."""
    name, body = chunk
    is_info = name == b"LIST" and body[:4] == b"INFO"
    return 2 if is_info else {b"bext": 1, b"id3 ": 3}.get(name, 0)


def _replaced(name: bytes, body: bytes, chunks: Mapping[bytes, bytes | None]) -> bool:
    if name == b"LIST":
        return b"LIST" in chunks and body[:4] == b"INFO"
    return name in chunks or (name == b"ID3 " and b"id3 " in chunks)


def _take_apart(fd: int) -> _Parts:
    size = os.fstat(fd).st_size
    head = pread(fd, 12, 0)
    if head[:4] not in {b"RIFF", b"RF64", b"BW64"} or head[8:12] != b"WAVE":
        raise HeaderError("it is no WAV file", "RIFF, RF64 and BW64 files can be tagged")
    before: list[tuple[bytes, bytes]] = []
    long_bytes: int | None = None
    at = 12
    for _ in range(_MOST_CHUNKS):
        header = pread(fd, 8, at)
        if len(header) < 8:
            break
        name, length = header[:4], struct.unpack("<I", header[4:])[0]
        if name == b"data":
            if length == 0xFFFF_FFFF and long_bytes is not None:
                length = long_bytes
            end = at + 8 + length
            if end > size:
                raise HeaderError("the WAV file is cut short, or never finished")
            behind = _read(fd, end + length % 2, size) if end + length % 2 < size else b""
            return _Parts(before, at + 8, length, behind)
        body = _read(fd, at + 8, at + 8 + length)
        if name == b"ds64" and length >= 16:
            long_bytes = struct.unpack("<Q", body[8:16])[0]
        elif name not in {b"JUNK", b"ds64"}:
            before.append((name, body))
        at += 8 + length + length % 2
    raise HeaderError("the WAV file has no data chunk", "it may have been cut, or never finished")


def _head(parts: _Parts, chunks: list[tuple[bytes, bytes]], tail: int) -> bytes:
    body = b"".join(_chunk(name, data) for name, data in chunks)
    plain = 4 + len(body) + 8 + parts.data_bytes + tail
    if plain <= MAX_RIFF_BYTES:
        data = b"data" + struct.pack("<I", parts.data_bytes)
        return b"RIFF" + struct.pack("<I", plain) + b"WAVE" + body + data
    frames = parts.data_bytes // _frame_bytes(chunks)
    riff_bytes = plain + 8 + _DS64.size
    sizes = _chunk(b"ds64", _DS64.pack(riff_bytes, parts.data_bytes, frames, 0))
    return b"RF64\xff\xff\xff\xffWAVE" + sizes + body + b"data\xff\xff\xff\xff"


def _frame_bytes(chunks: list[tuple[bytes, bytes]]) -> int:
    fmt = dict(chunks).get(b"fmt ", b"")
    size = int.from_bytes(fmt[12:14], "little")
    if size == 0:
        raise HeaderError("the WAV file has no fmt chunk before its data")
    return size


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _split(raw: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 0
    while at + 8 <= len(raw):
        length = struct.unpack("<I", raw[at + 4 : at + 8])[0]
        found.append((raw[at : at + 4], raw[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return found


def _without(raw: bytes, chunks: Mapping[bytes, bytes | None]) -> bytes:
    kept = (pair for pair in _split(raw) if not _replaced(*pair, chunks))
    return b"".join(_chunk(name, body) for name, body in kept)


def _move(fd: int, start: int, length: int, shift: int) -> None:
    """Move a stretch of the file; where it overlaps, from the side that is not yet written."""
    marks = range(0, length, _MOVED_BYTES)
    if shift == 0:
        return
    for offset in reversed(marks) if shift > 0 else marks:
        block = _read(fd, start + offset, start + min(offset + _MOVED_BYTES, length))
        _write(fd, block, start + offset + shift)


def _read(fd: int, start: int, end: int) -> bytes:
    if end - start > _MOST_KEPT_BYTES:
        raise HeaderError(f"a chunk of the WAV file has {end - start} bytes", "it may be damaged")
    pieces = []
    while start < end:
        piece = pread(fd, end - start, start)
        if not piece:
            raise HeaderError("the WAV file is cut short, or never finished")
        pieces.append(piece)
        start += len(piece)
    return b"".join(pieces)


def _write(fd: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        count = pwrite(fd, view, at)
        view, at = view[count:], at + count
