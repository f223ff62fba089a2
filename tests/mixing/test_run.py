"""The whole path from stems to a premaster: what is in the file is what the preset says."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf

from mixmaster.arrays import Block
from mixmaster.documents.finding import find_preset
from mixmaster.documents.loading import load, load_text
from mixmaster.engine.render import render
from mixmaster.errors import OutputError, RefusedError
from mixmaster.metering.programme import ProgrammeMeter
from mixmaster.mixing.plan import Section, plan_mix
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.run import mix

RATE = 48_000
Samples = npt.NDArray[np.float64]

BAND = """
format = 1
kind = "mix"
name = "Band"

[strip.voice]
match = ["voice"]
input_lufs = -23.0
[[strip.voice.insert]]
effect = "compressor"
threshold_db = -26.0
ratio = 4.0
attack_ms = 8.0
release_ms = 120.0
[[strip.voice.send]]
to = "hall"
gain_db = -6.0

[strip.guitar]
match = ["guitar"]
input_lufs = -23.0
pan = -0.4
[[strip.guitar.insert]]
effect = "eq"
bands = [
  { shape = "high_pass", frequency_hz = 90.0 },
  { shape = "bell", frequency_hz = 2500.0, gain_db = 3.0 },
]
[[strip.guitar.insert]]
effect = "saturation"
drive_db = 6.0
[[strip.guitar.send]]
to = "hall"
gain_db = -12.0

[bus.hall]
[[bus.hall.insert]]
effect = "reverb"
room_size = 0.4
mix = 1.0

[mix]
[[mix.insert]]
effect = "compressor"
threshold_db = -20.0
ratio = 2.0
"""


def flat(**overrides: str) -> MixPreset:
    given = [f"{key.replace('__', '.')}={value}" for key, value in overrides.items()]
    return load(MixPreset, find_preset("mix", "flat"), overrides=given)


def band(*overrides: str) -> MixPreset:
    return load_text(MixPreset, BAND, overrides=overrides)


def phrases(seconds: float, seed: int) -> Samples:
    """Noise that comes and goes like a played part, so that dynamics have work to do."""
    random = np.random.default_rng(seed)
    frames = round(seconds * RATE)
    envelope = 0.15 + 0.85 * np.sin(np.pi * 1.3 * np.arange(frames) / RATE + seed) ** 8
    return np.asarray(0.2 * envelope * random.standard_normal(frames))


def write(path: Path, samples: Samples, rate: int = RATE, subtype: str = "FLOAT") -> Path:
    sf.write(path, samples, rate, subtype)
    return path


def read(path: Path) -> Samples:
    samples, _ = sf.read(path, dtype="float64", always_2d=True)
    return np.asarray(samples)


def level_db(samples: Samples | Block) -> float:
    return float(20.0 * np.log10(np.sqrt(np.mean(np.square(samples))) + 1e-30))


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    folder = tmp_path / "parts"
    folder.mkdir()
    write(folder / "voice.wav", phrases(5.0, 1))
    write(folder / "guitar.wav", np.stack([phrases(4.6, 2), phrases(4.6, 3)], axis=1))
    return folder


def test_flat_is_the_arithmetic_sum_to_the_bit_of_float32(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    # 16-bit values: their float64 sum is exact in any order, so the file has one right content.
    stems = {
        "long mono": random.integers(-8000, 8000, (70_001, 1)),
        "short stereo": random.integers(-8000, 8000, (12_345, 2)),
        "OH L": random.integers(-8000, 8000, (66_000, 1)),
        "OH R": random.integers(-8000, 8000, (65_537, 1)),
        "one": random.integers(-8000, 8000, (1, 1)),
    }
    expected = np.zeros((70_001, 2))
    for name, values in stems.items():
        write(tmp_path / f"{name}.wav", values / 32768.0, subtype="PCM_16")
        expected[: values.shape[0]] += values / 32768.0
    run = mix(plan_mix([tmp_path], flat()), tmp_path / "out" / "mix.wav")
    np.testing.assert_array_equal(read(run.file), expected.astype(np.float32))


@pytest.mark.parametrize("threads", [2, 3])
def test_one_thread_and_several_give_identical_files(
    parts: Path, tmp_path: Path, threads: int
) -> None:
    files = [
        mix(plan_mix([parts], band(), threads=number), tmp_path / f"{number}" / "mix.wav").file
        for number in (1, threads)
    ]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert Path(f"{files[0]}.json").read_bytes() == Path(f"{files[1]}.json").read_bytes()


def test_the_block_size_changes_nothing(parts: Path) -> None:
    def mixed(block_frames: int) -> Block:
        plan = plan_mix([parts], band(), threads=2)
        rendering = render(plan.graph, plan.sources, block_frames=block_frames)
        return np.concatenate(list(rendering.blocks), axis=1)

    whole = mixed(65_536)
    assert level_db(whole) > -40.0
    for block_frames in (4_096, 5 * 4_096):
        np.testing.assert_array_equal(mixed(block_frames), whole)


@pytest.mark.parametrize(
    ("section", "start_s", "stop_s"),
    [(Section(2.25, 3.5), 2.25, 3.5), (Section(3.1, None), 3.1, None)],
)
def test_a_passage_is_that_part_of_the_whole(
    parts: Path, tmp_path: Path, section: Section, start_s: float, stop_s: float | None
) -> None:
    whole = read(mix(plan_mix([parts], band()), tmp_path / "whole.wav").file)
    run = mix(plan_mix([parts], band(), section=section), tmp_path / "passage.wav")
    passage = read(run.file)
    start = round(start_s * RATE)
    wanted = whole[start : None if stop_s is None else round(stop_s * RATE)]
    # Where a tail falls below its floor may differ by some frames of nothing.
    frames = min(len(wanted), len(passage))
    assert abs(len(wanted) - len(passage)) <= (0 if stop_s else RATE)
    residual = passage[:frames] - wanted[:frames]
    assert level_db(residual) < level_db(wanted) - 80.0


def test_the_loudest_section_is_where_the_stems_are_loudest(tmp_path: Path) -> None:
    samples = np.full(6 * RATE, 0.01)
    samples *= np.cos(np.pi * 1000.0 * np.arange(samples.size) * 2.0 / RATE)
    samples[3 * RATE : 4 * RATE] *= 20.0
    write(tmp_path / "a.wav", samples)
    plan = plan_mix([tmp_path / "a.wav"], flat(), section=Section(loudest_s=1.0))
    assert plan.passage is not None
    assert plan.passage.start == pytest.approx(3 * RATE, abs=0.02 * RATE)
    run = mix(plan, tmp_path / "loudest.wav")
    assert run.figures.duration_s == pytest.approx(1.0, abs=1e-4)
    assert run.figures.sample_peak_dbfs == pytest.approx(20.0 * np.log10(0.2), abs=0.01)


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_a_converted_stem_lands_at_its_place(tmp_path: Path, rate: int) -> None:
    click = np.zeros(2 * rate)
    click[rate] = 0.5
    write(tmp_path / "click.wav", click, rate)
    write(tmp_path / "other.wav", np.zeros(2 * RATE))
    plan = plan_mix([tmp_path], flat(), sample_rate_hz=RATE)
    samples = read(mix(plan, tmp_path / "out" / "mix.wav").file)
    assert np.argmax(np.abs(samples[:, 0])) == RATE
    assert len(samples) == 2 * RATE
    assert any("converted" in note and f"{rate}" in note for note in plan.notes)


def test_staging_undoes_what_the_recording_level_did(parts: Path, tmp_path: Path) -> None:
    reference = read(mix(plan_mix([parts], band()), tmp_path / "a.wav").file)
    moved = tmp_path / "moved"
    moved.mkdir()
    for name, move_db in (("voice", 12.0), ("guitar", -12.0)):
        write(moved / f"{name}.wav", read(parts / f"{name}.wav") * 10.0 ** (move_db / 20.0))
    other = read(mix(plan_mix([moved], band()), tmp_path / "b.wav").file)
    frames = min(len(reference), len(other))
    residual = other[:frames] - reference[:frames]
    # 0.1 dB apart would be -38.7 dB; what is left is the stems' float32 rounding.
    assert level_db(residual) < level_db(reference) - 80.0


def test_the_meter_bridge_reads_what_the_meter_reads(parts: Path, tmp_path: Path) -> None:
    run = mix(plan_mix([parts], band()), tmp_path / "mix.wav")
    meter = ProgrammeMeter(RATE, 2)
    meter.update(np.ascontiguousarray(read(run.file).T))
    expected = meter.result()
    out = next(row for row in run.bridge if row.id == "mix")
    assert out.out_lufs == pytest.approx(expected.integrated_lufs, abs=0.01)
    assert out.out_peak_dbfs == pytest.approx(expected.sample_peak_dbfs, abs=1e-4)
    # The file is measured in passages side by side, whose filters settle: some 1e-8 dB.
    assert run.figures.integrated_lufs == pytest.approx(expected.integrated_lufs, abs=1e-6)


def test_the_meter_bridge_reads_a_tone_as_its_closed_form(tmp_path: Path) -> None:
    amplitude_db, fader_db = -12.0, -6.0
    time = np.arange(4 * RATE) / RATE
    tone = 10.0 ** (amplitude_db / 20.0) * np.sin(2.0 * np.pi * 997.0 * time)
    write(tmp_path / "tone.wav", tone)
    preset = load_text(
        MixPreset,
        'format = 1\nkind = "mix"\nname = "Tone"\n'
        f'[strip.tone]\nmatch = ["*"]\ngain_db = {fader_db}\n',
    )
    run = mix(plan_mix([tmp_path / "tone.wav"], preset), tmp_path / "mix.wav")
    strip, bus = run.bridge
    # BS.1770-5, annex 1: 997 Hz at 0 dBFS in one channel reads -3.01.
    assert strip.in_lufs == pytest.approx(amplitude_db - 3.01, abs=0.01)
    assert strip.in_peak_dbfs == pytest.approx(amplitude_db, abs=0.01)
    # Constant power: 3.01 dB less on each side, and twice one side's power.
    assert strip.out_lufs == pytest.approx(amplitude_db + fader_db - 3.01, abs=0.01)
    assert strip.out_peak_dbfs == pytest.approx(amplitude_db + fader_db - 3.01, abs=0.01)
    assert bus.out_lufs == pytest.approx(amplitude_db + fader_db - 3.01, abs=0.01)


def test_reduction_of_a_steady_tone_is_what_threshold_and_ratio_say(tmp_path: Path) -> None:
    time = np.arange(4 * RATE) / RATE
    write(tmp_path / "tone.wav", 10.0 ** (-8.0 / 20.0) * np.sin(2.0 * np.pi * 997.0 * time))
    preset = load_text(
        MixPreset,
        'format = 1\nkind = "mix"\nname = "Tone"\n[strip.tone]\nmatch = ["*"]\n'
        '[[strip.tone.insert]]\neffect = "compressor"\nthreshold_db = -20.0\nratio = 4.0\n'
        "knee_db = 0.0\nattack_ms = 1.0\nrelease_ms = 500.0\n",
    )
    run = mix(plan_mix([tmp_path / "tone.wav"], preset), tmp_path / "mix.wav")
    (figures,) = run.bridge[0].reductions
    assert figures.id == "strip.tone/tone.insert.compressor"
    expected_db = (-8.0 + 20.0) * (1.0 - 1.0 / 4.0)
    assert figures.mean_db == pytest.approx(expected_db, abs=0.1)
    assert figures.p95_db == pytest.approx(expected_db, abs=0.1)
    assert figures.max_db == pytest.approx(expected_db, abs=0.1)


def test_peaks_over_full_scale_are_kept_and_told(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / f"{name}.wav", np.full(RATE, 0.8))
    run = mix(plan_mix([tmp_path], flat()), tmp_path / "out" / "mix.wav")
    assert read(run.file).max() == np.float32(0.8) + np.float32(0.8)
    (warning,) = run.warnings
    assert "+4.08 dBFS" in warning  # 20 log10(1.6)


def test_integers_that_would_clip_are_refused_with_the_fader_that_mends_it(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / f"{name}.wav", np.full(RATE, 0.8))
    target = tmp_path / "out" / "mix.flac"
    with pytest.raises(RefusedError) as caught:
        mix(plan_mix([tmp_path], flat(mix__gain_db="3.0")), target)
    assert caught.value.figures["sample_peak_dbfs"] == pytest.approx(7.08, abs=0.01)
    assert not target.parent.exists()
    advice = caught.value.hint.partition("--set ")[2].partition("=")
    run = mix(plan_mix([tmp_path], flat(**{advice[0].replace(".", "__"): advice[2]})), target)
    assert run.figures.sample_peak_dbfs is not None
    assert -0.3 < run.figures.sample_peak_dbfs < 0.0


@pytest.mark.parametrize(("suffix", "subtype"), [("wav", "FLOAT"), ("flac", "PCM_24")])
def test_the_default_depth_is_the_best_that_the_format_has(
    parts: Path, tmp_path: Path, suffix: str, subtype: str
) -> None:
    run = mix(plan_mix([parts], band()), tmp_path / f"mix.{suffix}")
    assert sf.info(run.file).subtype == subtype


class TestManifest:
    def test_it_holds_what_the_mix_was_made_from(self, parts: Path, tmp_path: Path) -> None:
        run = mix(plan_mix([parts], band("strip.voice.gain_db=-2.5")), tmp_path / "mix.wav")
        said = json.loads((tmp_path / "mix.wav.json").read_text())
        assert said["file"] == "mix.wav"
        assert said["sha256"] == hashlib.sha256(run.file.read_bytes()).hexdigest()
        assert {entry["name"]: entry["sha256"] for entry in said["inputs"]} == {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in parts.iterdir()
        }
        assert said["settings"]["preset"]["strip"]["voice"]["gain_db"] == -2.5
        assert said["settings"]["strips"] == {
            "strip.guitar/guitar": ["guitar.wav"],
            "strip.voice/voice": ["voice.wav"],
        }
        assert said["figures"]["integrated_lufs"] == run.figures.integrated_lufs
        assert said["revisions"]["strip.voice/voice.insert.compressor"] >= 1

    def test_it_repeats_byte_for_byte_wherever_it_is_made(
        self, parts: Path, tmp_path: Path
    ) -> None:
        texts = []
        for folder, threads in (("one", 1), ("two/deep", 2)):
            run = mix(plan_mix([parts], band(), threads=threads), tmp_path / folder / "mix.wav")
            texts.append(Path(f"{run.file}.json").read_text())
        assert texts[0] == texts[1]
        for secret in (str(tmp_path), str(Path.home()), platform.node()):
            assert secret not in texts[0]

    def test_its_key_is_the_jobs_and_nothing_elses(self, parts: Path, tmp_path: Path) -> None:
        def key(name: str, *overrides: str, section: Section | None = None) -> str:
            plan = plan_mix([parts], band(*overrides), section=section)
            run = mix(plan, tmp_path / f"{name}.wav")
            said = json.loads(Path(f"{run.file}.json").read_text())
            return str(said["key"])

        first = key("a")
        assert key("b") == first
        others = {key("c", "mix.gain_db=-1"), key("d", section=Section(1.0, 2.0))}
        assert first not in others
        assert len(others) == 2


@pytest.fixture
def disk_that_fills(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sink that fails as on a full disk once it holds some blocks."""
    from mixmaster.audio.sink import AudioSink

    original = AudioSink.write
    written = 0

    def write_some(self: AudioSink, block: Block) -> None:
        nonlocal written
        written += 1
        if written > 2:
            raise OSError(28, os.strerror(28))
        original(self, block)

    monkeypatch.setattr(AudioSink, "write", write_some)


@pytest.mark.usefixtures("disk_that_fills")
def test_a_full_disk_leaves_nothing(parts: Path, tmp_path: Path) -> None:
    with pytest.raises((OSError, OutputError)):
        mix(plan_mix([parts], band()), tmp_path / "out" / "mix.wav")
    assert not (tmp_path / "out").exists()


def test_progress_never_falls_and_ends_at_all(parts: Path, tmp_path: Path) -> None:
    said: list[tuple[str, float]] = []

    def tell(what: str, share: float) -> None:
        said.append((what, share))

    run = mix(plan_mix([parts], band(), progress=tell), tmp_path / "m.wav", progress=tell)
    assert run.file.is_absolute()
    stages: dict[str, list[float]] = {}
    for what, share in said:
        stages.setdefault(what, []).append(share)
    assert list(stages) == ["measuring the stems", "mixing", "measuring the mix"]
    for shares in stages.values():
        assert shares == sorted(shares)
        assert shares[0] == 0.0
        assert shares[-1] == 1.0
