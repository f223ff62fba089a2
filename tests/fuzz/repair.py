"""Sizes and sums put right after a change, so that what is behind them is reached, too."""

from __future__ import annotations

import struct

from tests.fuzz.structure import Structure
from tests.fuzz.sums import crc8, crc16, flac_head_bytes, ogg_sum


def repaired(data: bytes, structure: Structure) -> bytes:
    """Return a file whose sums are right again, where its pieces still lie where they lay."""
    if structure.family == "ogg":
        return _ogg(data)
    if structure.family == "flac":
        return _flac(data, structure)
    if structure.family in {"riff", "aiff"} and len(data) >= 8 and data[:4] != b"RF64":
        order = "<" if data[:4] == b"RIFF" else ">"
        return data[:4] + struct.pack(order + "I", (len(data) - 8) & 0xFFFF_FFFF) + data[8:]
    return data


def _ogg(data: bytes) -> bytes:
    out, at = bytearray(data), 0
    while (at := data.find(b"OggS", at)) >= 0 and at + 27 <= len(data):
        head = 27 + data[at + 26]
        end = min(len(data), at + head + sum(data[at + 27 : at + head]))
        out[at + 22 : at + 26] = bytes(4)
        out[at + 22 : at + 26] = struct.pack("<I", ogg_sum(bytes(out[at:end])))
        at = max(end, at + 4)
    return bytes(out)


def _flac(data: bytes, structure: Structure) -> bytes:
    out = bytearray(data)
    for piece in structure.pieces:
        if piece.name != "frame" or piece.end > len(out) or piece.end - piece.start < 12:
            continue
        head = flac_head_bytes(out[piece.start : piece.start + 16])
        place = piece.start + head
        out[place] = crc8(bytes(out[piece.start : place]))
        out[piece.end - 2 : piece.end] = struct.pack(
            ">H", crc16(bytes(out[piece.start : piece.end - 2]))
        )
    return bytes(out)
