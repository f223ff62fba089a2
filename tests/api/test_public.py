"""What Python users import: complete, typed, documented, and doing what the commands do."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

import mixmaster
from mixmaster.errors import AudioFileError, DocumentError, UsageError

RATE = 48_000


def tone(seconds: float, amplitude: float = 1.0, hz: float = 997.0) -> np.ndarray:
    return amplitude * np.sin(2.0 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)


@pytest.fixture
def stems(tmp_path: Path) -> Path:
    folder = tmp_path / "a <b>song"
    folder.mkdir()
    for name, hz in (("Kick", 60.0), ("Bass", 110.0), ("Lead Vox", 440.0)):
        soundfile.write(folder / f"{name}.wav", tone(3.0, 0.2, hz), RATE, "FLOAT")
    return folder


class Cells(HTMLParser):
    """The texts of a page, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def test_every_name_that_is_promised_is_there() -> None:
    for name in mixmaster.__all__:
        assert getattr(mixmaster, name) is not None
    assert dir(mixmaster) == sorted(mixmaster.__all__)
    assert sorted(mixmaster.__all__) == mixmaster.__all__
    with pytest.raises(AttributeError, match="no_such_name"):
        mixmaster.no_such_name  # noqa: B018 - the access is what is tried


def test_names_for_type_checkers_are_those_at_run_time() -> None:
    source = Path(inspect.getfile(mixmaster)).read_text(encoding="utf-8")
    block = source.partition("if TYPE_CHECKING:")[2].partition("\n\n")[0]
    typed = {word.strip("(),") for word in block.replace("import", " ").split()}
    assert set(mixmaster.__all__) - {"__version__"} <= typed


@pytest.mark.parametrize("name", [n for n in mixmaster.__all__ if n != "__version__"])
def test_every_name_is_documented_and_typed(name: str) -> None:
    thing = getattr(mixmaster, name)
    assert inspect.getdoc(thing)
    callables = [thing] if inspect.isfunction(thing) else []
    if inspect.isclass(thing):
        callables = [
            each
            for own, each in vars(thing).items()
            if inspect.isfunction(each) and not own.startswith("_")
        ]
    for each in callables:
        assert each.__doc__, each
        signature = inspect.signature(each)
        assert signature.return_annotation is not inspect.Signature.empty, each
        for parameter in signature.parameters.values():
            if parameter.name != "self":
                assert parameter.annotation is not inspect.Parameter.empty, (each, parameter)
                told = f"{parameter.name}:" in (each.__doc__ or "")
                assert told or not inspect.isfunction(thing), (each, parameter.name)


def test_importing_costs_nothing() -> None:
    code = "import mixmaster, sys; print('numpy' in sys.modules, 'mixmaster.mixing' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert said.stdout.split() == ["False", "False"]


def test_the_way_from_stems_to_masters(stems: Path, tmp_path: Path) -> None:
    song = mixmaster.load(stems, "rock-band", overrides=["strip.kick.gain_db=-3"])
    assert song.title == stems.name
    assert {path.name for path in song.stems} == {"Kick.wav", "Bass.wav", "Lead Vox.wav"}
    mixed = song.mix(tmp_path / "mix.wav")
    run = mixmaster.master(mixed, tmp_path / "masters", "transparent", ["ebu-r128", "cd"])
    assert [each.target for each in run.results] == ["ebu-r128", "cd"]
    file = run.results[0].file
    assert file is not None
    assert mixmaster.measure(file).integrated_lufs == pytest.approx(-23.0, abs=0.05)
    samples, rate = mixmaster.read(file)
    assert mixmaster.measure(samples, rate).integrated_lufs == pytest.approx(-23.0, abs=0.05)
    assert json.loads(json.dumps(run.to_json()))["results"][0]["target"] == "ebu-r128"


def test_one_call_is_the_same_bytes_as_the_long_way(stems: Path, tmp_path: Path) -> None:
    first = mixmaster.mix(stems, tmp_path / "a.wav", "rock-band")
    second = mixmaster.load([stems / "*.wav"], "rock-band").mix(tmp_path / "b.wav", threads=1)
    assert first.file.read_bytes() == second.file.read_bytes()
    whole = mixmaster.render(stems, tmp_path / "out", "rock-band", "open", ["ebu-r128"])
    long = mixmaster.master(first, tmp_path / "long.wav", "open", "ebu-r128")
    made, other = whole.masters.results[0].file, long.results[0].file
    assert made is not None
    assert other is not None
    assert made.read_bytes() == other.read_bytes()


def test_an_array_reads_as_the_standard_says() -> None:
    # ITU-R BS.1770: a 997 Hz sine at 0 dBFS in one channel reads -3.01 LUFS.
    assert mixmaster.measure(tone(5.0), RATE).integrated_lufs == pytest.approx(-3.01, abs=0.01)
    both = np.stack([tone(5.0), tone(5.0)])
    assert mixmaster.measure(both, RATE).integrated_lufs == pytest.approx(0.0, abs=0.01)
    survey = mixmaster.measure(both, RATE, everything=True)
    assert survey.levels.rms_dbfs == pytest.approx(-3.01, abs=0.01)


def test_arrays_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(UsageError, match="do not know their rate"):
        mixmaster.measure(tone(1.0))
    with pytest.raises(UsageError, match="channels come first"):
        mixmaster.measure(np.zeros((48_000, 2)), RATE)
    with pytest.raises(UsageError, match="has its own rate"):
        mixmaster.measure("mix.wav", RATE)


def test_a_part_is_the_same_samples_as_in_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    soundfile.write(path, np.random.default_rng(1).normal(0.0, 0.1, (RATE, 2)), RATE, "FLOAT")
    whole, rate = mixmaster.read(path)
    part, _ = mixmaster.read(path, start_s=0.25, stop_s=0.75)
    assert (rate, whole.shape) == (RATE, (2, RATE))
    np.testing.assert_array_equal(part, whole[:, RATE // 4 : 3 * RATE // 4])
    with pytest.raises(UsageError, match="holds nothing"):
        mixmaster.read(path, start_s=1.0, stop_s=0.5)


def test_errors_say_what_would_be_right(stems: Path, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="rock-band"):
        mixmaster.load(stems, "rock-bnad")
    with pytest.raises(AudioFileError):
        mixmaster.measure(tmp_path / "none.wav")
    with pytest.raises(UsageError, match="no target is named"):
        mixmaster.master(stems / "Kick.wav", tmp_path, "open", [])


def test_a_comparison_from_python(stems: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not seem to be a version"):
        mixmaster.compare([stems / "Kick.wav", stems / "Bass.wav"], tmp_path / "no")
    run = mixmaster.compare(stems / "Kick.wav", tmp_path / "ab", ["open", "transparent"])
    assert (run.folder / "index.html").is_file()
    assert "refused" in run.to_json()


def test_notebooks_show_tables_and_no_markup_of_strangers(stems: Path, tmp_path: Path) -> None:
    song = mixmaster.load(stems, "rock-band")
    page = Cells(song._repr_html_())
    assert "a <b>song" in page.texts
    assert "b" not in page.tags
    assert any(text.startswith("strip.kick/") for text in page.texts)
    run = mixmaster.master(stems / "Kick.wav", tmp_path, "open", "ebu-r128")
    for result in (run, mixmaster.measure(stems / "Kick.wav")):
        shown = Cells(result._repr_html_())
        assert "integrated_lufs" in shown.texts or "results" in shown.texts
        assert set(shown.tags) <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "h4"}
