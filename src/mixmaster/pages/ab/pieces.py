"""The page's audio: every version's FLAC cut into short ones, each in a script of its own.

A page that is opened from disk may not read files: browsers refuse ``fetch()`` of ``file:``
addresses, but load scripts. Pieces of some seconds keep memory small however many versions there
are, and however long: the page loads what is about to be heard. They hold the samples of the
file, bit for bit, and lie next to one another without a seam, since FLAC has no padding.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from mixmaster.arrays import Block
from mixmaster.audio.names import shown
from mixmaster.audio.sink import FileSpec, open_sink
from mixmaster.audio.source import AudioSource, open_source
from mixmaster.errors import AudioFileError, OutputError
from mixmaster.pages.ab.data import AbSession

PIECE_S = 8
_MOST_FRAMES = PIECE_S * 48_000
"""How long a piece is; at higher rates shorter, so that it is 3 MB when it is decoded."""

_TAIL = b'");\n'


def piece_frames(sample_rate_hz: int) -> int:
    """Return how many frames a piece has, but for the last."""
    return min(PIECE_S * sample_rate_hz, _MOST_FRAMES)


def write_pieces(session: AbSession, folder: Path, *, threads: int = 1) -> list[Path]:
    """Write the pieces that are not there yet, beside the files that they are cut from.

    A file's name is a key of its content (``AbAudio``), so pieces of that name are right once
    they are whole, and each comes whole or not at all.

    Args:
        session: Whose versions.
        folder: Where the session's files are.
        threads: How many versions are cut at once.

    Returns:
        All pieces, written now or before.

    Raises:
        AudioFileError: For a file that cannot be read, or is not what the session says.
        OutputError: When a piece cannot be written.
    """
    sources = list(dict.fromkeys(folder / version.audio.file for version in session.versions))
    work = partial(_cut, rate_hz=session.sample_rate_hz, frames=session.frames)
    if threads <= 1 or len(sources) == 1:
        return [path for source in sources for path in work(source)]
    with ThreadPoolExecutor(threads) as pool:
        return [path for paths in pool.map(work, sources) for path in paths]


def _cut(source: Path, *, rate_hz: int, frames: int) -> list[Path]:
    size = piece_frames(rate_hz)
    lengths = [min(size, frames - start) for start in range(0, frames, size)]
    paths = [source.with_name(f"{source.stem}-{i}.js") for i in range(len(lengths))]
    heads = [_head(path.stem, count) for path, count in zip(paths, lengths, strict=True)]
    left = [not _whole(path, head) for path, head in zip(paths, heads, strict=True)]
    if not any(left):
        return paths
    with TemporaryDirectory(prefix="mixmaster-") as room, open_source(source) as audio:
        _check(source, audio, rate_hz, frames)
        for path, head, count, wanted in zip(paths, heads, lengths, left, strict=True):
            block = audio.read(count)
            if wanted:
                encoded = _flac(block, rate_hz, Path(room) / "piece.flac")
                _put(path, (head, base64.b64encode(encoded), _TAIL))
    return paths


def _check(source: Path, audio: AudioSource, rate_hz: int, frames: int) -> None:
    found = audio.info
    if found.sample_rate_hz != rate_hz or found.frames != frames:
        raise AudioFileError(
            shown(source),
            f"it has {found.frames} frames at {found.sample_rate_hz} Hz instead of "
            f"{frames} at {rate_hz} Hz",
            "make the comparison again",
        )


def _head(name: str, frames: int) -> bytes:
    return f'AB.piece("{name}",{frames},"'.encode("ascii")


def _whole(path: Path, head: bytes) -> bool:
    """Return whether a piece is there, from its first byte to its last."""
    try:
        with path.open("rb") as file:
            if file.read(len(head)) != head:
                return False
            file.seek(-len(_TAIL), os.SEEK_END)
            return file.read() == _TAIL
    except OSError:
        return False


def _flac(block: Block, rate_hz: int, path: Path) -> bytes:
    """Return a block of whole 24-bit steps as a FLAC file."""
    spec = FileSpec("flac", 24, rate_hz, block.shape[0])
    with open_sink(path, spec, frames_expected=block.shape[1], dither="none") as sink:
        sink.write(block)
    return path.read_bytes()


def _put(path: Path, parts: Sequence[bytes]) -> None:
    hidden = path.with_name(f".{path.stem}.{os.getpid()}-{os.urandom(3).hex()}.part")
    try:
        with hidden.open("xb") as file:
            file.writelines(parts)
        hidden.replace(path)
    except OSError as error:
        reason = f"it cannot be written: {error.strerror or error}"
        raise OutputError(shown(path), reason, "is the disk full?") from error
    finally:
        hidden.unlink(missing_ok=True)
