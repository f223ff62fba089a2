"""A mix at its edges: stems that nobody hears, files cut short, sections that hold nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf

from mixmaster.documents.finding import find_preset
from mixmaster.documents.loading import load, load_text
from mixmaster.errors import OutputError, UsageError
from mixmaster.mixing.plan import Section, plan_mix
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.run import mix

RATE = 48_000
Samples = npt.NDArray[np.float64]


def flat(*overrides: str) -> MixPreset:
    return load(MixPreset, find_preset("mix", "flat"), overrides=overrides)


def write(path: Path, samples: Samples) -> Path:
    sf.write(path, samples, RATE, "FLOAT")
    return path


def read(path: Path) -> Samples:
    samples, _ = sf.read(path, dtype="float64", always_2d=True)
    return np.asarray(samples)


class TestUnheardStems:
    """Mute and solo change what is heard, not how long the song is."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "stems"
        folder.mkdir()
        write(folder / "voice.wav", np.full(3 * RATE, 0.1))
        write(folder / "guitar.wav", np.full(RATE, 0.1))
        return folder

    def test_a_muted_stem_still_counts_for_the_length(self, folder: Path, tmp_path: Path) -> None:
        preset = load_text(
            MixPreset,
            'format = 1\nkind = "mix"\nname = "x"\n[strip.voice]\nmatch = ["voice"]\nmute = true\n'
            '[strip.guitar]\nmatch = ["guitar"]\n',
        )
        plan = plan_mix([folder], preset)
        assert (set(plan.stems), set(plan.unheard)) == (
            {"strip.guitar/guitar"},
            {"strip.voice/voice"},
        )
        run = mix(plan, tmp_path / "mix.wav")
        assert run.figures.duration_s == 3.0
        samples = read(run.file)
        assert not samples[RATE:].any()
        assert samples[:RATE, 0] == pytest.approx(0.1 * np.sqrt(0.5), abs=1e-7)

    def test_with_all_muted_the_mix_is_silence_and_says_so(
        self, folder: Path, tmp_path: Path
    ) -> None:
        plan = plan_mix([folder], flat("strip.stem.mute=true"))
        run = mix(plan, tmp_path / "mix.wav")
        assert not read(run.file).any()
        assert run.figures.duration_s == 3.0
        assert any("no stem to be heard" in note for note in run.notes)
        assert run.warnings == ("the mix is digital silence",)

    def test_a_muted_stem_is_not_overwritten_either(self, folder: Path) -> None:
        plan = plan_mix([folder], flat("strip.stem.mute=true"))
        before = (folder / "voice.wav").read_bytes()
        with pytest.raises(OutputError, match="also an input"):
            mix(plan, folder / "voice.wav", overwrite=True)
        assert (folder / "voice.wav").read_bytes() == before


def test_a_stem_that_was_cut_short_is_named_in_the_warnings(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.wav", np.full(RATE, 0.1))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    run = mix(plan_mix([path], flat()), tmp_path / "mix.wav")
    (warning,) = run.warnings
    assert warning.startswith("cut.wav: ")
    said = json.loads((tmp_path / "mix.wav.json").read_text())
    assert warning in said["notes"]


@pytest.mark.parametrize(
    ("section", "match"),
    [
        (Section(9.0, None), "outside the song"),
        (Section(0.5, 0.2), "not after"),
        (Section(-1.0, None), "outside the song"),
        (Section(float("nan"), None), "outside the song"),
        (Section(loudest_s=0.0), "no length"),
    ],
)
def test_a_section_that_holds_nothing_is_an_error(
    tmp_path: Path, section: Section, match: str
) -> None:
    write(tmp_path / "a.wav", np.full(RATE, 0.1))
    with pytest.raises(UsageError, match=match):
        plan_mix([tmp_path], flat(), section=section)


def test_a_section_longer_than_the_song_is_the_song(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", np.full(RATE, 0.1))
    for number, section in enumerate((Section(0.0, 99.0), Section(loudest_s=99.0))):
        run = mix(
            plan_mix([tmp_path / "a.wav"], flat(), section=section), tmp_path / f"{number}.wav"
        )
        assert run.figures.duration_s == 1.0
