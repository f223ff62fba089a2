"""Plans: which stem is what, at which rate and level; before anything is rendered."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixmaster.audio.source import probe
from mixmaster.documents.loading import load_text
from mixmaster.errors import AudioFileError, DocumentError, SignalError
from mixmaster.mixing import measuring
from mixmaster.mixing.plan import MixPlan, Section, plan_mix
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.run import mix
from mixmaster.mixing.stems import StemSource

RATE = 48_000


def preset(body: str) -> MixPreset:
    return load_text(MixPreset, f'format = 1\nkind = "mix"\nname = "Test"\n{body}')


ANY = preset('[strip.any]\nmatch = ["*"]\n')
STAGED = preset('[strip.any]\nmatch = ["*"]\ninput_lufs = -23.0\n')


def tone(peak_dbfs: float, seconds: float = 3.0, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(10.0 ** (peak_dbfs / 20.0) * np.sin(2.0 * np.pi * 997.0 * time))


def write(path: Path, samples: object, rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, samples, rate, "FLOAT")
    return path


@pytest.mark.parametrize("asked", [None, 44_100])
def test_the_rate_is_the_highest_among_the_stems_unless_told(
    tmp_path: Path, asked: int | None
) -> None:
    for rate in (44_100, 96_000, 48_000):
        write(tmp_path / f"{rate}.wav", tone(-20.0, 1.0, rate), rate)
    plan = plan_mix([tmp_path], ANY, sample_rate_hz=asked)
    assert plan.sample_rate_hz == (asked or 96_000)
    assert plan.length_s == pytest.approx(1.0, abs=1e-4)
    converted = [note.partition(":")[0] for note in plan.notes if "converted" in note]
    kept = f"{plan.sample_rate_hz}.wav"
    assert sorted(converted) == sorted({"44100.wav", "48000.wav", "96000.wav"} - {kept})


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 192_000])
def test_staging_brings_a_tone_to_its_level_at_any_rate(tmp_path: Path, rate: int) -> None:
    # A mono tone of -20 dBFS reads -23.01 LUFS (BS.1770-5, annex 1).
    write(tmp_path / "tone.wav", tone(-20.0 - 7.0, 3.0, rate), rate)
    (staging,) = plan_mix([tmp_path], STAGED, sample_rate_hz=RATE).stagings
    # EBU Tech 3341 allows 0.1 LU; the filters for other rates are 0.03 apart at 192 kHz.
    assert staging.before_lufs == pytest.approx(-30.01, abs=0.05)
    assert staging.gain_db == pytest.approx(7.01, abs=0.05)
    assert staging.after_lufs == pytest.approx(-23.0, abs=1e-9)


def test_staging_keeps_the_relations_inside_a_strip(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone(-12.0))
    write(tmp_path / "b.wav", tone(-26.0))
    plan = plan_mix([tmp_path], STAGED)
    assert len(plan.stagings) == 1
    assert len({place.input_gain_db for place in plan.places}) == 1


def test_without_staging_and_loudest_no_stem_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.wav", tone(-20.0))
    monkeypatch.setattr(measuring, "BlockPowers", None)
    assert plan_mix([tmp_path], ANY).stagings == ()


@pytest.mark.parametrize("threads", [1, 4])
def test_the_plan_does_not_depend_on_the_threads(tmp_path: Path, threads: int) -> None:
    random = np.random.default_rng(5)
    for number in range(6):
        write(tmp_path / f"{number}.wav", 0.1 * random.standard_normal(2 * RATE))

    def facts(plan: MixPlan) -> tuple[object, ...]:
        return plan.places, plan.stagings, plan.passage, plan.notes

    section = Section(loudest_s=0.5)
    assert facts(plan_mix([tmp_path], STAGED, section=section, threads=threads)) == facts(
        plan_mix([tmp_path], STAGED, section=section, threads=2)
    )


def test_l_and_r_are_one_stereo_stem(tmp_path: Path) -> None:
    write(tmp_path / "OH.L.wav", np.full(RATE, 0.5))
    write(tmp_path / "OH.R.wav", np.full(RATE, -0.25))
    plan = plan_mix([tmp_path], ANY)
    ((name, stem),) = plan.stems.items()
    assert name == "strip.any/OH"
    assert (stem.channels, stem.frames, plan.length_s) == (2, RATE, 1.0)
    read = stem.open_at(RATE - 2)
    block = read(4)
    stem.close()
    np.testing.assert_array_equal(block, [[0.5, 0.5], [-0.25, -0.25]])


def test_a_side_that_ends_early_goes_on_in_silence(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{n}.wav", np.full(n * 1000, 0.5)) for n in (1, 2)]
    stem = StemSource("pair", tuple(map(probe, files)), RATE)
    assert (stem.channels, stem.frames) == (2, 2000)
    block = stem.open_at(0)(2000)
    stem.close()
    np.testing.assert_array_equal(block[0], np.repeat([0.5, 0.0], 1000))
    np.testing.assert_array_equal(block[1], np.full(2000, 0.5))


def test_the_loudest_stretch_counts_faders_and_mutes(tmp_path: Path) -> None:
    for name, at in (("loud", 1), ("soft", 3), ("muted", 5)):
        samples = np.zeros(7 * RATE)
        samples[at * RATE : (at + 1) * RATE] = tone(-10.0, 1.0)
        write(tmp_path / f"{name}.wav", samples)
    body = '[strip.{0}]\nmatch = ["{0}"]\n{1}\n'
    strips = "".join(
        body.format(name, extra)
        for name, extra in (("loud", "gain_db = -6.0"), ("soft", ""), ("muted", "mute = true"))
    )
    plan = plan_mix([tmp_path], preset(strips), section=Section(loudest_s=1.0))
    assert plan.passage is not None
    assert plan.passage.start == pytest.approx(3 * RATE, abs=0.02 * RATE)
    assert plan.passage.stop == plan.passage.start + RATE


def test_solo_leaves_the_others_unheard_but_counted(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone(-20.0, 1.0))
    write(tmp_path / "b.wav", tone(-20.0, 2.0))
    plan = plan_mix(
        [tmp_path], preset('[strip.a]\nmatch = ["a"]\nsolo = true\n[strip.b]\nmatch = ["b"]\n')
    )
    assert list(plan.stems) == ["strip.a/a"]
    assert list(plan.unheard) == ["strip.b/b"]
    assert plan.length_s == 2.0
    assert {path.name for path in plan.paths} == {"a.wav", "b.wav"}


def test_a_surround_stem_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path / "wide.wav", np.zeros((RATE, 4)))
    with pytest.raises(AudioFileError, match=r"4 channels"):
        plan_mix([tmp_path], ANY)


def test_a_stem_that_nothing_matches_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "zzz.wav", tone(-20.0, 1.0))
    with pytest.raises(DocumentError, match="zzz"):
        plan_mix([tmp_path], preset('[strip.kick]\nmatch = ["kick"]\n'))


def test_a_failure_while_measuring_stops_the_others_and_leaves_no_thread(tmp_path: Path) -> None:
    samples = tone(-20.0)
    for number in range(4):
        write(tmp_path / f"{number}.wav", samples)
    samples[RATE] = np.nan
    write(tmp_path / "bad.wav", samples)
    before = threading.active_count()
    with pytest.raises(SignalError, match=r"1\.000 s"):
        plan_mix([tmp_path], STAGED, threads=3)
    assert threading.active_count() == before


def test_an_idle_strip_is_a_note(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone(-20.0, 1.0))
    plan = plan_mix(
        [tmp_path], preset('[strip.a]\nmatch = ["a"]\n[strip.tuba]\nmatch = ["tuba"]\n')
    )
    assert "no stem matches these strips: tuba" in plan.notes


def test_a_mix_among_the_stems_is_no_stem_of_the_next_mix(tmp_path: Path) -> None:
    stem = write(tmp_path / "a.wav", tone(-20.0, 1.0))
    made = mix(plan_mix([tmp_path], ANY), tmp_path / "mix.wav").file
    again = plan_mix([tmp_path], ANY)
    assert again.paths == (stem,)
    assert any("mix.wav" in note and "made here" in note for note in again.notes)
    # Named as a file, or changed since, it is taken.
    assert plan_mix([stem, made], ANY).paths == (stem, made)
    write(made, tone(-30.0, 1.0))
    assert set(plan_mix([tmp_path], ANY).paths) == {stem, made}
