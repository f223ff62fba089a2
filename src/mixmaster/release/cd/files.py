"""What a disc's folder holds, and the lists of MD5 sums in it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from mixmaster.audio.names import shown
from mixmaster.errors import AudioFileError
from mixmaster.release.cd import ddp

WAV_NAME: Final = "disc.wav"
CUE_NAME: Final = "disc.cue"
SUMS_NAME: Final = "disc.md5"
DDP_FOLDER: Final = "ddp"

TOP_NAMES: Final = (WAV_NAME, CUE_NAME)
"""What ``disc.md5`` lists."""

TEXT_FILE: Final = f"{DDP_FOLDER}/{ddp.TEXT_NAME}"
IMAGE_FILE: Final = f"{DDP_FOLDER}/{ddp.IMAGE_NAME}"


def disc_files(*, cd_text: bool) -> tuple[str, ...]:
    """Return every file of a disc, relative to its folder, in the order in which they appear."""
    listed = (f"{DDP_FOLDER}/{name}" for name in (*ddp_names(cd_text=cd_text), ddp.CHECKSUM_NAME))
    return (*TOP_NAMES, *listed, SUMS_NAME)


def ddp_names(*, cd_text: bool) -> tuple[str, ...]:
    """Return the files of the fileset that its list of checksums names, in its order."""
    text = (ddp.TEXT_NAME,) if cd_text else ()
    return (ddp.ID_NAME, ddp.MAP_NAME, *text, ddp.PQ_NAME, ddp.IMAGE_NAME)


def md5_of(path: Path) -> str:
    """Return a file's MD5, in hex: what md5sum and plants compute.

    Raises:
        AudioFileError: For a file that cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    except OSError as error:
        raise AudioFileError(shown(path), f"it cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def md5_list(sums: dict[str, str]) -> bytes:
    """Return a list as ``md5sum -c`` reads it."""
    return "".join(f"{digest} *{name}\n" for name, digest in sums.items()).encode("ascii")
