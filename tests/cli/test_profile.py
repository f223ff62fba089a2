"""``profile`` and ``master --reference`` as a user meets them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RATE = 48_000


def tinted(seconds: float, slope: float, seed: int = 1) -> Any:
    """Stereo noise whose density falls by so many dB an octave."""
    frames = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal((2, frames)), axis=1)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(frames, 1.0 / RATE), 20.0) / 1_000.0)
    return 0.04 * np.fft.irfft(spectrum * 10.0 ** (-slope * octaves / 20.0), frames, axis=1).T


@pytest.fixture
def mix(stem: Any) -> Path:
    return Path(stem("mix.wav", tinted(5.0, 3.0)))


@pytest.fixture
def reference(stem: Any) -> Path:
    return Path(stem("record.wav", tinted(5.0, 4.0)))


class TestProfile:
    def test_build_writes_a_document_that_show_and_check_read(
        self, reference: Path, mix: Path, tmp_path: Path, mixmaster: Any
    ) -> None:
        file = tmp_path / "mine.toml"
        built = mixmaster("profile", "build", reference, mix, "-o", file, "--json")
        assert built.status == 0, built.err
        said = tomllib.loads(file.read_text(encoding="utf-8"))
        assert said["name"] == "mine"
        assert said["references"] == 2
        assert said["tone"]["level_db"] == built.json["profile"]["tone"]["level_db"]
        assert mixmaster("presets", "check", file).status == 0
        shown = mixmaster("profile", "show", file)
        assert shown.status == 0
        assert "record.wav, mix.wav" in shown.out
        against = mixmaster("profile", "show", file, "--against", mix, "--json").json
        assert against["deltas"]["outside"] == 0
        # Half of the two slopes' difference away, 1 dB an octave apart, over 27 third octaves.
        octave = np.log2(10.0) / 10.0
        assert against["deltas"]["distance_db"] == pytest.approx(
            0.5 * octave * np.sqrt((27**2 - 1) / 12), abs=0.05
        )

    def test_nothing_is_overwritten_and_a_profile_is_toml(
        self, reference: Path, tmp_path: Path, mixmaster: Any
    ) -> None:
        file = tmp_path / "mine.toml"
        file.write_text("mine", encoding="utf-8")
        done = mixmaster("profile", "build", reference, "-o", file)
        assert done.status == 2
        assert "--overwrite" in done.err
        assert file.read_text(encoding="utf-8") == "mine"
        assert mixmaster("profile", "build", reference, "-o", file, "--overwrite").status == 0
        assert mixmaster("profile", "build", reference, "-o", tmp_path / "a.wav").status == 2

    def test_the_tables_tell_where_a_file_is_outside(self, mix: Path, mixmaster: Any) -> None:
        done = mixmaster("profile", "show", "pink", "--against", mix)
        assert done.status == 0
        assert "mix.wav against Pink" in done.out
        assert "outside" not in done.out  # 3 dB an octave of density is pink
        assert "outside" in mixmaster("profile", "show", "neutral", "--against", mix).out


class TestMaster:
    def test_a_reference_is_matched_in_one_go(
        self, mix: Path, reference: Path, out: Path, mixmaster: Any
    ) -> None:
        arguments = ("master", mix, "-p", "transparent", "-t", "streaming", "-o", out)
        done = mixmaster(*arguments, "--reference", reference, "--json")
        assert done.status == 0, done.err
        (found,) = done.json["matches"]
        assert found["profile"] == "record.wav"
        assert found["distance_after_db"] < 0.1 * found["distance_before_db"]
        # The loudness is the target's, not the reference's.
        assert done.json["results"][0]["after"]["integrated_lufs"] == pytest.approx(-14, abs=0.05)
        shown = mixmaster(*arguments, "--reference", reference)
        assert "master.insert.match toward record.wav" in shown.out

    def test_the_reference_s_loudness_is_taken_when_asked_for(
        self, mix: Path, reference: Path, out: Path, mixmaster: Any
    ) -> None:
        wanted = mixmaster("measure", reference, "--json").json[0]["integrated_lufs"]
        arguments = ("master", mix, "-p", "transparent", "-t", "streaming", "-o", out, "--json")
        done = mixmaster(*arguments, "--reference", reference, "--reference-loudness")
        after = done.json["results"][0]["after"]["integrated_lufs"]
        assert after == pytest.approx(wanted, abs=0.06)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--reference-loudness",), "there is no reference"),
            (("--profile", "neutral", "--reference-loudness"), "neutral has no loudness"),
            (("--profile", "neutral", "--reference", "x.wav"), "contradicts --profile"),
            (("--profile", "neutral", "--loudness", "-14", "--reference-loudness"), "--loudness"),
            (("--profile", "nutral"), "did you mean 'neutral'?"),
            (("--reference", "nowhere.wav"), "nowhere.wav"),
        ],
    )
    def test_what_contradicts_itself_is_said(
        self, arguments: tuple[str, ...], words: str, mix: Path, out: Path, mixmaster: Any
    ) -> None:
        done = mixmaster("master", mix, "-p", "warm", "-t", "cd", "-o", out, *arguments)
        assert done.status == 2
        assert words in done.err
        assert done.left_no_traceback()
