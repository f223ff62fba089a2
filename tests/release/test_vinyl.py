"""Records: sides proposed and as said, premasters to the sample, cue sheets, and warnings."""

from __future__ import annotations

import csv
import json
import shutil
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.release.discs import write_wav

from mixmaster.errors import AudioFileError, OutputError, RefusedError, UsageError
from mixmaster.release.vinyl.check import check_vinyl
from mixmaster.release.vinyl.plan import VinylPlan, plan_vinyl
from mixmaster.release.vinyl.record import Vinyl, VinylTrack
from mixmaster.release.vinyl.write import write_vinyl

FILE = Path("a.wav")
RATE = 48_000


def plan(lengths_s: list[float], vinyl: Vinyl, **said: list[object]) -> VinylPlan:
    tracks = [
        VinylTrack(FILE, **{key: values[place] for key, values in said.items()})  # type: ignore[arg-type]
        for place in range(len(lengths_s))
    ]
    return plan_vinyl(tracks, vinyl, [round(RATE * length) for length in lengths_s], RATE)


def sides(made: VinylPlan) -> list[list[int]]:
    return [[band.track for band in side.bands] for side in made.sides]


def noise(path: Path, seconds: float, level: float = 0.1) -> Path:
    rng = np.random.default_rng(len(path.name))
    samples = rng.uniform(-level, level, (round(seconds * RATE), 1)).repeat(2, axis=1)
    return write_wav(path, samples.astype(np.float32), RATE)


def read_24_bit(path: Path) -> npt.NDArray[np.float64]:
    with wave.open(str(path), "rb") as file:
        assert (file.getsampwidth(), file.getframerate()) == (3, RATE)
        raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8).reshape(-1, 2, 3)
    words = raw.astype(np.int64) @ np.array([1, 256, 65_536])
    signed: npt.NDArray[np.float64] = (words - (words >> 23 << 24)) / float(1 << 23)
    return signed


def test_sides_are_as_alike_as_the_order_allows() -> None:
    # 40 min in ten songs: two sides of 20 and not one more record.
    assert sides(plan([240.0] * 10, Vinyl())) == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]
    # 8 + 3 + 3 + 6 min: 8 | 12 is worse than 11 | 9.
    assert sides(plan([480.0, 180.0, 180.0, 360.0], Vinyl())) == [[1, 2], [3, 4]]
    # 64 min on two sides would be 32 each: a second record.
    assert sides(plan([240.0] * 16, Vinyl())) == [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [9, 10, 11, 12],
        [13, 14, 15, 16],
    ]
    # Three long pieces: a side of 40 min is worse than an empty one.
    assert sides(plan([1200.0] * 3, Vinyl())) == [[1], [2], [3]]
    assert sides(plan([180.0], Vinyl(diameter_in=7, speed_rpm=45))) == [[1]]
    assert sides(plan([180.0, 170.0], Vinyl(diameter_in=7, speed_rpm=45))) == [[1], [2]]


def test_a_record_is_not_turned_over_in_a_join() -> None:
    gaps: list[object] = [None, None, 0.0, None]
    assert sides(plan([300.0] * 4, Vinyl(), gap_s=gaps)) == [[1], [2, 3, 4]]
    told = plan([300.0] * 2, Vinyl(), gap_s=[None, 0.0])
    assert [finding.code for finding in told.findings] == ["vinyl_join"]


def test_sides_may_be_said() -> None:
    assert sides(plan([60.0] * 4, Vinyl(), side=["A", "", "b", ""])) == [[1, 2], [3, 4]]
    for wrong in (["B", ""], ["A", "C"], ["A", "B", "A"], ["x"]):
        with pytest.raises(UsageError, match="comes next"):
            plan([60.0] * len(wrong), Vinyl(), side=list(wrong))
    with pytest.raises(UsageError, match="without tracks"):
        plan([], Vinyl())


@pytest.mark.parametrize(
    ("diameter", "speed", "minutes", "said"),
    [
        (12, 33, 19.4, None),
        (12, 33, 24.0, "3 dB quieter"),
        (12, 33, 28.0, "6 dB quieter"),
        (12, 33, 29.0, "no cutting house"),
        (12, 45, 14.4, None),
        (12, 45, 16.0, "3 dB quieter"),
        (10, 33, 13.6, "holds 13:30"),
        (10, 45, 9.9, None),
        (7, 33, 7.1, "holds 07:00"),
        (7, 45, 4.9, None),
        (7, 45, 6.0, "3 dB quieter"),
    ],
)
def test_long_sides_are_told_by_what_they_cost(
    diameter: int, speed: int, minutes: float, said: str | None
) -> None:
    vinyl = Vinyl(diameter_in=diameter, speed_rpm=speed)  # type: ignore[arg-type]
    found = [finding.text for finding in plan([60.0 * minutes], vinyl).findings]
    assert len(found) == (said is not None)
    assert said is None or said in found[0]


@settings(max_examples=100, deadline=None)
@given(
    lengths=st.lists(st.floats(1.0, 1200.0), min_size=1, max_size=20),
    crossfades=st.lists(st.sampled_from([0.0, 0.0, 0.4]), min_size=20, max_size=20),
)
def test_every_track_is_on_a_side_once(lengths: list[float], crossfades: list[float]) -> None:
    made = plan(lengths, Vinyl(), crossfade_s=list(crossfades))
    tracks = [track for side in sides(made) for track in side]
    assert tracks == list(range(1, len(lengths) + 1))
    for side in made.sides:
        end = 0
        for band in side.bands:
            fade_s = crossfades[band.track - 1] if end else 0.0
            gap_s = 0.0 if fade_s or not end else 2.0
            assert band.start_frame == end + round(gap_s * RATE) - round(fade_s * RATE)
            end = band.start_frame + band.frames
        assert side.frames == end


def made(tmp_path: Path) -> tuple[list[VinylTrack], Path]:
    tracks = [
        VinylTrack(noise(tmp_path / "1.wav", 4.0), 'Été, "live"', isrc="QZAB12600001"),
        VinylTrack(noise(tmp_path / "22.wav", 3.0), "<b>Two</b>\n=1+1", "Guest", gap_s=0.0),
        VinylTrack(noise(tmp_path / "333.wav", 5.0), "Three", side="B"),
    ]
    vinyl = Vinyl("Album", "Artist", "ABC-001")
    result = write_vinyl(tracks, vinyl, tmp_path / "vinyl")
    assert [each.file for each in result.sides] == ["side_a.wav", "side_b.wav"]
    return tracks, tmp_path / "vinyl"


def test_sides_hold_every_sample_and_their_sheets_say_where(tmp_path: Path) -> None:
    tracks, folder = made(tmp_path)
    back = read_24_bit(folder / "side_a.wav")
    first = np.frombuffer(tracks[0].source.read_bytes()[-4 * RATE * 8 :], "<f4").reshape(-1, 2)
    second = np.frombuffer(tracks[1].source.read_bytes()[-3 * RATE * 8 :], "<f4").reshape(-1, 2)
    whole = np.concatenate([first, second])
    assert np.abs(back - whole).max() <= 1.5 / (1 << 23)
    sheet = json.loads((folder / "side_a.json").read_text(encoding="utf-8"))
    assert (sheet["side"], sheet["frames"], sheet["speed_rpm"]) == ("A", 7 * RATE, 33)
    with (folder / "side_a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["start"] for row in rows] == ["00:00.000", "00:04.000"]
    assert [row["title"] for row in rows] == ['Été, "live"', "<b>Two</b> =1+1"]
    assert [row["performer"] for row in rows] == ["Artist", "Guest"]
    text = (folder / "side_b.txt").read_text(encoding="utf-8")
    assert "Side B, 12 inch, 33 1/3 rpm" in text
    assert "Catalogue number ABC-001-B" in text
    assert "B1   00:00.000  00:05.000" in text
    assert check_vinyl(folder) == ()


def test_what_was_done_to_a_side_is_named(tmp_path: Path) -> None:
    _, folder = made(tmp_path)
    shutil.copytree(folder, tmp_path / "whole")

    def said() -> str:
        found = "\n".join(f"{each.file}: {each.text}" for each in check_vinyl(folder))
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "whole", folder)
        return found

    shutil.copy(folder / "side_b.wav", folder / "side_a.wav")
    assert "side_a.wav: it has 240000 frames, side_a.json says 336000" in said()
    path = folder / "side_a.wav"
    path.write_bytes(path.read_bytes()[:-600])
    assert "side_a.wav: it ends" in said()
    path = folder / "side_a.csv"
    path.write_bytes(path.read_bytes().replace(b"00:04.000", b"00:04.001"))
    assert "side_a.csv: it does not say what side_a.json says" in said()
    path = folder / "side_a.txt"
    path.write_bytes(path.read_bytes().replace(b"Side A", b"Side B"))
    assert "side_a.txt: its MD5 is" in said()
    for suffix in ("wav", "txt", "csv", "json"):
        (folder / f"side_a.{suffix}").unlink()
    assert "side A: there is no file of it" in said()
    (folder / "side_b.json").write_text("{")
    assert "side_b.json: it is no cue sheet" in said()
    for old, new in (
        (b'"bit_depth": 24', b'"bit_depth": "24"'),
        (b'"bit_depth": 24', b'"bit_depth": []'),
        (b'"sample_rate_hz": 48000', b'"sample_rate_hz": null'),
        (b'"tracks": [', b'"tracks": 5, "x": ['),
    ):
        sheet = (folder / "side_b.json").read_bytes()
        assert old in sheet
        (folder / "side_b.json").write_bytes(sheet.replace(old, new))
        assert "side_b.json: it is no cue sheet" in said()
    (folder / "vinyl.md5").unlink()
    assert "vinyl.md5: there is no such file" in said()
    assert "there is no side" in check_vinyl(tmp_path / "nowhere")[0].text


def test_what_a_groove_does_not_like_is_named(tmp_path: Path) -> None:
    time = np.arange(6 * RATE) / RATE
    bass = 0.4 * np.sin(2 * np.pi * 50.0 * time)
    hiss = np.where(time % 2.0 < 0.3, 0.5, 0.0) * np.sin(2 * np.pi * 7_000.0 * time)
    samples = np.stack([bass + hiss, hiss - bass], axis=1).astype(np.float32)
    path = write_wav(tmp_path / "a.wav", samples, RATE)
    result = write_vinyl([VinylTrack(path)], Vinyl(), tmp_path / "vinyl")
    said = "\n".join(finding.text for finding in result.findings)
    assert "below 150 Hz" in said
    assert "sharp sibilants" in said
    assert "its true peak is -0." in said
    assert "as dense as" in said
    assert said.splitlines()[0] in (tmp_path / "vinyl/side_a.txt").read_text(encoding="utf-8")
    # The length of a short side is no reason to speak of 12 inch sides.
    assert "min" not in said.replace("mono_below_hz", "")


def test_wrong_sources_are_named_and_nothing_is_left(tmp_path: Path) -> None:
    slow = write_wav(tmp_path / "slow.wav", np.zeros((44_100, 2), np.float32), 44_100)
    tracks = [VinylTrack(noise(tmp_path / "1.wav", 2.0)), VinylTrack(slow)]
    with pytest.raises(AudioFileError, match=r"slow\.wav: its rate is 44100 Hz, 48000 Hz is"):
        write_vinyl(tracks, Vinyl(), tmp_path / "vinyl")
    loud = write_wav(tmp_path / "loud.wav", np.full((RATE, 2), 1.5, np.float32), RATE)
    with pytest.raises(RefusedError, match=r"side A: .*passes full scale, \+3\.52 dBFS"):
        write_vinyl([VinylTrack(loud)], Vinyl(), tmp_path / "vinyl")
    fade = [VinylTrack(noise(tmp_path / f"{n}.wav", 2.0), crossfade_s=1.5) for n in (1, 2, 3)]
    said = [VinylTrack(each.source, crossfade_s=each.crossfade_s, side="A") for each in fade]
    with pytest.raises(UsageError, match="does not fit"):
        write_vinyl(said, Vinyl(), tmp_path / "vinyl")
    assert not (tmp_path / "vinyl").exists()
    (tmp_path / "vinyl").mkdir()
    (tmp_path / "vinyl/side_a.csv").write_text("mine")
    with pytest.raises(OutputError, match="it exists"):
        write_vinyl(tracks[:1], Vinyl(), tmp_path / "vinyl")
    assert [path.name for path in (tmp_path / "vinyl").iterdir()] == ["side_a.csv"]
