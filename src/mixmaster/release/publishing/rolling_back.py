"""What a build that was killed while files changed places has left is put back.

``release.json`` is renamed last: while the new one still lies in the hidden folder, the release in
front of it is the old one, or none.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from mixmaster.engine.hashing import hash_once
from mixmaster.engine.outputs import inside, make_folders, remove_empty
from mixmaster.engine.renaming import rename
from mixmaster.errors import AudioFileError, DocumentError, OutputError
from mixmaster.release.proof.record import RECORD_NAME, ReleaseRecord
from mixmaster.release.proof.writing import read_record


def roll_back(folder: Path, new: Path, old: Path) -> None:
    """Put a folder back to what it was before a build that did not come to its end.

    Args:
        folder: The release's.
        new: Where that build had its files.
        old: Where it put aside what they replace.

    Raises:
        OSError: When it cannot be done; what is left is still there, for the next attempt.
    """
    record = _record(new)
    if record is None:  # nothing had changed places yet, or all had
        return
    before = _record(old) or _record(folder)
    stays = {} if before is None else {each.path: each.sha256 for each in before.files}
    for each in record.files:
        with contextlib.suppress(OutputError, AudioFileError):
            placed = inside(folder, each.path)
            if (new / each.path).exists() or not placed.is_file():
                continue
            if stays.get(each.path) == each.sha256 and not (old / each.path).exists():
                continue
            if hash_once(placed) == each.sha256:
                placed.unlink()
                remove_empty([folder / up for up in reversed(Path(each.path).parents[:-1])])
    for aside in sorted(old.rglob("*")):
        if aside.is_symlink() or not aside.is_dir():
            target = folder / aside.relative_to(old)
            make_folders(target.parent)
            rename(aside, target)


def _record(folder: Path) -> ReleaseRecord | None:
    if not (folder / RECORD_NAME).is_file():
        return None
    try:
        return read_record(folder)
    except (AudioFileError, DocumentError):
        return None
