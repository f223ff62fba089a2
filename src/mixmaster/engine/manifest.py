"""Manifests: what was made, from what, and how to make it again.

A manifest holds nothing that differs between two runs of one job: no time, no absolute path, no
host, no number of threads. So it repeats byte for byte, and its key can be compared.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from mixmaster.audio.decoders import libsndfile_version
from mixmaster.audio.source import AudioInfo
from mixmaster.engine.publish import SCHEMA_PREFIX
from mixmaster.results import Result, jsonable

FORMAT = 1
SCHEMA = f"{SCHEMA_PREFIX}{FORMAT}"

_LIBRARIES = ("mixmaster", "numpy", "scipy", "soundfile", "soxr", "pedalboard")


@dataclass(frozen=True, slots=True)
class InputRecord(Result):
    """A file that something was made from.

    Attributes:
        name: The file's name, without its folder.
        sha256: Of its bytes.
        sample_rate_hz: Its own rate.
        channels: Its channels.
        frames: Its length at that rate.
    """

    name: str
    sha256: str
    sample_rate_hz: int
    channels: int
    frames: int


def input_record(info: AudioInfo, sha256: str) -> InputRecord:
    """Return the record of a file that was read."""
    return InputRecord(info.path.name, sha256, info.sample_rate_hz, info.channels, info.frames)


def key(
    inputs: Iterable[InputRecord], settings: Mapping[str, Any], revisions: Mapping[str, int]
) -> str:
    """Return what identifies a job: the SHA-256 of its inputs, settings and effect revisions.

    The order of the inputs counts, and so do their names, for names decide about roles; the order
    of keys in documents does not.

    Args:
        inputs: What is read.
        settings: The resolved documents: no paths, times, hosts or thread counts belong there.
        revisions: The revision of every effect, by its name.
    """
    content = {
        "format": FORMAT,
        "inputs": [[record.name, record.sha256] for record in inputs],
        "settings": jsonable(dict(settings)),
        "revisions": dict(revisions),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def build(
    kind: str,
    *,
    inputs: Iterable[InputRecord],
    settings: Mapping[str, Any],
    revisions: Mapping[str, int],
    figures: Any = None,
    notes: Iterable[str] = (),
    reproducible: bool = True,
) -> dict[str, Any]:
    """Return a manifest; ``Publication.commit`` fills in ``file`` and ``sha256``.

    Args:
        kind: What was made: ``mix``, ``master``.
        inputs: What it was made from.
        settings: The resolved documents.
        revisions: The revision of every effect, by its name.
        figures: What was measured on the finished file.
        notes: What had to be said.
        reproducible: Whether the same job gives the same bytes on this kind of processor.
    """
    records = list(inputs)
    manifest = {
        "format": FORMAT,
        "schema": SCHEMA,
        "kind": kind,
        "file": "",
        "sha256": "",
        "key": key(records, settings, revisions),
        "reproducible": reproducible,
        "figures": figures,
        "notes": list(notes),
        "inputs": records,
        "settings": dict(settings),
        "revisions": dict(revisions),
        "versions": versions(),
        "processor": processor(),
    }
    return {name: jsonable(value) for name, value in manifest.items()}


def versions() -> dict[str, str]:
    """Return the versions of everything that shapes the sound."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    """Look them up, which takes longer than writing a manifest."""
    found = {"python": platform.python_version()}
    found |= {library: metadata.version(library) for library in _LIBRARIES}
    return found | {"libsndfile": libsndfile_version()}


def processor() -> dict[str, str]:
    """Return the kind of processor: on another kind, the last bits may differ."""
    return {"machine": platform.machine(), "model": _processor_model()}


@cache
def _processor_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        return platform.processor()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())
