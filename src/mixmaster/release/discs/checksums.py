"""Lists of MD5 sums, as md5sum writes and checks them: what plants and cutting houses ask for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.errors import AudioFileError
from mixmaster.release.reading import opened, small_file

_MOST_BYTES: Final = 1 << 20
_LINE: Final = re.compile(r"([0-9a-fA-F]{32}) [ *](.+)")


def md5_of(path: Path) -> str:
    """Return a file's MD5, in hex.

    Raises:
        AudioFileError: For a file that cannot be read.
    """
    try:
        with opened(path) as file:
            digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    except OSError as error:
        raise AudioFileError(shown(path), f"it cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def md5_list(sums: Mapping[str, str]) -> bytes:
    """Return a list of names and sums as ``md5sum -c`` reads it; names are ASCII."""
    return "".join(f"{digest} *{name}\n" for name, digest in sums.items()).encode("ascii")


def read_md5_list(data: bytes) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the sums by name, and the lines that are none."""
    sums: dict[str, str] = {}
    wrong: list[str] = []
    for line in data.decode("ascii", "replace").splitlines():
        match = _LINE.fullmatch(line.rstrip())
        if match is None:
            wrong.append(line)
        else:
            sums[match[2]] = match[1].lower()
    return sums, tuple(wrong)


def list_problems(folder: Path, list_name: str, names: Iterable[str]) -> Iterator[str]:
    """Yield where files are not what a list beside them says, each sentence begun by its file.

    Args:
        folder: Where both lie.
        list_name: The list.
        names: The files that it has to list, and that are looked at.
    """
    try:
        sums, wrong = read_md5_list(small_file(folder / list_name, _MOST_BYTES))
    except AudioFileError as error:
        yield f"{list_name}: {error.reason}"
        return
    for line in wrong:
        yield f"{list_name}: '{shown(line[:60])}' is no line of a list of MD5 sums"
    for name in names:
        if name not in sums:
            yield f"{list_name}: it does not list {name}"
            continue
        try:
            found = md5_of(folder / name)
        except AudioFileError as error:
            yield f"{name}: {error.reason}"
            continue
        if found != sums[name]:
            yield f"{name}: its MD5 is {found}, {list_name} says {sums[name]}"
