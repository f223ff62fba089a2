"""Small files that unpack to very much: silence, as FLAC packs it (RFC 9639)."""

from __future__ import annotations

import struct

from tests.fuzz.sums import crc8, crc16

BLOCK = 65_535
"""The most frames that a FLAC frame holds."""


def flac_of_silence(frames_of_flac: int, channels: int = 2, rate: int = 48_000) -> bytes:
    """Return a FLAC file of 16-bit silence: each of its frames is 65,535 samples in a few bytes.

    Args:
        frames_of_flac: How many.
        channels: 1 to 8.
        rate: The rate, Hz.
    """
    total = frames_of_flac * BLOCK
    packed = rate << 44 | (channels - 1) << 41 | 15 << 36 | total
    info = struct.pack(">HH", BLOCK, BLOCK) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    # A constant subframe: its head, and the one sample that all others are like.
    body = b"\0\0\0" * channels
    parts = [b"fLaC", b"\x80" + len(info).to_bytes(3, "big"), info]
    for number in range(frames_of_flac):
        # Fixed block size, told in 16 bits behind the number; the stream's own rate; 16 bits.
        head = b"\xff\xf8" + bytes([0x70, (channels - 1) << 4 | 4 << 1])
        head += _coded(number) + struct.pack(">H", BLOCK - 1)
        head += bytes([crc8(head)])
        parts.append(head + body + struct.pack(">H", crc16(head + body)))
    return b"".join(parts)


def _coded(number: int) -> bytes:
    """Return a number as UTF-8 codes characters, carried on to 36 bits."""
    if number < 0x80:
        return bytes([number])
    rest = []
    lead = 0x3F
    while number > lead:
        rest.append(0x80 | number & 0x3F)
        number >>= 6
        lead >>= 1
    mark = (0xFF00 >> (len(rest) + 1)) & 0xFF
    return bytes([mark | number, *reversed(rest)])
