"""Reading CD-Text: pack by pack, each with its CRC, after MMC-3 annex J."""

from __future__ import annotations

import binascii
from collections import defaultdict
from typing import Final

from mixmaster.release.cd.sheet import NOTHING, TEXT_KINDS, Words

_PACK: Final = 18
_CHARACTER_SETS: Final = {0x00: "latin-1", 0x01: "ascii"}


def read_cd_text(data: bytes) -> tuple[Words, dict[int, Words], tuple[str, ...]]:
    """Return what is said of the disc, of each track, and what is wrong with the packs.

    Args:
        data: The packs, with or without the NUL that some makers end them with.
    """
    problems: list[str] = []
    if len(data) % _PACK == 1 and data[-1] == 0:
        data = data[:-1]
    if len(data) % _PACK:
        problems.append(f"{len(data)} bytes are no whole packs of {_PACK}")
    packs = [data[at : at + _PACK] for at in range(0, len(data) - _PACK + 1, _PACK)]
    runs: dict[int, list[bytes]] = defaultdict(list)
    for place, pack in enumerate(packs):
        # CRC-16/CCITT from 0, inverted: the residue over all 18 bytes is that of the inversion.
        if binascii.crc_hqx(pack[:16], 0) ^ 0xFFFF != int.from_bytes(pack[16:], "big"):
            problems.append(f"pack {place}: its CRC is wrong")
        if pack[2] != place & 0xFF:
            problems.append(f"pack {place}: it is numbered {pack[2]}")
        if pack[3] >> 4:
            problems.append(f"pack {place}: it is of a second language or double-byte, not read")
            continue
        runs[pack[0]].append(pack)
    character_set, last, counts = _sizes(runs.get(0x8F, []), problems)
    encoding = _CHARACTER_SETS.get(character_set)
    if encoding is None:
        problems.append(f"its character set is {character_set:#04x}, not read")
        return NOTHING, {}, tuple(problems)
    said: dict[int, dict[str, str]] = defaultdict(dict)
    for offset, kind in enumerate(TEXT_KINDS):
        rows = runs.get(0x80 + offset, [])
        if len(rows) != counts[offset]:
            problems.append(f"{len(rows)} packs of {kind}, its sizes say {counts[offset]}")
        for track, text in enumerate(_strings(rows, kind, last, problems)):
            said[track][kind] = text.decode(encoding, "replace")
    disc = Words(**said.pop(0, {}))
    return (
        disc,
        {number: Words(**said.get(number, {})) for number in range(1, last + 1)},
        tuple(problems),
    )


def _sizes(rows: list[bytes], problems: list[str]) -> tuple[int, int, list[int]]:
    sizes = b"".join(row[4:16] for row in rows)
    if [row[1] for row in rows] != [0, 1, 2]:
        problems.append("its three packs of sizes are not there")
        return 0, 0, [0] * 16
    if sizes[1] != 1:
        problems.append(f"its first track is {sizes[1]}")
    return sizes[0], sizes[2], list(sizes[4:20])


def _strings(rows: list[bytes], kind: str, last: int, problems: list[str]) -> list[bytes]:
    if not rows:
        return []
    run = b"".join(row[4:16] for row in rows)
    strings = run.split(b"\0")[: last + 1]
    if run.count(b"\0") < last + 1 or run.split(b"\0", last + 1)[-1].strip(b"\0"):
        problems.append(f"its strings of {kind} are not those of a disc and {last} tracks")
    # Each pack says whose string its first byte is of, and how far inside.
    starts = [0]
    for text in strings:
        starts.append(starts[-1] + len(text) + 1)
    for place, row in enumerate(rows):
        owner = max((n for n, at in enumerate(starts[:-1]) if at <= place * 12), default=0)
        if (row[1], row[3] & 15) != (owner, min(15, place * 12 - starts[owner])):
            problems.append(f"a pack of {kind} says it is of track {row[1]}")
    # A lone TAB stands for the string before.
    for place, text in enumerate(strings):
        if text == b"\t" and place:
            strings[place] = strings[place - 1]
    return strings
