from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.errors import OutputError
from mixmaster.song import Stem, write_song


@pytest.fixture
def stems() -> dict[str, Stem]:
    values = np.random.default_rng(5).integers(-32_768, 32_768, (3, 10_000)).astype(np.int16)
    return {"01_Kick In": Stem(values[:1], 44_100), "02_Room": Stem(values[1:], 44_100)}


def test_files_hold_the_exact_samples(tmp_path: Path, stems: dict[str, Stem]) -> None:
    paths = write_song(tmp_path / "new" / "folder", stems=stems)
    assert [path.name for path in paths] == ["01_Kick In.flac", "02_Room.flac"]
    for path, stem in zip(paths, stems.values(), strict=True):
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
        assert rate == 44_100
        assert soundfile.info(path).subtype == "PCM_16"
        assert np.array_equal(samples.T, stem.samples)
    assert sorted((tmp_path / "new" / "folder").iterdir()) == paths


def test_files_that_hold_the_song_are_left_alone(tmp_path: Path, stems: dict[str, Stem]) -> None:
    paths = write_song(tmp_path, stems=stems)
    before = [path.stat().st_mtime_ns for path in paths]
    near = {
        name: Stem(np.where(stem.samples > 0, stem.samples - 1, stem.samples), 44_100)
        for name, stem in stems.items()
    }
    assert write_song(tmp_path, stems=near) == paths
    assert [path.stat().st_mtime_ns for path in paths] == before


def other_audio(path: Path) -> None:
    soundfile.write(path, np.zeros((10_000, 2)), 44_100, format="FLAC", subtype="PCM_16")


def other_text(path: Path) -> None:
    path.write_text("notes on the room\n")


@pytest.mark.parametrize("other", [other_audio, other_text])
def test_other_content_is_refused_before_anything_is_written(
    tmp_path: Path, stems: dict[str, Stem], other: object
) -> None:
    assert callable(other)
    in_the_way = tmp_path / "02_Room.flac"
    other(in_the_way)
    kept = in_the_way.read_bytes()
    with pytest.raises(OutputError, match=r"02_Room\.flac.*already there"):
        write_song(tmp_path, stems=stems)
    assert list(tmp_path.iterdir()) == [in_the_way]
    assert in_the_way.read_bytes() == kept

    paths = write_song(tmp_path, stems=stems, overwrite=True)
    samples, _ = soundfile.read(paths[1], dtype="int16", always_2d=True)
    assert np.array_equal(samples.T, stems["02_Room"].samples)


def test_a_file_in_place_of_the_folder_is_an_output_error(
    tmp_path: Path, stems: dict[str, Stem]
) -> None:
    (tmp_path / "songs").write_text("")
    with pytest.raises(OutputError, match="songs"):
        write_song(tmp_path / "songs", stems=stems)


def test_a_folder_in_place_of_a_file_leaves_nothing_behind(
    tmp_path: Path, stems: dict[str, Stem]
) -> None:
    (tmp_path / "01_Kick In.flac" / "takes").mkdir(parents=True)
    with pytest.raises(OutputError, match="Kick In"):
        write_song(tmp_path, stems=stems, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["01_Kick In.flac"]
