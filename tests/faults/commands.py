"""The commands that write, each on inputs of a second: what the faults are tried on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile as sf
from tests.tiny_documents import CHAIN, TARGET

RATE = 16_000
MIX = """
format = 1
kind = "mix"
name = "Two strips"
[strip.low]
match = ["low"]
gain_db = -6.0
[strip.high]
match = ["high"]
gain_db = -6.0
"""
RELEASE = """
format = 1
kind = "release"
title = "Short"
artist = "Nobody"
label = "None"
date = 2026-11-20
targets = ["loud.toml"]
[master]
preset = "chain.toml"
[[track]]
mix = "one.wav"
title = "One"
[[track]]
mix = "two.wav"
title = "Two"
"""


def _inputs(folder: Path) -> Path:
    """Write what every command may need; return the folder of it."""
    inputs = folder / "in"
    (inputs / "stems").mkdir(parents=True)
    random = np.random.default_rng(3)
    for name in ("stems/low", "stems/high", "one", "two"):
        samples = 0.1 * random.standard_normal((RATE, 2))
        sf.write(inputs / f"{name}.wav", samples, RATE, subtype="PCM_16")
    sf.write(inputs / "mix.flac", 0.1 * random.standard_normal((RATE, 2)), RATE)
    texts = {"mix": MIX, "chain": CHAIN, "album": RELEASE}
    texts["loud"] = TARGET.format(name="Loud", lufs=-12.0, form="wav")
    texts["quiet"] = TARGET.format(name="Quiet", lufs=-16.0, form="flac")
    for name, text in texts.items():
        (inputs / f"{name}.toml").write_text(text)
    return inputs


def _mix(folder: Path) -> list[str]:
    inputs = _inputs(folder)
    words = f"mix {inputs}/stems -p {inputs}/mix.toml -o {folder}/out/mix.wav --threads 1"
    return words.split()


def _master(folder: Path) -> list[str]:
    inputs = _inputs(folder)
    targets = f"-t {inputs}/loud.toml -t {inputs}/quiet.toml"
    words = f"master {inputs}/mix.flac -p {inputs}/chain.toml {targets} -o {folder}/out"
    return [*words.split(), "--threads", "1"]


def _render(folder: Path) -> list[str]:
    inputs = _inputs(folder)
    presets = f"-p {inputs}/mix.toml -m {inputs}/chain.toml -t {inputs}/loud.toml"
    return f"render {inputs}/stems {presets} -o {folder}/out --threads 1".split()


def _release(folder: Path) -> list[str]:
    return f"release {_inputs(folder)}/album.toml -o {folder}/out --threads 1".split()


def _compare(folder: Path) -> list[str]:
    inputs = _inputs(folder)
    words = f"compare {inputs}/one.wav {inputs}/two.wav --no-align -o {folder}/out --seed 1"
    return words.split()


def _report(folder: Path) -> list[str]:
    inputs = _inputs(folder)
    words = f"report {inputs}/mix.flac -o {folder}/out/page.html"
    return [*words.split(), "--png", f"{folder}/out/pictures", "--threads", "1"]


def _profile(folder: Path) -> list[str]:
    inputs = _inputs(folder)
    words = f"profile build {inputs}/one.wav {inputs}/two.wav -o {folder}/out/album.toml"
    return words.split()


def _init(folder: Path) -> list[str]:
    inputs = _inputs(folder)
    words = f"init {inputs}/stems -p {inputs}/mix.toml -o {folder}/out/song.toml --threads 1"
    return words.split()


def _batch(folder: Path) -> list[str]:
    inputs = _inputs(folder)
    presets = f"-p {inputs}/mix.toml -m {inputs}/chain.toml -t {inputs}/loud.toml"
    return f"batch {inputs}/stems {presets} -o {folder}/out -j 1".split()


COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "mix": _mix,
    "master": _master,
    "render": _render,
    "release": _release,
    "compare": _compare,
    "report": _report,
    "profile": _profile,
    "init": _init,
    "batch": _batch,
}
