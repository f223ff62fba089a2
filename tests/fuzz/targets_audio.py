"""What is done to an audio file that may be anything: every door it can come through."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tests.fuzz.cases import Case
from tests.fuzz.guard import FaultError
from tests.fuzz.sounds import TAGS

from mixmaster.audio.bext import read_bext
from mixmaster.audio.chunks import read_extras
from mixmaster.audio.source import content_hash, open_source, probe
from mixmaster.audio.tags import KIND_OF_CONTAINER, differences, read_tags, write_tags
from mixmaster.cli.app import run
from mixmaster.engine.measuring import measure_file, survey_file
from mixmaster.errors import MixmasterError

MOST_FRAMES = 20_000_000
"""Beyond this a case is only read from: one that unpacks to hours has a test of its own."""

STATUSES = {0, 1, 2}


def audio(case: Case, root: Path) -> dict[str, Any]:
    """Bring the case's one file in through each door in turn."""
    (name,) = case.files
    path = root / "in" / name
    reached: dict[str, Any] = {}
    info = _outcome(reached, "probe", lambda: probe(path))
    _outcome(reached, "tags", lambda: read_tags(path))
    _outcome(reached, "bext", lambda: read_bext(path))
    _outcome(reached, "extras", lambda: read_extras(path))
    frames = _outcome(reached, "read", lambda: _read(path))
    if info is not None and frames is not None and not 0 <= frames <= MOST_FRAMES:
        return reached
    _outcome(reached, "converted", lambda: _count(path, 44_100))
    _outcome(reached, "strict", lambda: _count(path, None, strict=True))
    _outcome(reached, "measure", lambda: measure_file(path))
    _outcome(reached, "survey", lambda: survey_file(path))
    doors = case.said.get("doors", [])
    if "retag" in doors:
        _outcome(reached, "retag", lambda: _retagged(path, root / "out" / "tagged" / name))
    for door in doors:
        if door in COMMANDS:
            words = [str(w).format(file=path, out=root / "out" / door) for w in COMMANDS[door]]
            reached[door] = command(words, root)
    whole(root / "out")
    return reached


COMMANDS: dict[str, tuple[str, ...]] = {
    "c-measure": ("measure", "--all", "--json", "{file}"),
    "c-check": ("check", "--json", "{file}", "-t", "spotify"),
    "c-stems": ("check", "--json", "{file}"),
    "c-master": ("master", "{file}", "-p", "transparent", "-t", "spotify", "-o", "{out}", "--json"),
    "c-lossy": ("master", "{file}", "-p", "loud", "-t", "download-mp3", "-o", "{out}", "--json"),
    "c-mix": ("mix", "{file}", "-p", "flat", "-o", "{out}/mix.wav", "--json"),
    "c-null": ("null", "{file}", "{file}", "--json"),
    "c-report": ("report", "{file}", "-o", "{out}/page.html"),
    "c-profile": ("profile", "build", "{file}", "-o", "{out}/p.toml", "--name", "P"),
    "c-compare": ("compare", "{file}", "--original", "-m", "warm", "-o", "{out}"),
    "c-preview": ("preview", "{file}", "--only", "systems", "--on", "phone", "--json"),
}


def command(words: list[str], root: Path) -> int:
    """Run the command line; return its status, which must be one of those for users.

    Raises:
        FaultError: For a bug's status, memory that gave out, or what is no JSON.
    """
    printed, errors = root / "stdout", root / "stderr"
    start, started = printed.stat().st_size, errors.stat().st_size
    status = run(words)
    if status not in STATUSES:
        raise FaultError(f"status {status}: {' '.join(words)}")
    said = errors.read_bytes()[started:]
    if b"out of memory" in said:
        raise FaultError(f"out of memory: {' '.join(words)}")
    if b"Traceback" in said:
        raise FaultError(f"a traceback: {' '.join(words)}")
    options = words[: words.index("--") if "--" in words else None]
    if "--json" in options and not {"-h", "--help"}.intersection(options):
        text = printed.read_bytes()[start:].decode("utf-8")
        try:
            json.loads(text, parse_constant=_no_json)
        except ValueError as error:
            raise FaultError(f"no JSON: {' '.join(words)}: {error}") from error
    return status


def _no_json(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _outcome(reached: dict[str, Any], door: str, go: Callable[[], Any]) -> Any:
    """Return what comes out of a door; None where the file was refused as users are told."""
    try:
        result = go()
    except MixmasterError as error:
        text = str(error)
        if not error.reason or "\0" in text:
            raise FaultError(f"{door}: an error that says nothing: {text!r}") from error
        json.dumps(error.to_json(), allow_nan=False)
        reached[door] = type(error).__name__
        return None
    reached[door] = "ok"
    return result


def _read(path: Path) -> int:
    """Read a file in three ways, which must give the same; return its frames."""
    with open_source(path) as source:
        whole = hashlib.sha256()
        frames: int = 0
        middle = None
        for block in source.blocks():
            if block.dtype != np.float64 or block.shape[0] != source.channels:
                raise FaultError(f"a block of {block.dtype} {block.shape}")
            if not np.isfinite(block).all():
                raise FaultError("a block that is not finite")
            if frames == 0:
                middle = block[:, 1_000:1_500].copy()
            whole.update(block.T.tobytes())
            frames += block.shape[1]
            if frames > MOST_FRAMES:
                return frames
        again = hashlib.sha256()
        for block in source.blocks(7_001):
            again.update(block.T.tobytes())
        if again.digest() != whole.digest():
            raise FaultError("other samples when it is cut otherwise")
        source.seek(1_000)
        there = source.read(500)
        if middle is not None and there.tobytes() != np.ascontiguousarray(middle).tobytes():
            raise FaultError("other samples after seeking")
    return frames


def _count(path: Path, rate: int | None, *, strict: bool = False) -> int:
    with open_source(path, sample_rate_hz=rate, strict=strict) as source:
        return sum(block.shape[1] for block in source.blocks())


def _samples(path: Path) -> str:
    with open_source(path) as source:
        whole = hashlib.sha256()
        for block in source.blocks():
            whole.update(block.T.tobytes())
        return whole.hexdigest()


def _retagged(path: Path, copy: Path) -> None:
    """Tag a copy: what is written is there, and the sound is what it was."""
    before = _samples(path)
    copy.parent.mkdir(parents=True)
    shutil.copyfile(path, copy)
    told = write_tags(copy, TAGS)
    # What FFmpeg finds besides in a file that was odd before, such as a second comment packet, is
    # told by whoever holds the tags to it; what we find must be what was written.
    wrong = [each for each in differences(told, read_tags(copy)) if "FFmpeg" not in each]
    if wrong:
        raise FaultError(f"tags that were not written as said: {wrong}")
    if _samples(copy) != before:
        raise FaultError("tagging changed the sound")


def whole(out: Path) -> None:
    """Check that every file made has a manifest that is true of it."""
    for manifest in out.rglob("*.json"):
        told = json.loads(manifest.read_text("utf-8"))
        made = manifest.with_suffix("")
        if "sha256" in told and made.suffix and made.exists():
            if told["sha256"] != content_hash(made):
                raise FaultError(f"a manifest that is not true of {made.name}")
            if made.suffix in {".wav", ".flac", ".mp3"}:
                probe(made)


__all__ = ["KIND_OF_CONTAINER", "audio", "command"]


def bomb(case: Case, root: Path) -> dict[str, Any]:
    """Read a file that unpacks to gigabytes: its beginning and its end, or all of it, measured."""
    (name,) = case.files
    path = root / "in" / name
    frames = probe(path).frames
    with open_source(path) as source:
        first = sum(block.shape[1] for block in source.blocks(stop_frame=4_000_000))
        last = sum(block.shape[1] for block in source.blocks(start_frame=frames - 100_000))
    if (first, last) != (4_000_000, 100_000):
        raise FaultError(f"{first} and {last} frames")
    read_tags(path)
    if case.said["whole"]:
        measured = measure_file(path).figures
        if measured.true_peak_dbtp is not None:
            raise FaultError("silence that is heard")
    return {"frames": frames}
