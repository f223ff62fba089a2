"""What a disc's folder holds."""

from __future__ import annotations

from typing import Final

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
