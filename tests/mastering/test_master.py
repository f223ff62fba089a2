"""Masters: on target by other meters than ours, the same for any number of threads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.arrays import Block
from mixmaster.documents.finding import list_presets
from mixmaster.engine.publish import is_ours
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import (
    MasterOptions,
    NamedTarget,
    load_preset,
    load_target,
    master,
)
from mixmaster.metering.true_peak import TruePeakMeter
from mixmaster.mixing.plan import Section

RATE = 44_100
Song = Callable[..., Block]
Write = Callable[..., Path]
MakePreset = Callable[[str], MasteringPreset]
MakeTarget = Callable[..., NamedTarget]

LIMITER = '[[insert]]\neffect = "limiter"\n'
FLOAT_FILE = '[file]\nformat = "wav"\nbit_depth = 32\n'


def other_loudness(path: Path) -> float:
    """Integrated loudness by pyloudnorm with the standard's own coefficients."""
    import pyloudnorm

    samples, rate = soundfile.read(path)
    meter = pyloudnorm.Meter(rate, filter_class="DeMan")
    return float(meter.integrated_loudness(samples))


def true_peak_dbtp(path: Path) -> float:
    samples, rate = soundfile.read(path, always_2d=True)
    meter = TruePeakMeter(rate, samples.shape[1])
    meter.update(np.ascontiguousarray(samples.T))
    return meter.result() or -400.0


PLACES = ("spotify", "deezer", "streaming", "podcast", "atsc-a85", "distributor")
"""One of every kind: louder and quieter, each container and depth, converted and not."""


@pytest.mark.parametrize(
    "name", [each.name for each in list_presets("mastering") if each.origin == "shipped"]
)
def test_every_preset_lands_on_every_target(
    song: Song, write: Write, tmp_path: Path, name: str
) -> None:
    mix = write(song(6.0))
    preset = load_preset(name)
    names = PLACES
    run = master(mix, preset, [load_target(t) for t in names], tmp_path / "out")
    assert run.exit_code == 0
    for result, target_name in zip(run.results, names, strict=True):
        target = load_target(target_name).target
        assert result.file is not None
        assert result.file.name == f"mix_{target_name}.{target.file.format}"
        wanted = target.integrated_lufs or preset.integrated_lufs
        assert wanted is not None
        # pyloudnorm keeps a last partial block that the standard drops.
        assert other_loudness(result.file) == pytest.approx(wanted, abs=0.06)
        ceiling = target.ceiling_dbtp(wanted)
        assert ceiling is not None
        assert true_peak_dbtp(result.file) <= ceiling
        info = soundfile.info(result.file)
        assert info.subtype == f"PCM_{target.file.bit_depth}"
        rate = RATE if target.file.sample_rate_hz == "source" else target.file.sample_rate_hz
        assert info.samplerate == rate
        assert 0.0 <= info.frames / rate - 6.0 < 0.5  # the tail of a filter, no more


def test_figures_and_manifest_are_of_the_file(song: Song, write: Write, tmp_path: Path) -> None:
    mix = write(song(5.0))
    run = master(mix, load_preset("transparent"), [load_target("cd")], tmp_path / "out")
    (result,) = run.results
    assert result.file is not None
    assert result.after is not None
    assert is_ours(result.file)
    assert result.after.true_peak_dbtp == pytest.approx(true_peak_dbtp(result.file), abs=1e-4)
    said = json.loads((tmp_path / "out" / "mix_cd.wav.json").read_text())
    assert said["figures"]["integrated_lufs"] == result.after.integrated_lufs
    assert said["sha256"] == result.sha256
    assert said["inputs"][0]["name"] == "mix.wav"
    assert said["settings"]["target"]["file"]["bit_depth"] == 16
    assert str(tmp_path) not in json.dumps(said)
    json.dumps(run.to_json(), allow_nan=False)


def test_threads_do_not_matter(song: Song, write: Write, tmp_path: Path) -> None:
    mix = write(song(6.0))
    targets = [load_target("spotify"), load_target("ebu-r128"), load_target("cd")]
    files = []
    for threads in (1, 2, 3):
        folder = tmp_path / str(threads)
        run = master(mix, load_preset("loud"), targets, folder, MasterOptions(threads=threads))
        assert run.exit_code == 0
        files.append([path.read_bytes() for path in sorted(folder.iterdir())])
        assert len(files[-1]) == 6
    assert files[0] == files[1] == files[2]


def test_without_limiting_it_is_the_mix_times_a_gain_to_the_bit(
    song: Song, write: Write, tmp_path: Path, preset: MakePreset, target: MakeTarget
) -> None:
    mix = write(song(4.0))
    quiet = target(f"integrated_lufs = -30.0\ntrue_peak_dbtp = -1.0\n{FLOAT_FILE}")
    (result,) = master(mix, preset(LIMITER), [quiet], tmp_path / "quiet.wav").results
    assert result.gain_db is not None
    assert result.limiter is not None
    assert result.limiter.max_db == 0.0
    before = soundfile.read(mix, dtype="float64")[0]
    after = soundfile.read(tmp_path / "quiet.wav", dtype="float32")[0]
    assert np.array_equal(after, (before * 10 ** (result.gain_db / 20)).astype(np.float32))


def test_a_premaster_is_the_mix_itself_to_the_bit(
    song: Song, write: Write, tmp_path: Path, preset: MakePreset
) -> None:
    mix = write(4.0 * song(3.0))  # +9 dBFS: float keeps it
    (result,) = master(mix, preset(LIMITER), [load_target("premaster")], tmp_path / "p.wav").results
    assert result.gain_db == 0.0
    assert result.limiter is None
    mixed, mastered = (soundfile.read(path)[0] for path in (mix, tmp_path / "p.wav"))
    assert np.array_equal(mixed, mastered)


def test_without_any_loudness_figure_the_level_stays(
    song: Song, write: Write, tmp_path: Path, preset: MakePreset, target: MakeTarget
) -> None:
    mix = write(0.5 * song(4.0))  # no peak near the ceiling
    run = master(
        mix,
        preset(f"input_lufs = -18.0\n{LIMITER}"),
        [target("true_peak_dbtp = 0.0\n")],
        tmp_path / "x.wav",
    )
    (result,) = run.results
    assert run.input_gain_db != 0.0
    assert result.after is not None
    assert result.after.integrated_lufs == pytest.approx(run.before.integrated_lufs, abs=0.01)


def test_loudness_and_ceiling_can_be_overridden(song: Song, write: Write, tmp_path: Path) -> None:
    mix = write(song(4.0))
    options = MasterOptions(loudness_lufs=-17.5, ceiling_dbtp=-6.0)
    (result,) = master(
        mix, load_preset("warm"), [load_target("spotify")], tmp_path, options
    ).results
    assert result.file is not None
    assert other_loudness(result.file) == pytest.approx(-17.5, abs=0.06)
    assert true_peak_dbtp(result.file) <= -6.0


def test_a_section_is_cut_from_the_whole(song: Song, write: Write, tmp_path: Path) -> None:
    mix = write(song(8.0))
    target = load_target("cd")
    master(mix, load_preset("loud"), [target], tmp_path / "whole.wav")
    section = MasterOptions(section=Section(2.5, 6.25))
    master(mix, load_preset("loud"), [target], tmp_path / "part.wav", section)
    whole, part = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in ("whole", "part"))
    start, stop = round(2.5 * RATE), round(6.25 * RATE)
    assert part.shape[0] == stop - start
    rms = np.sqrt(np.mean(np.square(part - whole[start:stop])))
    assert 20 * np.log10(rms) < -80.0


def test_the_loudest_section_is_found(song: Song, write: Write, tmp_path: Path) -> None:
    signal = song(8.0)
    signal[:, : round(5.0 * RATE)] *= 0.05
    mix = write(signal)
    options = MasterOptions(section=Section(loudest_s=2.0))
    run = master(mix, load_preset("transparent"), [load_target("cd")], tmp_path / "l.wav", options)
    (result,) = run.results
    assert result.after is not None
    assert result.after.duration_s == pytest.approx(2.0, abs=1e-4)
    # The two loudest seconds are louder than the song's gated mean of loud and quiet.
    assert result.after.integrated_lufs is not None
    assert result.after.integrated_lufs > -14.0
