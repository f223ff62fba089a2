"""Files that are not what they seem: a clear error that names them, and nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

RATE = 48_000
NOISE = np.random.default_rng(1).standard_normal((RATE // 2, 2)) * 0.05


def missing(path: Path) -> None:
    del path


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("<html>404 not found</html>")


def folder(path: Path) -> None:
    path.mkdir()


def zero_length(path: Path) -> None:
    sf.write(path, np.zeros((0, 1)), RATE)


def not_a_number(path: Path) -> None:
    samples = NOISE.copy()
    samples[RATE // 4, 1] = np.nan
    sf.write(path, samples, RATE, "FLOAT")


def infinite(path: Path) -> None:
    samples = NOISE.copy()
    samples[RATE // 4, 0] = -np.inf
    sf.write(path, samples, RATE, "FLOAT")


def one_hertz(path: Path) -> None:
    sf.write(path, NOISE, 1)


def two_gigahertz(path: Path) -> None:
    sf.write(path, NOISE, 2_000_000_000)


def a_thousand_channels(path: Path) -> None:
    sf.write(path, np.zeros((8, 1024)), RATE)


def cut_flac(path: Path) -> None:
    flac = path.with_suffix(".flac")
    sf.write(flac, np.tile(NOISE, (8, 1)), RATE)
    data = flac.read_bytes()
    flac.unlink()
    path.write_bytes(data[: len(data) // 2])


def dangling_link(path: Path) -> None:
    path.symlink_to("nowhere.wav")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


UNREADABLE: list[tuple[Callable[[Path], None], str]] = [
    (missing, "no such file"),
    (empty, "empty"),
    (text, "not audio"),
    (folder, "no audio files"),
    (zero_length, "no audio"),
    (not_a_number, "NaN"),
    (infinite, "inf"),
    (one_hertz, "1 Hz"),
    (two_gigahertz, "2000000000 Hz"),
    (a_thousand_channels, "1024 channels"),
    (cut_flac, "damaged"),
    (dangling_link, "leads to nothing"),
    (link_to_itself, "leads to itself"),
]


@pytest.mark.parametrize(
    ("make", "said"), UNREADABLE, ids=lambda value: getattr(value, "__name__", "")
)
class TestUnreadable:
    def test_mix(self, make: Any, said: str, tmp_path: Path, out: Path, mixmaster: Any) -> None:
        make(tmp_path / "bad stem.wav")
        done = mixmaster("mix", tmp_path / "bad stem.wav", "-p", "flat", "-o", out / "mix.wav")
        assert done.status == 2
        assert done.out == ""
        assert "bad stem.wav" in done.err
        assert said in done.err
        assert not out.exists()

    def test_measure(self, make: Any, said: str, tmp_path: Path, mixmaster: Any) -> None:
        make(tmp_path / "bad stem.wav")
        done = mixmaster("measure", tmp_path / "bad stem.wav", "--json")
        assert done.status == 2
        (entry,) = done.json
        assert "bad stem.wav" in entry["where"]
        assert said in entry["reason"]

    def test_measure_goes_on_with_the_others(
        self, make: Any, said: str, tmp_path: Path, stem: Any, mixmaster: Any
    ) -> None:
        make(tmp_path / "bad stem.wav")
        good = stem("good.wav")
        done = mixmaster("measure", tmp_path / "bad stem.wav", good)
        assert done.status == 1
        assert "good.wav" in done.out
        assert said in done.err


def test_a_stem_of_six_channels(tmp_path: Path, stem: Any, out: Path, mixmaster: Any) -> None:
    path = stem("surround.wav", np.zeros((RATE, 6)))
    done = mixmaster("mix", path, "-p", "flat", "-o", out / "mix.wav")
    assert done.status == 2
    assert "surround.wav: it has 6 channels" in done.err
    assert mixmaster("measure", path).status == 0


def test_a_stem_that_may_not_be_read(stem: Any, out: Path, mixmaster: Any, forbid: Any) -> None:
    path = stem("secret.wav")
    forbid(path)
    done = mixmaster("mix", path, "-p", "flat", "-o", out / "mix.wav")
    assert done.status == 2
    assert "secret.wav" in done.err
    assert not out.exists()


def test_a_folder_without_audio(tmp_path: Path, out: Path, mixmaster: Any) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "readme.txt").touch()
    done = mixmaster("mix", tmp_path / "none", "-p", "flat", "-o", out / "mix.wav")
    assert done.status == 2
    assert "no audio files in this folder" in done.err


def test_a_cut_wav_is_a_warning_and_strict_an_error(stem: Any, out: Path, mixmaster: Any) -> None:
    path = stem("cut.wav", NOISE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    done = mixmaster("mix", path, "-p", "flat", "-o", out / "mix.wav")
    assert done.status == 0
    assert "warning: cut.wav: " in done.err
    strict = mixmaster("mix", path, "-p", "flat", "-o", out / "strict.wav", "--strict")
    assert strict.status == 2
    assert "cut.wav" in strict.err
    assert not (out / "strict.wav").exists()


class TestUnusualButFine:
    def mixed(self, mixmaster: Any, out: Path, *arguments: Any) -> Any:
        done = mixmaster("mix", *arguments, "-p", "flat", "-o", out / "mix.wav", "--json")
        assert done.status == 0, done.err
        return done.json

    def test_a_stem_of_one_sample(self, stem: Any, out: Path, mixmaster: Any) -> None:
        said = self.mixed(mixmaster, out, stem("one.wav", [0.5]))
        assert said["figures"]["sample_peak_dbfs"] == pytest.approx(-6.02, abs=0.01)
        assert said["figures"]["integrated_lufs"] is None
        assert said["figures"]["reasons"]["integrated_lufs"] == "shorter than 0.4 s"

    def test_silence_alone(self, stem: Any, out: Path, mixmaster: Any) -> None:
        said = self.mixed(mixmaster, out, stem("silence.wav", np.zeros(RATE)))
        assert said["warnings"] == ["the mix is digital silence"]
        assert said["figures"]["true_peak_dbtp"] is None

    def test_two_hundred_short_stems(self, stem: Any, out: Path, mixmaster: Any) -> None:
        for number in range(200):
            stem(f"{number}.wav", np.full(RATE // 10, 1.0 / 1024.0))
        said = self.mixed(mixmaster, out, stem("0.wav", np.full(RATE // 10, 1.0 / 1024.0)).parent)
        assert len(said["bridge"]) == 201
        assert 10.0 ** (said["figures"]["sample_peak_dbfs"] / 20.0) == pytest.approx(200.0 / 1024.0)

    def test_8_and_192_khz_together(self, stem: Any, out: Path, mixmaster: Any) -> None:
        low, high = stem("low.wav", rate=8_000), stem("high.wav", rate=192_000)
        said = self.mixed(mixmaster, out, low, high)
        assert said["figures"]["sample_rate_hz"] == 192_000
        assert any("low.wav: converted from 8000 to 192000 Hz" in note for note in said["notes"])

    def test_the_same_stem_twice_is_used_once(self, stem: Any, out: Path, mixmaster: Any) -> None:
        path = stem("a.wav", np.full(RATE, 0.25))
        link = path.with_name("b.wav")
        link.hardlink_to(path)
        said = self.mixed(mixmaster, out, path, path, link)
        assert said["figures"]["sample_peak_dbfs"] == pytest.approx(-12.04, abs=0.01)
        assert sum("used once" in note for note in said["notes"]) == 2

    def test_hidden_companions_are_left_out(self, stem: Any, out: Path, mixmaster: Any) -> None:
        path = stem("a.wav")
        path.with_name("._a.wav").write_bytes(b"\0\5\x16\7")
        said = self.mixed(mixmaster, out, path.parent)
        assert any("._a.wav" in note for note in said["notes"])
