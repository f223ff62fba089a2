"""What else a WAV file holds: its chunks, its format tag, and its place on a time line.

Source of the ``bext`` chunk: EBU Tech 3285 v2 (2011), section 2.3: description 256 bytes,
originator 32, originator reference 32, date 10, time 8, then the time reference, 64 bits: the
first sample's count since midnight.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.audio.opening import open_file
from mixmaster.audio.positioned import pread
from mixmaster.audio.riff import is_riff

_TIME_REFERENCE_AT = 256 + 32 + 32 + 10 + 8
_MAX_CHUNKS = 10_000


@dataclass(frozen=True, slots=True)
class WavExtras:
    """What a WAV file says beside its samples.

    Attributes:
        form: ``RIFF``, ``RIFX``, ``RF64`` or ``BW64``.
        format_tag: The fmt chunk's tag: 1 for PCM, 3 for float, 0xFFFE for extensible.
        after_data: The names of the chunks behind the samples.
        time_reference: The bext chunk's, in frames since midnight; None without one.
    """

    form: str
    format_tag: int | None
    after_data: tuple[str, ...]
    time_reference: int | None


def read_extras(path: str | os.PathLike[str]) -> WavExtras | None:
    """Return what a WAV file says beside its samples; None for other containers.

    Raises:
        AudioFileError: For a file that cannot be opened.
    """
    fd = open_file(Path(path), shown(path))
    try:
        head = pread(fd, 12, 0)
        return _walk(fd, head) if is_riff(head) else None
    finally:
        os.close(fd)


def _walk(fd: int, head: bytes) -> WavExtras:
    order = ">" if head[:4] == b"RIFX" else "<"
    end, position = os.fstat(fd).st_size, 12
    tag = reference = None
    after: list[str] = []
    long_bytes = 0
    seen_data = False
    for _ in range(_MAX_CHUNKS):
        header = pread(fd, 8, position)
        if len(header) < 8:
            break
        name, size = header[:4], struct.unpack(order + "I", header[4:])[0]
        body = position + 8
        if seen_data:
            after.append(name.decode("ascii", "backslashreplace").strip())
        if name == b"fmt ":
            raw = pread(fd, 2, body)
            tag = struct.unpack(order + "H", raw)[0] if len(raw) == 2 else None
        elif name == b"ds64":
            raw = pread(fd, 16, body)
            long_bytes = struct.unpack(order + "QQ", raw)[1] if len(raw) == 16 else 0
        elif name == b"bext":
            raw = pread(fd, 8, body + _TIME_REFERENCE_AT)
            reference = struct.unpack(order + "Q", raw)[0] if len(raw) == 8 else None
        elif name == b"data":
            seen_data = True
            size = long_bytes if size == 0xFFFF_FFFF and long_bytes else size
            if not 0 < size <= end - body:
                break
        position = body + size + size % 2
    return WavExtras(head[:4].decode("ascii"), tag, tuple(after), reference)
