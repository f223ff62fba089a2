"""The broadcast extension of WAV files: ``bext`` version 2, with its loudness.

Sources: EBU Tech 3285 v2 (2011), section 2.3, for the chunk; EBU R 98 (1999) for the coding
history.
Nothing is invented: no time of day, no unique number; what is not given is left unset.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.names import shown
from mixmaster.audio.opening import open_file
from mixmaster.audio.positioned import BINARY
from mixmaster.audio.riff import HeaderError
from mixmaster.audio.sink import output_error
from mixmaster.audio.tags.riff_chunks import chunks_of, set_chunks
from mixmaster.errors import AudioFileError, UsageError
from mixmaster.results import Result

_FIXED = struct.Struct("<256s32s32s10s8sQH64s5h180s")
assert _FIXED.size == 602
_UNSET: Final = 0x7FFF
_VERSION: Final = 2
_MOST = 99.99
_LENGTHS = {
    "description": 256,
    "originator": 32,
    "originator_reference": 32,
    "origination_date": 10,
    "origination_time": 8,
}
_LOUDNESS = (
    "integrated_lufs",
    "loudness_range_lu",
    "true_peak_dbtp",
    "max_momentary_lufs",
    "max_short_term_lufs",
)
_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_UMID = re.compile(r"[0-9a-f]{128}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class Broadcast(Result):
    r"""What a broadcast WAV says.

    Attributes:
        description: ASCII, 256 characters at most.
        originator: Who made it; ASCII, 32 at most.
        originator_reference: The maker's unambiguous reference; ASCII, 32 at most.
        origination_date: ``YYYY-MM-DD``; empty where it is not said.
        origination_time: ``hh:mm:ss``; empty where it is not said, which no reader minds.
        time_reference: The first sample's count since midnight.
        umid: 64 bytes of SMPTE 330M as 128 hexadecimal digits; empty where there is none.
        integrated_lufs: -99.99 to 99.99, as all five; None where it was not measured.
        loudness_range_lu: From 0.
        true_peak_dbtp: The highest.
        max_momentary_lufs: The highest of 400 ms.
        max_short_term_lufs: The highest of 3 s.
        coding_history: Lines of ASCII, each ended by ``\r\n``; see `coding_history`.
    """

    description: str = ""
    originator: str = ""
    originator_reference: str = ""
    origination_date: str = ""
    origination_time: str = ""
    time_reference: int = 0
    umid: str = ""
    integrated_lufs: float | None = None
    loudness_range_lu: float | None = None
    true_peak_dbtp: float | None = None
    max_momentary_lufs: float | None = None
    max_short_term_lufs: float | None = None
    coding_history: str = ""


def broadcast_problems(broadcast: Broadcast) -> tuple[str, ...]:
    """Return all that the chunk cannot hold; empty when it holds all."""
    found = []
    for name, length in {**_LENGTHS, "coding_history": 1 << 20}.items():
        text = getattr(broadcast, name)
        if not text.isascii() or "\0" in text:
            found.append(f"{name}: it may hold ASCII alone, and no NUL")
        elif len(text) > length:
            found.append(f"{name}: {len(text)} characters, and {length} can be held")
    if broadcast.origination_date and not _DATE.fullmatch(broadcast.origination_date):
        found.append(f"origination_date: {broadcast.origination_date!r:.40}; write 2026-11-20")
    if broadcast.origination_time and not _TIME.fullmatch(broadcast.origination_time):
        found.append(f"origination_time: {broadcast.origination_time!r:.40}; write 14:05:00")
    if not 0 <= broadcast.time_reference < 1 << 64:
        found.append(f"time_reference: {broadcast.time_reference}; it is a count of frames")
    if broadcast.umid and not _UMID.fullmatch(broadcast.umid):
        found.append("umid: it has 128 hexadecimal digits, or is empty")
    for name in _LOUDNESS:
        value = getattr(broadcast, name)
        least = 0.0 if name == "loudness_range_lu" else -_MOST
        if value is not None and not least <= round(value, 2) <= _MOST:
            found.append(f"{name}: {value}; {least:g} to {_MOST} can be said")
    return tuple(found)


def write_bext(
    source: str | os.PathLike[str], target: str | os.PathLike[str], broadcast: Broadcast
) -> None:
    """Copy a WAV file with a ``bext`` chunk in front of its samples, which stay as they are.

    Args:
        source: A WAV or RF64 file; its other chunks are kept.
        target: Where it goes, overwritten; the source itself to have the chunk put in in place.
        broadcast: What it is to say.

    Raises:
        UsageError: For what the chunk cannot hold, all of it named; nothing is written.
        AudioFileError: For a source that is no WAV file.
        OutputError: When it cannot be written.
    """
    source, target = Path(source), Path(target)
    problems = broadcast_problems(broadcast)
    if problems:
        raise UsageError(shown(target), f"bext cannot be written: {'; '.join(problems)}")
    os.close(open_file(source, shown(source)))
    in_place = target.exists() and target.samefile(source)
    try:
        if not in_place:
            shutil.copyfile(source, target)
        _put(target, _packed(broadcast))
    except BaseException as error:
        if not in_place:
            target.unlink(missing_ok=True)
        if isinstance(error, HeaderError):
            raise AudioFileError(shown(source), error.reason, error.hint) from error
        if isinstance(error, OSError):
            raise output_error(shown(target), error) from error
        raise


def _put(path: Path, chunk: bytes) -> None:
    fd = os.open(path, os.O_RDWR | BINARY)
    try:
        set_chunks(fd, {b"bext": chunk})
    finally:
        os.close(fd)


def read_bext(path: str | os.PathLike[str]) -> Broadcast | None:
    """Return what a WAV file's ``bext`` chunk says; None without one.

    Loudness is read from version 2 on; before, its bytes are reserved.

    Raises:
        AudioFileError: For a file that is no WAV file, or a chunk that is too short.
    """
    path, name = Path(path), shown(path)
    fd = open_file(path, name)
    try:
        raw = chunks_of(fd).get(b"bext")
    except HeaderError as error:
        raise AudioFileError(name, error.reason, error.hint) from error
    except OSError as error:
        raise AudioFileError(name, f"it cannot be read: {error.strerror}") from error
    finally:
        os.close(fd)
    if raw is None:
        return None
    if len(raw) < _FIXED.size:
        reason = f"its bext chunk has {len(raw)} bytes; {_FIXED.size} are the least"
        raise AudioFileError(name, reason)
    *texts, reference, version, umid, i0, i1, i2, i3, i4, _ = _FIXED.unpack_from(raw)
    said: dict[str, Any] = {key: _text(value) for key, value in zip(_LENGTHS, texts, strict=True)}
    for key, value in zip(_LOUDNESS, (i0, i1, i2, i3, i4), strict=True):
        said[key] = None if version < _VERSION or value == _UNSET else value / 100
    return Broadcast(
        **said,
        time_reference=reference,
        umid=umid.hex() if any(umid) else "",
        coding_history=_text(raw[_FIXED.size :]),
    )


def coding_history(
    sample_rate_hz: int, bit_depth: int, channels: int, text: str = "", *, codec: str = "PCM"
) -> str:
    r"""Return one line of a coding history: ``A=PCM,F=48000,W=24,M=stereo,T=...\r\n``.

    Args:
        sample_rate_hz: The rate.
        bit_depth: Of a sample.
        channels: 1 is mono, 2 stereo; R 98 has no word for more, so that nothing is said.
        text: Free words; commas would part them, and become semicolons.
        codec: R 98's word for the coding.
    """
    mode = {1: ",M=mono", 2: ",M=stereo"}.get(channels, "")
    words = f",T={in_ascii(text).replace(',', ';')}" if text else ""
    return f"A={codec},F={sample_rate_hz},W={bit_depth}{mode}{words}\r\n"


def in_ascii(text: str) -> str:
    """Return a text in the ASCII that bext can hold: accents go, what is left is ``?``.

    One line: control characters become spaces.
    """
    plain = "".join(c if c.isprintable() else " " for c in text)
    bare = (c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return "".join(bare).encode("ascii", "replace").decode("ascii")


def _packed(broadcast: Broadcast) -> bytes:
    texts = [getattr(broadcast, name).encode("ascii") for name in _LENGTHS]
    values = (getattr(broadcast, name) for name in _LOUDNESS)
    levels = [_UNSET if value is None else round(100 * value) for value in values]
    umid = bytes.fromhex(broadcast.umid)
    fixed = _FIXED.pack(*texts, broadcast.time_reference, _VERSION, umid, *levels, bytes(180))
    return fixed + broadcast.coding_history.encode("ascii")


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("ascii", "backslashreplace")
