"""mixmaster: a headless audio pipeline for mixing, mastering and release.

From Python it is a handful of functions; each takes paths, writes what its command writes, and
returns a result whose figures have their units in their names, that turns into JSON
(``to_json()``) and that a notebook shows as a table::

    import mixmaster

    song = mixmaster.load("stems/", "rock-band")  # or a session: load("song.toml")
    mixed = song.mix("mix.wav")
    masters = mixmaster.master(mixed, "masters/", "transparent", ["spotify", "cd"])
    mixmaster.measure("masters/mix_spotify.flac").integrated_lufs
    mixmaster.comparing("mix.wav", "ab/", ["transparent", "warm"])

Every error is a ``MixmasterError`` that says where, what is wrong, and what would be right.
Names are imported when they are first used: ``import mixmaster`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mixmaster.api.actions import compare, master, measure, mix, read, render
    from mixmaster.api.song import Song, load
    from mixmaster.comparing.run import CompareRun
    from mixmaster.comparing.sources import CompareOptions
    from mixmaster.errors import (
        AudioFileError,
        DocumentError,
        MixmasterError,
        OutputError,
        RefusedError,
        SignalError,
        UsageError,
    )
    from mixmaster.mastering.options import MasterOptions, NamedTarget
    from mixmaster.mastering.preset import MasteringPreset
    from mixmaster.mastering.results import MasterResult, MasterRun
    from mixmaster.mastering.run import load_preset, load_target
    from mixmaster.mastering.song import SongRun
    from mixmaster.mastering.target import Target
    from mixmaster.metering.programme import ProgrammeFigures
    from mixmaster.metering.survey import Survey
    from mixmaster.mixing.passages import Section
    from mixmaster.mixing.plan import MixPlan
    from mixmaster.mixing.run import MixRun

__version__ = "0.1.0"

__all__ = [
    "AudioFileError",
    "CompareOptions",
    "CompareRun",
    "DocumentError",
    "MasterOptions",
    "MasterResult",
    "MasterRun",
    "MasteringPreset",
    "MixPlan",
    "MixRun",
    "MixmasterError",
    "NamedTarget",
    "OutputError",
    "ProgrammeFigures",
    "RefusedError",
    "Section",
    "SignalError",
    "Song",
    "SongRun",
    "Survey",
    "Target",
    "UsageError",
    "__version__",
    "compare",
    "load",
    "load_preset",
    "load_target",
    "master",
    "measure",
    "mix",
    "read",
    "render",
]

_HOMES: Final = {
    "mixmaster.api.actions": ("compare", "master", "measure", "mix", "read", "render"),
    "mixmaster.api.song": ("Song", "load"),
    "mixmaster.comparing.run": ("CompareRun",),
    "mixmaster.comparing.sources": ("CompareOptions",),
    "mixmaster.errors": (
        "AudioFileError",
        "DocumentError",
        "MixmasterError",
        "OutputError",
        "RefusedError",
        "SignalError",
        "UsageError",
    ),
    "mixmaster.mastering.options": ("MasterOptions", "NamedTarget"),
    "mixmaster.mastering.preset": ("MasteringPreset",),
    "mixmaster.mastering.results": ("MasterResult", "MasterRun"),
    "mixmaster.mastering.run": ("load_preset", "load_target"),
    "mixmaster.mastering.song": ("SongRun",),
    "mixmaster.mastering.target": ("Target",),
    "mixmaster.metering.programme": ("ProgrammeFigures",),
    "mixmaster.metering.survey": ("Survey",),
    "mixmaster.mixing.passages": ("Section",),
    "mixmaster.mixing.plan": ("MixPlan",),
    "mixmaster.mixing.run": ("MixRun",),
}
_HOME: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'mixmaster' has no attribute {name!r}")
    found = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names, whether they were used yet or not."""
    return sorted(__all__)
