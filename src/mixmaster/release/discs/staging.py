"""Files of one folder that appear together, checked, or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.engine.outputs import refuse_inputs, require_space
from mixmaster.engine.publish import put, staged
from mixmaster.errors import OutputError


@contextlib.contextmanager
def staged_files(
    folder: Path,
    names: Iterable[str],
    *,
    inputs: Iterable[Path],
    overwrite: bool,
    bytes_needed: int,
) -> Iterator[dict[str, Path]]:
    """Give a hidden temporary for each of a folder's files; at the end they get their names.

    An error on the way leaves everything as it was, folders that were made included.

    Args:
        folder: The folder; made if need be.
        names: The files, relative to it, in the order in which they are to appear.
        inputs: Files that are read meanwhile; none of them may be replaced.
        overwrite: Whether files of these names may be replaced.
        bytes_needed: How much room they take.

    Raises:
        OutputError: Where a file is in the way, or nothing can be written.
    """
    targets = {name: folder / name for name in names}
    sources = tuple(inputs)
    for target in targets.values():
        refuse_inputs(target, sources)
        if target.is_dir():
            raise OutputError(shown(target), "it is a folder", "choose another output")
        if target.exists() and not overwrite:
            raise OutputError(shown(target), "it exists", "--overwrite replaces it")
    require_space(folder, bytes_needed)
    with _made(target.parent for target in targets.values()), contextlib.ExitStack() as stack:
        parts = {name: stack.enter_context(staged(target)) for name, target in targets.items()}
        yield parts
        for name, target in targets.items():
            put(parts[name], target)


@contextlib.contextmanager
def _made(folders: Iterable[Path]) -> Iterator[None]:
    """Make folders; unless all goes well, remove those that were made here."""
    made: list[Path] = []
    try:
        for folder in dict.fromkeys(folders):
            missing = [path for path in (folder, *folder.parents) if not path.exists()]
            for path in reversed(missing):
                try:
                    path.mkdir(exist_ok=True)
                except OSError as error:
                    reason = f"it cannot be made: {error.strerror}"
                    raise OutputError(shown(path), reason, "write to a folder of yours") from error
                made.append(path)
        yield
    except BaseException:
        for path in reversed(made):
            with contextlib.suppress(OSError):  # not empty any more: then it is someone's
                path.rmdir()
        raise
