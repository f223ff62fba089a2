"""Ogg streams that repeat byte for byte: their random serial numbers replaced by a fixed one.

RFC 3533, section 6: every page carries its stream's serial number, and a checksum over the whole
page. The checksum is linear over GF(2) (no initial value, no final inversion), so that of the
changed page is the old one, exclusive-or the checksum of what has changed: four bytes of
difference, then zeros to the page's end. Following zeros multiply by a power of x^8, and pages
need not be read beyond their headers.
"""

from __future__ import annotations

import os
import struct
from typing import Final

from mixmaster.audio.positioned import pread, pwrite

SERIAL: Final = 1
"""The serial number of all that is written."""

_POLYNOMIAL: Final = 0x04C1_1DB7
_TOP: Final = 1 << 31
_MASK: Final = 0xFFFF_FFFF
_HEADER: Final = 27
_SERIAL_AT: Final = 14
_CHECKSUM_AT: Final = 22


class OggError(Exception):
    """The pages are not what an encoder writes."""


def renumber(fd: int, serial: int = SERIAL) -> None:
    """Give a file of one logical stream another serial number, in place.

    Args:
        fd: An open descriptor, for reading and writing; its position is neither used nor moved.
        serial: The number.

    Raises:
        OggError: When the file is not one Ogg stream.
        OSError: When it cannot be read or written.
    """
    position, size = 0, os.fstat(fd).st_size
    first: int | None = None
    while position < size:
        head = pread(fd, _HEADER + 255, position)
        if len(head) < _HEADER or head[:4] != b"OggS":
            raise OggError(f"there is no Ogg page at byte {position}")
        own, _, checksum = struct.unpack_from("<III", head, _SERIAL_AT)
        first = own if first is None else first
        if own != first:
            raise OggError("there are several streams in one file")
        segments = head[26]
        length = _HEADER + segments + sum(head[_HEADER : _HEADER + segments])
        change = int.from_bytes(struct.pack("<I", own ^ serial), "big")
        changed = _times(change, _zeros(length - _SERIAL_AT))
        pwrite(fd, struct.pack("<I", serial), position + _SERIAL_AT)
        pwrite(fd, struct.pack("<I", checksum ^ changed), position + _CHECKSUM_AT)
        position += length


def _times(a: int, b: int) -> int:
    """Return the product of two polynomials over GF(2), modulo the checksum's own."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        b >>= 1
        a = ((a << 1) ^ _POLYNOMIAL if a & _TOP else a << 1) & _MASK
    return product


def _squares() -> tuple[int, ...]:
    """Return x^8, x^16, x^32, ...: as many as a page's length has bits."""
    squares = [1 << 8]
    for _ in range(16):
        squares.append(_times(squares[-1], squares[-1]))
    return tuple(squares)


_SQUARES: Final = _squares()


def _zeros(count: int) -> int:
    """Return x^(8 count): what a checksum is multiplied by for so many zero bytes behind it.

    The checksum of four bytes is already their polynomial times x^32; those four are counted.
    """
    result = 1
    for bit, square in enumerate(_SQUARES):
        if count >> bit & 1:
            result = _times(result, square)
    return result
