"""Audio files made wrong: in their numbers, their order, their edges and their bodies."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from tests.fuzz.repair import repaired
from tests.fuzz.sounds import sounds
from tests.fuzz.structure import Field, Structure, structure_of

Random = random.Random
Change = Callable[[Random, bytes], tuple[bytes, str]]

_BY_ROLE: dict[str, tuple[int, ...]] = {
    "size": (0, 1, 2, 3, 7, 0x7FFF_F000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 8 << 30, 1 << 62),
    "count": (
        0,
        1,
        2,
        0x7FFF_FFFF,
        0x8000_0000,
        0xFFFF_FFFF,
        1 << 36,
        (1 << 36) - 1,
        (1 << 63) - 1,
    ),
    "rate": (0, 1, 7_999, 8_000, 44_100, 96_000, 768_000, 768_001, 2_000_000_000, 0xFFFF_FFFF),
    "depth": (0, 1, 7, 8, 12, 16, 20, 24, 31, 32, 33, 64, 255, 0xFFFF),
    "channels": (0, 1, 2, 3, 8, 64, 65, 255, 1_024, 0xFFFF),
    "code": (0, 1, 2, 3, 4, 5, 0x11, 0x50, 0x55, 0x7F, 0x80, 0xFE, 0xFF, 0xFFFE),
    "flags": (0, 1, 2, 4, 0x0F, 0x40, 0x80, 0xFF, 0xFFFF_FFFF),
}


def mutated(rng: Random, kind: str | None = None) -> tuple[str, bytes, tuple[str, ...]]:
    """Return a file's name, its bytes, and what was done to a good one."""
    kind = kind or rng.choice(sorted(sounds()))
    data = sounds()[kind]
    how = [kind]
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
        if not data:
            break
        change = rng.choices(_CHANGES, _WEIGHTS)[0]
        data, words = change(rng, data)
        how.append(words)
    return _name(rng, kind), data[: 4 << 20], tuple(how)


def _name(rng: Random, kind: str) -> str:
    stem = kind.split("-", maxsplit=1)[0]
    right = {"vorbis": "ogg", "ogg": "ogg", "aac": "m4a", "alac": "m4a", "aifc": "aiff"}
    suffix = right.get(stem, "wav" if stem in {"rf64", "rifx", "wavex"} else stem)
    if rng.random() < 0.05:
        suffix = rng.choice(("wav", "flac", "mp3", "ogg", "m4a", "aif", "caf", "opus"))
    return f"mix.{suffix}"


def _number(rng: Random, data: bytes) -> tuple[bytes, str]:
    """Put a wrong number where a number is."""
    known = _known(data)
    if not known.fields:
        return _flipped(rng, data)
    field = rng.choice(known.fields)
    old = _get(data, field)
    most = (1 << (7 if field.order == "s" else 8) * field.width) - 1
    new = rng.choice(
        (
            *_BY_ROLE[field.role],
            old + 1,
            old - 1,
            old * 2,
            old // 2,
            old + rng.randint(-64, 64),
            most,
            most // 2,
            most // 2 + 1,
            rng.randint(0, most),
        )
    )
    new &= most
    return _put(data, field, new), f"{field.role} at {field.at} from {old} to {new}"


def _number_with_sums(rng: Random, data: bytes) -> tuple[bytes, str]:
    known = _known(data)
    changed, words = _number(rng, data)
    return repaired(changed, known), f"{words}, sums right"


def _get(data: bytes, field: Field) -> int:
    raw = data[field.at : field.at + field.width]
    if field.order == "s":
        return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(raw)))
    return int.from_bytes(raw, "little" if field.order == "<" else "big")


def _put(data: bytes, field: Field, value: int) -> bytes:
    if field.order == "s":
        raw = bytes(value >> 7 * place & 0x7F for place in reversed(range(field.width)))
    else:
        raw = value.to_bytes(field.width, "little" if field.order == "<" else "big")
    return data[: field.at] + raw + data[field.at + field.width :]


def _cut(rng: Random, data: bytes) -> tuple[bytes, str]:
    """Cut at an edge, or a byte beside one."""
    edges = _known(data).edges
    at = rng.choice(edges) + rng.choice((-1, 0, 0, 1)) if edges else rng.randrange(len(data))
    at = min(len(data), max(0, at))
    return data[:at], f"cut at {at}"


def _cut_anywhere(rng: Random, data: bytes) -> tuple[bytes, str]:
    at = rng.randrange(len(data))
    if rng.random() < 0.2:
        return data[at:], f"its first {at} bytes gone"
    return data[:at], f"cut at {at}"


def _flipped(rng: Random, data: bytes) -> tuple[bytes, str]:
    out = bytearray(data)
    early = rng.random() < 0.5
    count = rng.choice((1, 1, 2, 8, 64))
    for _ in range(count):
        at = rng.randrange(min(len(out), 512) if early else len(out))
        out[at] ^= 1 << rng.randrange(8)
    return bytes(out), f"{count} bits turned{' in front' if early else ''}"


def _flipped_with_sums(rng: Random, data: bytes) -> tuple[bytes, str]:
    known = _known(data)
    changed, words = _flipped(rng, data)
    return repaired(changed, known), f"{words}, sums right"


def _overwritten(rng: Random, data: bytes) -> tuple[bytes, str]:
    start = rng.randrange(len(data))
    length = min(len(data) - start, rng.choice((1, 4, 16, 256, 4_096)))
    fill = rng.choice((bytes(length), b"\xff" * length, rng.randbytes(length), b"A" * length))
    return data[:start] + fill + data[start + length :], f"{length} bytes at {start} replaced"


def _inserted(rng: Random, data: bytes) -> tuple[bytes, str]:
    start = rng.choice((0, len(data), rng.randrange(len(data))))
    more = rng.choice((b"\0", b"\0" * 4_096, rng.randbytes(37), b"ID3\x04\0\0\x7f\x7f\x7f\x7f"))
    return data[:start] + more + data[start:], f"{len(more)} bytes put in at {start}"


def _pieces(rng: Random, data: bytes) -> tuple[bytes, str]:
    """Drop, double, move, empty or swap pieces."""
    known = _known(data)
    if len(known.pieces) < 2:
        return _overwritten(rng, data)
    piece = rng.choice(known.pieces)
    own = data[piece.start : piece.end]
    before, after = data[: piece.start], data[piece.end :]
    what = rng.choice(("drop", "double", "empty", "to the end", "to the front", "many", "half"))
    if what == "drop":
        new = before + after
    elif what == "double":
        new = before + own + own + after
    elif what == "many":
        new = before + own * min(rng.choice((10, 300, 20_000)), (1 << 20) // len(own) + 2) + after
    elif what == "empty":
        new = before + own[: piece.head] + after
    elif what == "half":
        new = before + own[: len(own) // 2] + after
    elif what == "to the end":
        new = before + after + own
    else:
        new = data[: known.first] + own + data[known.first : piece.start] + after
    new = repaired(new, known) if rng.random() < 0.7 else new
    return new, f"{piece.name or 'piece'} at {piece.start}: {what}"


def _foreign(rng: Random, data: bytes) -> tuple[bytes, str]:
    """Put in a chunk that nobody knows, claims too much, or nests without end."""
    known = _known(data)
    at = rng.choice([known.first, *(piece.end for piece in known.pieces[:8])])
    claim = rng.choice((0, 1, 3, 0x7FFF_FFFF, 0xFFFF_FFFF))
    order = ">" if known.family in {"aiff", "mp4"} or data[:4] == b"RIFX" else "<"
    kind = rng.choice(("claims", "nests", "list", "text"))
    if known.family == "mp4":
        depth = rng.choice((10, 1_000, 20_000))
        more = {
            "claims": struct.pack(">I4s", claim, b"moov"),
            "nests": b"".join(struct.pack(">I4s", 8 * (depth - n), b"udta") for n in range(depth)),
            "list": struct.pack(">I4sQ", 1, b"mdat", 1 << 62),
            "text": struct.pack(">I4s", 16, b"free") + bytes(8),
        }[kind]
    elif known.family == "flac":
        more = bytes([rng.choice((1, 2, 4, 6, 126))]) + rng.choice((b"\xff\xff\xff", b"\0\0\0"))
    else:
        depth = rng.choice((3, 200, 5_000))
        nested = b"".join(
            b"LIST" + struct.pack(order + "I", 12 * (depth - n) - 8) + b"INFO" for n in range(depth)
        )
        more = {
            "claims": b"JUNK" + struct.pack(order + "I", claim),
            "nests": nested,
            "list": b"LIST" + struct.pack(order + "I", 4) + b"adtl",
            "text": b"iXML" + struct.pack(order + "I", 6) + b"<a><b>",
        }[kind]
    new = data[:at] + more + data[at:]
    return repaired(new, known), f"a piece that {kind} put in at {at}"


def _joined(rng: Random, data: bytes) -> tuple[bytes, str]:
    other = rng.choice(sorted(sounds()))
    if rng.random() < 0.3:
        return sounds()[other][: rng.randrange(1, 200)] + data, f"the head of {other} in front"
    return data + sounds()[other], f"{other} behind"


def _samples(rng: Random, data: bytes) -> tuple[bytes, str]:
    """Put numbers that are none among the samples of a float file; loud noise elsewhere."""
    value = rng.choice((float("nan"), float("inf"), -float("inf"), 1e30, -1e300, 5e-324))
    raw = struct.pack("<d", value) if rng.random() < 0.3 else struct.pack("<f", _narrow(value))
    start = data.find(b"data") + 8 if b"data" in data[:1_000] else len(data) // 2
    at = start + rng.randrange(max(1, (len(data) - start) // 8)) * 8
    return data[:at] + raw + data[at + len(raw) :], f"{value} at {at}"


def _narrow(value: float) -> float:
    return value if abs(value) < 3e38 or abs(value) == float("inf") else 3e38


def _known(data: bytes) -> Structure:
    """Return what is known of a file that may be wrong already."""
    try:
        return structure_of(data)
    except (struct.error, ValueError, IndexError, ZeroDivisionError, RecursionError):
        return Structure("riff", min(12, len(data)), (), ())


_ALL: tuple[tuple[Change, float], ...] = (
    (_number, 6.0),
    (_number_with_sums, 4.0),
    (_cut, 2.0),
    (_cut_anywhere, 1.0),
    (_flipped, 2.0),
    (_flipped_with_sums, 2.0),
    (_overwritten, 1.0),
    (_inserted, 0.7),
    (_pieces, 3.0),
    (_foreign, 1.5),
    (_joined, 0.7),
    (_samples, 0.7),
)
_CHANGES = tuple(change for change, _ in _ALL)
_WEIGHTS = tuple(weight for _, weight in _ALL)
