"""Impulse responses on their way from a preset to a mix, a master and their manifests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixmaster.documents.loading import load
from mixmaster.errors import DocumentError
from mixmaster.mastering.options import MasterOptions, NamedTarget
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import load_target, master
from mixmaster.mixing.plan import plan_mix
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.run import mix

RATE = 48_000

MIX = """
format = 1
kind = "mix"
name = "Halls"

[strip.voice]
match = ["voice"]
output = "hall"

[strip.guitar]
match = ["guitar"]
[[strip.guitar.insert]]
effect = "convolution"
impulse = "impulses/hall.wav"
normalise = "none"
mix = 0.0

[bus.hall]
[[bus.hall.insert]]
effect = "convolution"
impulse = "impulses/hall.wav"
normalise = "none"
mix = 1.0
"""

MASTER = """
format = 1
kind = "mastering"
name = "Hall"
[[insert]]
effect = "convolution"
impulse = "impulses/hall.wav"
mix = 0.1
[[insert]]
effect = "limiter"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(2)
    (tmp_path / "stems").mkdir()
    (tmp_path / "presets/impulses").mkdir(parents=True)
    for name in ("voice", "guitar"):
        sf.write(tmp_path / f"stems/{name}.wav", 0.1 * rng.standard_normal(RATE), RATE, "FLOAT")
    response = rng.standard_normal((4_000, 2)) * np.exp(-np.arange(4_000) / 900.0)[:, None]
    sf.write(tmp_path / "presets/impulses/hall.wav", 0.05 * response, RATE, "FLOAT")
    (tmp_path / "presets/halls.toml").write_text(MIX, encoding="utf-8")
    (tmp_path / "presets/master.toml").write_text(MASTER, encoding="utf-8")
    return tmp_path


def test_a_mix_is_what_the_sum_says_and_its_manifest_names_the_file(folder: Path) -> None:
    preset = load(MixPreset, folder / "presets/halls.toml")
    # A stereo response does not suit the mono guitar, but dry it is not needed.
    plan = plan_mix([folder / "stems"], preset, threads=1)
    out = mix(plan, folder / "mix.wav").file
    heard, _ = sf.read(out)
    voice, guitar = (sf.read(folder / f"stems/{name}.wav")[0] for name in ("voice", "guitar"))
    response, _ = sf.read(folder / "presets/impulses/hall.wav")
    for side in range(2):
        expected = np.convolve(voice, response[:, side])
        expected[: len(guitar)] += guitar
        expected /= np.sqrt(2.0)
        frames = min(len(expected), len(heard))
        assert frames >= RATE + 3_000
        assert np.max(np.abs(heard[:frames, side] - expected[:frames])) < 1e-6
    said = json.loads(Path(f"{out}.json").read_text(encoding="utf-8"))
    data = (folder / "presets/impulses/hall.wav").read_bytes()
    assert [entry["name"] for entry in said["inputs"]].count("hall.wav") == 1
    assert said["inputs"][-1]["sha256"] == hashlib.sha256(data).hexdigest()
    assert str(folder) not in json.dumps(said)


def test_a_plan_fails_at_once_where_a_file_is_missing_or_elsewhere(folder: Path) -> None:
    path = folder / "presets/halls.toml"
    (folder / "secret.wav").write_bytes((folder / "presets/impulses/hall.wav").read_bytes())
    path.write_text(MIX.replace("impulses/hall.wav", "../secret.wav"), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"bus\.hall\.insert\.convolution.*\.\./secret\.wav"):
        plan_mix([folder / "stems/voice.wav"], load(MixPreset, path))
    said = f"*.*.insert.convolution.impulse={folder / 'secret.wav'}"
    plan_mix([folder / "stems"], load(MixPreset, path, overrides=[said]))


def test_a_master_s_manifest_names_it_too(folder: Path) -> None:
    rng = np.random.default_rng(4)
    sf.write(folder / "mix.wav", 0.1 * rng.standard_normal((3 * RATE, 2)), RATE, "FLOAT")
    preset = load(MasteringPreset, folder / "presets/master.toml")
    target: NamedTarget = load_target("streaming")
    run = master(folder / "mix.wav", preset, [target], folder / "out", MasterOptions(threads=1))
    manifest = run.results[0].manifest
    assert manifest is not None
    said = json.loads(manifest.read_text(encoding="utf-8"))
    assert [entry["name"] for entry in said["inputs"]] == ["mix.wav", "hall.wav"]
    (folder / "presets/impulses/hall.wav").unlink()
    with pytest.raises(DocumentError, match=r"master\.insert\.convolution.*impulses/hall\.wav"):
        master(folder / "mix.wav", preset, [target], folder / "out2")
