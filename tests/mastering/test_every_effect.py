"""Everything that the console has can stand in a mastering chain, in any order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.arrays import Block
from mixmaster.documents.loading import load
from mixmaster.effects.registry import EFFECTS
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import load_target, master

RATE = 44_100
Song = Callable[..., Block]
Write = Callable[..., Path]
MakePreset = Callable[[str], MasteringPreset]

NEEDED = {
    "delay": "time_ms = 40.0\nmix = 0.3\n",
    "limiter": "ceiling_dbtp = -3.0\n",
    "convolution": 'impulse = "room.wav"\n',
    "reverb": "mix = 0.2\n",
    "saturation": "drive_db = 6.0\n",
    "clipper": "ceiling_dbfs = -6.0\n",
    "compressor": "ratio = 3.0\nlookahead_ms = 3.0\n",
    "multiband": "phase = 'linear'\nbands = [{ up_to_hz = 200.0, ratio = 3.0 }, { ratio = 2.0 }]\n",
    "stereo_bands": "bands = [{ up_to_hz = 200.0, width = 0.0 }, { width = 1.2 }]\n",
    "eq": "phase = 'linear'\nbands = [{ frequency_hz = 300.0, gain_db = 2.0, channels = 'mid' }]\n",
    "dynamic_eq": "bands = [{ frequency_hz = 300.0, range_db = -4.0, threshold_db = -40.0 }]\n",
    "de_esser": "range_db = 6.0\nlookahead_ms = 2.0\n",
    "exciter": "amount = 0.3\n",
    "width": "width = 0.5\nmono_below_hz = 120.0\n",
    "haas": "delay_ms = 12.0\n",
    "hum_removal": "reduction_db = 20.0\n",
    "noise_reduction": "reduction_db = 6.0\n",
}
NAMES = [
    name
    for effect in EFFECTS
    if (name := str(effect.model_fields["effect"].default)) != "plugin"  # needs one installed
]
HEAD = 'format = 1\nkind = "mastering"\nname = "Test"\n'


def insert(name: str, amount: float | None = None) -> str:
    lines = f'[[insert]]\neffect = "{name}"\n{NEEDED.get(name, "")}'
    return lines + ("" if amount is None else f"amount = {amount}\n")


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[str], MasteringPreset]:
    """A function that saves a preset beside an impulse response, and loads it."""
    room = np.exp(-np.arange(4_000) / 500.0) * np.random.default_rng(1).standard_normal(4_000)
    soundfile.write(tmp_path / "room.wav", 0.1 * room, RATE, subtype="FLOAT")

    def saved(text: str) -> MasteringPreset:
        path = tmp_path / "chain.toml"
        path.write_text(HEAD + text)
        return load(MasteringPreset, path)

    return saved


@pytest.mark.parametrize("name", sorted({*NAMES} - {"exciter"}))  # its amount is its own
def test_none_of_an_insert_is_the_mix_in_its_place(
    song: Song, write: Write, saved: MakePreset, tmp_path: Path, name: str
) -> None:
    """Latency taken off, tails no hindrance: with amount 0, sample by sample the mix."""
    signal = 0.3 * song(0.6)
    mix = write(signal)
    (result,) = master(
        mix, saved(insert(name, 0.0)), [load_target("premaster")], tmp_path / "o"
    ).results
    assert result.file is not None, result.refused
    out = soundfile.read(result.file, always_2d=True)[0].T
    if name in {"stereo_bands", "width"}:  # the dry sound turns with the crossover's phase
        spectra = [np.abs(np.fft.rfft(x[0], n=1 << 16)) for x in (out, signal)]
        assert np.abs(spectra[0] - spectra[1]).max() < 1e-3 * spectra[1].max()
    else:
        assert np.abs(out[:, : signal.shape[1]] - signal).max() < 1e-7


@pytest.mark.parametrize("channels", [1, 2])
def test_all_at_once_in_two_orders(
    song: Song,
    write: Write,
    saved: MakePreset,
    tmp_path: Path,
    channels: int,
) -> None:
    mix = write(0.2 * song(0.6, channels=channels))
    files = []
    for i, names in enumerate((NAMES, NAMES[::-1])):
        chain = saved("input_lufs = -24.0\n" + "".join(insert(name) for name in names))
        run = master(mix, chain, [load_target("premaster")], tmp_path / f"{i}.wav")
        (result,) = run.results
        assert result.file is not None, result.refused
        samples = soundfile.read(result.file, always_2d=True)[0]
        assert samples.shape[1] == channels
        assert samples.shape[0] > round(0.6 * RATE)  # echoes and rooms ring on
        assert np.abs(samples).max() > 1e-3
        files.append(result.file.read_bytes())
        left_out = [note for note in run.notes if "left out" in note]
        assert len(left_out) == (4 if channels == 1 else 0)
    assert files[0] != files[1]
