"""Writing tags into a finished file, in place; its sound stays as it is, to the bit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final, Literal

from mixmaster.audio.names import shown
from mixmaster.audio.opening import open_file
from mixmaster.audio.positioned import BINARY, pread
from mixmaster.audio.riff import HeaderError
from mixmaster.audio.sink import output_error
from mixmaster.audio.tags.fields import held, info_tags
from mixmaster.audio.tags.kinds import kind_of
from mixmaster.audio.tags.limits import tag_problems
from mixmaster.audio.tags.making import atoms, comments, flac_picture, id3, id3_bytes, info_list
from mixmaster.audio.tags.riff_chunks import set_chunks
from mixmaster.audio.tags.said import DAMAGED
from mixmaster.audio.tags.values import Kind, Picture, Tags
from mixmaster.errors import AudioFileError, OutputError, UsageError

WavChunk = Literal["info", "id3"]
WAV_CHUNKS: Final[tuple[WavChunk, ...]] = ("info", "id3")
"""What tags a WAV file by default: both, in front of the samples."""


def write_tags(
    path: str | os.PathLike[str],
    tags: Tags,
    picture: Picture | None = None,
    *,
    wav: tuple[WavChunk, ...] = WAV_CHUNKS,
) -> Tags:
    """Write tags into a file in place, instead of all that it said before.

    The sound is not touched, nor what players need for its exact length: LAME's header, Opus's
    pre-skip, MPEG-4's edit list and iTunSMPB. The bytes depend on the file and the tags alone.
    WAV's chunks stand in front of the samples, never behind. Give a file that is not yet
    published: being interrupted leaves it half-written.

    Args:
        path: A WAV, AIFF, FLAC, MP3, M4A, Opus or Vorbis file.
        tags: What it is to say.
        picture: Its front cover.
        wav: Which chunks say it in a WAV file: ``id3`` all of it, ``info`` what INFO has fields
            for, neither nothing at all.

    Returns:
        What the file says now: gains are rounded as they are written, and a WAV file without
        ``id3`` says what INFO has fields for.

    Raises:
        UsageError: For what this kind of file cannot hold, all of it named; nothing is written.
        AudioFileError: For a file that is none of these.
        OutputError: When it cannot be written.
    """
    name = shown(path)
    kind = kind_of(path)
    problems = tag_problems(kind, tags, picture)
    if problems:
        raise UsageError(name, f"the tags cannot be written: {'; '.join(problems)}")
    if kind == "wav" and picture is not None and "id3" not in wav:
        raise UsageError(name, "a WAV file without an id3 chunk holds no picture", "leave it out")
    import mutagen

    try:
        _write(Path(path), kind, tags, picture, wav)
    except HeaderError as error:
        raise AudioFileError(name, error.reason, error.hint) from error
    except OSError as error:
        raise output_error(name, error) from error
    except mutagen.MutagenError as error:
        cause = error.__cause__ or error.__context__
        if isinstance(cause, OSError):
            raise output_error(name, cause) from error
        raise OutputError(name, f"its tags could not be written: {error}") from error
    if kind == "wav" and "id3" not in wav:
        return info_tags(tags) if "info" in wav else Tags()
    return held(kind, tags)


def _write(
    path: Path, kind: Kind, tags: Tags, picture: Picture | None, wav: tuple[WavChunk, ...]
) -> None:
    if kind == "wav":
        _write_wav(path, tags, picture, wav)
    elif kind == "aiff":
        _write_aiff(path, tags, picture)
    elif kind == "mp3":
        _write_mp3(path, tags, picture)
    elif kind == "m4a":
        _write_mp4(path, tags, picture)
    else:
        _write_comments(path, kind, tags, picture)


def _write_aiff(path: Path, tags: Tags, picture: Picture | None) -> None:
    import mutagen.aiff

    _require_whole_aiff(path)
    opened: Any = mutagen.aiff.AIFF
    opened(path).delete()
    made = id3("aiff", tags, picture)
    if made:
        file = opened(path)
        file.add_tags()
        for frame in made.values():
            file.tags.add(frame)
        file.save(v2_version=4, padding=_no_padding)


def _require_whole_aiff(path: Path) -> None:
    """Raise unless chunks lead from the file's head to its end: behind a gap no tag is found."""
    with path.open("rb") as file:
        end, at = os.fstat(file.fileno()).st_size, 12
        while at < end:
            header = pread(file.fileno(), 8, at)
            if len(header) < 8 or not all(32 <= byte < 127 for byte in header[:4]):
                raise HeaderError(
                    f"the AIFF file's chunks end at byte {at}, short of its end", DAMAGED
                )
            size = int.from_bytes(header[4:], "big")
            at += 8 + size + size % 2
        told = 8 + int.from_bytes(pread(file.fileno(), 4, 4), "big")
        if at > end + 1 or told not in {end, end - 1}:
            raise HeaderError("the AIFF file is cut short, or never finished", DAMAGED)


def _write_mp3(path: Path, tags: Tags, picture: Picture | None) -> None:
    from mutagen import apev2
    from mutagen.id3 import delete

    apev2.delete(path)
    delete(path)
    made = id3("mp3", tags, picture)
    if made:
        made.save(path, v1=0, v2_version=4, padding=_no_padding)


def _write_mp4(path: Path, tags: Tags, picture: Picture | None) -> None:
    import mutagen.mp4

    opened: Any = mutagen.mp4.MP4
    file = opened(path)
    made = atoms(tags, picture, dict(file.tags or {}))
    file.delete()
    if made:
        file = opened(path)
        if file.tags is None:
            file.add_tags()
        for name, values in made.items():
            file.tags[name] = values
        file.save(padding=_no_padding)


def _write_comments(path: Path, kind: Kind, tags: Tags, picture: Picture | None) -> None:
    from mutagen.flac import FLAC
    from mutagen.oggopus import OggOpus
    from mutagen.oggvorbis import OggVorbis

    opened: Any = {"flac": FLAC, "opus": OggOpus, "vorbis": OggVorbis}[kind]
    file = opened(path)
    if file.tags is None:
        file.add_tags()
    file.tags.clear()
    file.tags.extend(comments(kind, tags, picture))
    if kind == "flac":
        file.clear_pictures()
        if picture is not None:
            file.add_picture(flac_picture(picture))
        file.save(deleteid3=True, padding=_no_padding)
    else:
        file.save(padding=_no_padding)


def _write_wav(path: Path, tags: Tags, picture: Picture | None, wav: tuple[WavChunk, ...]) -> None:
    info = info_list(tags) if "info" in wav else b""
    whole = id3_bytes("wav", tags, picture) if "id3" in wav else b""
    os.close(open_file(path, shown(path)))
    fd = os.open(path, os.O_RDWR | BINARY)
    try:
        set_chunks(fd, {b"LIST": info or None, b"id3 ": whole or None})
    finally:
        os.close(fd)


def _no_padding(_: Any) -> int:
    return 0
