"""What is said of stems beforehand, and where they go by that or by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.audio.source import AudioInfo
from mixmaster.errors import DocumentError, Problem
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.regions.declared import Arrangement
from mixmaster.mixing.stem_names.names import Assignment, Stem, assign
from mixmaster.mixing.stems import StemSource


@dataclass(frozen=True, slots=True)
class Given:
    """What is said of a stem beforehand.

    Attributes:
        name: What it is called instead of its file; empty if its file's name will do.
        strip: The strip that it goes to; empty where its name decides.
        trim_db: Gain before the strip, on top of its own trim.
        polarity: Whether it is turned upside down before the strip.
        delay_ms: Delay before the strip, on top of its own.
        pan: Where it lies; None for where its strip puts it.
        arrangement: Its regions; None without any.
    """

    name: str = ""
    strip: str = ""
    trim_db: float = 0.0
    polarity: bool = False
    delay_ms: float = 0.0
    pan: float | None = None
    arrangement: Arrangement | None = None


def assign_stems(
    infos: dict[Path, AudioInfo], preset: MixPreset, given: Mapping[Path, Given]
) -> Assignment:
    """Give every file its strip.

    Args:
        infos: The files.
        preset: The preset with the strips.
        given: What is said of some of them.

    Raises:
        DocumentError: For stems that no strip, or two strips equally, match.
    """
    said = {path: given.get(path, Given()) for path in infos}
    named = [
        Stem(
            path,
            info.channels,
            info.sample_rate_hz,
            info.frames,
            said[path].name,
            said[path].strip,
        )
        for path, info in infos.items()
    ]
    unpaired = [name for name, strip in preset.strip.items() if not strip.pair]
    assignment = assign(named, preset.patterns(), unpaired=unpaired)
    assignment.check(f"preset '{preset.name}'")
    return assignment


def said_of(
    stems: Iterable[StemSource], given: Mapping[Path, Given], where: str
) -> dict[str, Given]:
    """Return what is said of each instance; of the halves of a pair it must be the same.

    Args:
        stems: The instances.
        given: What is said of files.
        where: The document that says it.

    Raises:
        DocumentError: For halves of which different things are said.
    """
    found = {}
    for stem in stems:
        parts = [given.get(path, Given()) for path in stem.paths]
        heads = {(each.trim_db, each.polarity, each.delay_ms, each.pan) for each in parts}
        if len(heads) > 1:
            names = " and ".join(shown(path.name) for path in stem.paths)
            reason = f"{names} are one stereo pair: their trim, polarity, delay and pan must agree"
            raise DocumentError(where, (Problem("stem", reason, "say the same of both"),))
        found[stem.id] = parts[0]
    return found
