"""All that is attacked, by name."""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import pkgutil
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fuzz import audio, documents, folders, words
from tests.fuzz.bombs import flac_of_silence
from tests.fuzz.cases import Case
from tests.fuzz.guard import Target
from tests.fuzz.sounds import signal, sounds
from tests.fuzz.targets_audio import COMMANDS, bomb
from tests.fuzz.targets_audio import audio as audio_target
from tests.fuzz.targets_documents import DOORS
from tests.fuzz.targets_documents import document as document_target
from tests.fuzz.targets_documents import folder as folder_target
from tests.fuzz.targets_documents import words as words_target

from mixmaster.audio.formats import FileSpec
from mixmaster.audio.sink import open_sink
from mixmaster.cli.app import run

_NOT_IMPORTED = {"mixmaster.__main__"}

TARGETS: dict[str, Target] = {
    "audio": audio_target,
    "document": document_target,
    "folder": folder_target,
    "bomb": bomb,
    "words": words_target,
}


def _audio(rng: random.Random) -> Case:
    name, data, how = audio.mutated(rng)
    doors = rng.sample([*COMMANDS, "retag"], k=rng.choice((1, 1, 2, 3)))
    return Case("audio", {name: data}, said={"doors": doors}, how=how)


def _document(kind: str) -> Callable[[random.Random], Case]:
    def make(rng: random.Random) -> Case:
        data, how = documents.document(rng, kind)
        files = {"doc.toml": data, **songs()}
        doors = rng.sample(DOORS[kind], k=rng.choice((1, 2)))
        return Case("document", files, _LINKS, {"kind": kind, "doors": doors}, how)

    return make


def _folder(kind: str) -> Callable[[random.Random], Case]:
    def make(rng: random.Random) -> Case:
        files, links, how = folders.mutated(rng, kind)
        doors = rng.sample(folders.DOORS[kind], k=rng.choice((1, 2)))
        return Case("folder", files, links, {"kind": kind, "doors": doors}, how)

    return make


def _words(rng: random.Random) -> Case:
    told, how = words.words(rng)
    files = {"doc.toml": documents.document(rng, rng.choice(list(documents.MODELS)))[0], **songs()}
    return Case("words", files, _LINKS, {"words": told}, how)


def _bomb(rng: random.Random) -> Case:
    """Return 8 GB of silence in half a megabyte; to be measured, a fiftieth of it."""
    whole = rng.random() < 0.5
    data = flac_of_silence(660 if whole else 33_000)
    return Case("bomb", {"mix.flac": data}, said={"whole": whole}, how=("silence",))


_LINKS = {"link.toml": "/etc/passwd", "link-out": "../..", "loop": "loop"}

MAKERS: dict[str, Callable[[random.Random], Case]] = {
    "audio": _audio,
    "bomb": _bomb,
    "words": _words,
    **{kind: _document(kind) for kind in documents.MODELS},
    **{f"{kind}-folder": _folder(kind) for kind in folders.DOORS},
}


@functools.cache
def songs() -> dict[str, bytes]:
    """Return what documents name: a mix, and two stems."""
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(("mix.wav", "stems/kick.wav", "stems/Vocal.wav")):
            path = Path(folder) / "a.wav"
            with open_sink(path, FileSpec("wav", 24, 48_000, 1 if number else 2)) as sink:
                sink.write(signal(48_000, 1 if number else 2, 0.5, seed=number))
            made[name] = path.read_bytes()
    return made


def warm() -> None:
    """Import all there is and make what is made once, so that a fork has it."""
    import mixmaster

    for module in pkgutil.walk_packages(mixmaster.__path__, "mixmaster."):
        if module.name not in _NOT_IMPORTED:
            importlib.import_module(module.name)
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(out):
        root = Path(name)
        (root / "mix.flac").write_bytes(sounds()["flac-24"])
        with contextlib.redirect_stderr(out), pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", name)
            for door, words in COMMANDS.items():
                told = [w.format(file=root / "mix.flac", out=root / door) for w in words]
                if run(told) not in {0, 1, 2}:
                    raise RuntimeError(f"a good file: {told}")
            for kind in folders.DOORS:
                folders.folder(kind)


def made(seed: str) -> Case:
    """Return the case of a seed such as ``audio:17``: always the same."""
    return MAKERS[seed.split(":", maxsplit=1)[0]](random.Random(seed))
