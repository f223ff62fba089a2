"""Whatever a session or a preset may say reaches the workers: masters are those of ``render``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.batch.conftest import RATE_HZ, Studio

from mixmaster.cli.app import run

SESSION = """
format = 1
kind = "session"
title = "All of it"
preset = "../mix.toml"
tempo_bpm = 100.0
time_signature = "3/4"
stems = ["stems/*.wav"]
[[stem]]
file = "stems/low.wav"
trim_db = -2.0
polarity = true
delay_ms = 1.5
pan = -0.3
[[stem.region]]
from_s = 0.1
to_s = 0.3
at_s = 0.2
gain_db = -3.0
[[stem.region]]
file = "takes/low.wav"
from_s = 0.0
to_s = 0.1
at_s = 0.0
[[stem]]
file = "stems/high.wav"
role = "high_hat"
strip = "high"
name = "Shaker"
[[automation]]
target = "mix.gain_db"
points = [[0.0, 0.0], [0.3, -2.0]]
[add.bus.room]
[[add.bus.room.insert]]
effect = "convolution"
impulse = "room.wav"
[add.strip.extra]
match = ["organ*"]
[master]
preset = "../chain.toml"
targets = ["../loud.toml"]
[master.set]
insert.limiter.character = "loud"
"""


@pytest.fixture
def full(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A session with regions, a take, a pair, automation, an impulse response of its own."""
    studio.song("Alpha")
    folder = studio.folder / "song"
    (studio.folder / "songs/Alpha").rename(folder)
    for name in ("stems", "takes"):
        (folder / name).mkdir()
    for stem in folder.glob("*.wav"):
        stem.rename(folder / "stems" / stem.name)
    chance = np.random.default_rng(9)
    for name in ("stems/Organ L", "stems/Organ R", "takes/low", "room"):
        samples = 0.1 * chance.standard_normal(RATE_HZ // 2)
        soundfile.write(folder / f"{name}.wav", samples, RATE_HZ, subtype="PCM_16")
    text = SESSION.replace('role = "high_hat"\n', "")
    send = '[add.strip.extra]\nmatch = ["organ*"]\n[[add.strip.extra.send]]\nto = "room"\n'
    text = text.replace('[add.strip.extra]\nmatch = ["organ*"]\n', send)
    (folder / "song.toml").write_text(text)
    monkeypatch.chdir(studio.folder)
    return folder


def test_all_that_a_session_says(studio: Studio, full: Path) -> None:
    assert run(["render", "song/song.toml", "-o", "alone", "--versions", "main"]) == 0
    studio.table = {
        "format": 1,
        "kind": "batch",
        "name": "One",
        "song": [{"path": "song/song.toml"}],
    }
    summary = studio.run()
    assert summary.failed == 0, summary.songs
    (made,) = (path for path in studio.output.iterdir() if path.suffix == ".wav")
    (alone,) = (path for path in (studio.folder / "alone").iterdir() if path.suffix == ".wav")
    assert made.read_bytes() == alone.read_bytes()
    ours, theirs = (json.loads(Path(f"{path}.json").read_bytes()) for path in (made, alone))
    assert ours["mix"]["inputs"] == theirs["mix"]["inputs"]
    assert ours["mix"]["settings"] == theirs["mix"]["settings"]
    assert ours["key"] == theirs["key"]
    assert studio.run().current == 1


@pytest.mark.parametrize("name", ["takes/low", "room", "stems/Organ R"])
def test_every_file_that_is_heard_counts(studio: Studio, full: Path, name: str) -> None:
    studio.table = {"format": 1, "kind": "batch", "name": "One", "song": [{"path": "song"}]}
    studio.run()
    samples = 0.1 * np.random.default_rng(10).standard_normal(RATE_HZ // 2)
    soundfile.write(full / f"{name}.wav", samples, RATE_HZ, subtype="PCM_16")
    states = [state for song in studio.prepared().songs for state in song.states]
    assert [each.state for each in states] == ["stale"]
    assert studio.run().made == 1


def test_a_mix_among_the_stems_that_is_edited_is_a_stem(studio: Studio) -> None:
    """What was made here is left out of a folder of stems, as long as it is what was made."""
    folder = studio.song("Alpha")
    words = ["mix", str(folder), "-p", str(studio.folder / "mix.toml")]
    assert run([*words, "-o", str(folder / "rough.wav")]) == 0
    assert studio.run().made == 2
    assert studio.run().current == 2
    studio.stem("Alpha", "rough", seed=6)
    assert studio.run().made == 2


def test_a_renamed_stem_of_the_same_strip_counts_not(studio: Studio, full: Path) -> None:
    studio.table = {"format": 1, "kind": "batch", "name": "One", "song": [{"path": "song"}]}
    studio.run()
    for side in "LR":
        (full / f"stems/Organ {side}.wav").rename(full / f"stems/Organ Warm {side}.wav")
    assert studio.run().current == 1
    assert studio.began() == []
