"""CD-Text: the packs of the lead-in, as a fileset carries them.

The form is that of T10 MMC-3, annex J, described field by field in GNU libcdio's "CD Text Format"
(Schmitt and Bernstein): packs of 18 bytes, each kind of text one run of strings, the disc's first,
each ended by a NUL; then three packs that say how many there are of each. Block 0 alone: ISO
8859-1, called English as every maker of filesets calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mixmaster.release.cd.sheet import TEXT_KINDS, Words

MOST_PACKS: Final = 256
"""The sequence number is one byte."""

_FIRST_TYPE: Final = 0x80
_SIZE_TYPE: Final = 0x8F
_PAYLOAD_BYTES: Final = 12
_ENGLISH: Final = 0x09  # EBU Tech 3264, appendix 3
_LATIN_1: Final = 0x00


def cd_text(disc: Words, tracks: Sequence[Words]) -> bytes:
    """Return the packs; nothing where nothing is said.

    Args:
        disc: What is said of the disc, in ISO 8859-1.
        tracks: What is said of the tracks, from the first on.
    """
    rows: list[tuple[int, int, int, bytes]] = []
    counts = [0] * 16
    for place, kind in enumerate(TEXT_KINDS):
        texts = [words.of(kind).encode("latin-1") for words in (disc, *tracks)]
        if any(texts):
            packs = _packs_of(texts)
            counts[place] = len(packs)
            rows += [(_FIRST_TYPE + place, *pack) for pack in packs]
    if not rows:
        return b""
    counts[_SIZE_TYPE - _FIRST_TYPE] = 3
    last = len(rows) + 2
    sizes = bytes(
        [_LATIN_1, 1, len(tracks), 0]
        + [count & 0xFF for count in counts]
        + [last & 0xFF, *(0,) * 7]
        + [_ENGLISH, *(0,) * 7]
    )
    pieces = [sizes[first : first + _PAYLOAD_BYTES] for first in range(0, 36, _PAYLOAD_BYTES)]
    rows += [(_SIZE_TYPE, number, 0, piece) for number, piece in enumerate(pieces)]
    return b"".join(
        _sealed(bytes([kind, track, sequence & 0xFF, position]) + payload)
        for sequence, (kind, track, position, payload) in enumerate(rows)
    )


def _packs_of(texts: Sequence[bytes]) -> list[tuple[int, int, bytes]]:
    """Cut the strings of a kind into packs: track and position of each pack's first byte."""
    run = b"".join(text + b"\0" for text in texts)
    owners = [(track, place) for track, text in enumerate(texts) for place in range(len(text) + 1)]
    return [
        (
            owners[first][0],
            min(owners[first][1], 15),
            run[first : first + _PAYLOAD_BYTES].ljust(_PAYLOAD_BYTES, b"\0"),
        )
        for first in range(0, len(run), _PAYLOAD_BYTES)
    ]


def _sealed(pack: bytes) -> bytes:
    """Append the CRC: x^16 + x^12 + x^5 + 1, from 0, inverted, high byte first."""
    check = 0
    for byte in pack:
        check ^= byte << 8
        for _ in range(8):
            check = (check << 1) ^ 0x11021 if check & 0x8000 else check << 1
    return pack + (check ^ 0xFFFF).to_bytes(2, "big")
