"""The sums that FLAC and Ogg carry: RFC 9639, sections 9.1.8 and 9.3; RFC 3533, section 6."""

from __future__ import annotations


def _table(bits: int, polynomial: int) -> tuple[int, ...]:
    top, mask = 1 << (bits - 1), (1 << bits) - 1
    found = []
    for value in range(256):
        rest = value << (bits - 8)
        for _ in range(8):
            rest = ((rest << 1) ^ polynomial if rest & top else rest << 1) & mask
        found.append(rest)
    return tuple(found)


_CRC8, _CRC16, _OGG = _table(8, 0x07), _table(16, 0x8005), _table(32, 0x04C1_1DB7)


def crc8(data: bytes) -> int:
    """Return the sum of a FLAC frame's head."""
    rest = 0
    for byte in data:
        rest = _CRC8[rest ^ byte]
    return rest


def crc16(data: bytes) -> int:
    """Return the sum of a FLAC frame."""
    rest = 0
    for byte in data:
        rest = (rest << 8 & 0xFFFF) ^ _CRC16[rest >> 8 ^ byte]
    return rest


def ogg_sum(page: bytes) -> int:
    """Return the sum of an Ogg page whose own sum is zero."""
    rest = 0
    for byte in page:
        rest = (rest << 8 & 0xFFFF_FFFF) ^ _OGG[rest >> 24 ^ byte]
    return rest


def flac_head_bytes(frame: bytes | bytearray) -> int:
    """Return how long a frame's head is before its sum (RFC 9639, section 9.1)."""
    lead = frame[4]
    coded = 1
    while coded < 7 and lead & (0x80 >> coded) and lead & 0x80:
        coded += 1
    size, rate = frame[2] >> 4, frame[2] & 15
    extra = {6: 1, 7: 2}.get(size, 0) + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    return 4 + coded + extra
