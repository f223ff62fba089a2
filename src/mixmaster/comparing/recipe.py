"""What is needed to render a version again: a command line, and the preset with every value."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from mixmaster.audio.names import shown
from mixmaster.comparing.sources import ComparePlan, Wanted
from mixmaster.documents.writing import to_toml
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.pages.ab.data import AbRecipe

_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST = 60


def recipe_of(wanted: Wanted, plan: ComparePlan) -> AbRecipe | None:
    """Return how to render a version again; None for one that was given as a file."""
    if wanted.preset is None:
        return None
    preset_file = f"{file_name(wanted.name)}.toml"
    words = ["mixmaster", "master", shown(wanted.path.name), "-p", preset_file]
    words += ["-t", plan.target_name]
    if plan.options.dual_mono:
        words.append("--dual-mono")
    words += ["-o", "masters/"]
    return AbRecipe(
        command=" ".join(_quoted(word) for word in words),
        preset_file=preset_file,
        preset_toml=to_toml(resolved(wanted.preset)),
    )


def resolved(preset: MasteringPreset) -> MasteringPreset:
    """Return a preset in which every effect names the revision of its sound."""
    inserts = tuple(
        effect.model_copy(update={"revision": effect.sound_revision}) for effect in preset.insert
    )
    return preset.model_copy(update={"insert": inserts})


def file_name(name: str) -> str:
    """Return a name that any file system takes, from one that people gave."""
    plain = _UNSAFE.sub("-", name).strip("-.")[:_LONGEST]
    return plain or "version"


def _quoted(word: str) -> str:
    """Return a word for a shell; one that begins with a dash is made a path."""
    if word.startswith("-") and Path(word).suffix:
        word = f"./{word}"
    return shlex.quote(word)
