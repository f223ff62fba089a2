"""What is heard, as files: 24-bit FLAC, cut at full scale as a converter cuts it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from mixmaster.arrays import Block
from mixmaster.audio.sink import FileSpec, open_sink
from mixmaster.engine.manifest import build, input_record
from mixmaster.engine.outputs import inside
from mixmaster.engine.publish import Publication
from mixmaster.preview.master_file import Master

BIT_DEPTH: Final = 24
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")


def heard_path(folder: Path, master: Master, *words: str) -> Path:
    """Return the path of a file: ``{song}_{words}.flac``.

    Raises:
        OutputError: For a name that leads out of the folder.
    """
    parts = [_NO_WORD.sub("-", word.lower()).strip("-") for word in words if word]
    return inside(folder, f"{master.path.stem}_{'-'.join(parts)}.flac")


def write_heard(
    master: Master,
    blocks: Iterable[Block],
    path: Path,
    *,
    sample_rate_hz: int,
    settings: Mapping[str, Any],
    overwrite: bool = False,
) -> int:
    """Write a signal; return how many samples were over full scale, and are cut there.

    Args:
        master: What it was made from.
        blocks: The signal.
        path: The file.
        sample_rate_hz: Its rate.
        settings: What was done, for the manifest.
        overwrite: Whether a file that is not ours may be replaced.

    Raises:
        OutputError: When it cannot be written.
    """
    spec = FileSpec("flac", BIT_DEPTH, sample_rate_hz, master.info.channels)
    with Publication(path, overwrite=overwrite, inputs=[master.path]) as publication:
        with open_sink(publication.part, spec) as sink:
            for block in blocks:
                sink.write(block)
            report = sink.close()
        said: dict[str, Any] = {"passage_frames": list(master.passage), **settings}
        record = input_record(master.info, master.sha256)
        manifest = build("preview", inputs=[record], settings=said, revisions={})
        publication.commit(manifest | {"figures": report.to_json()})
    return report.clipped_samples
