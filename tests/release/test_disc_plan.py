"""What a document asks of a disc or a record: problems and warnings come with the plan."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from mixmaster.errors import DocumentError
from mixmaster.release.plan import ReleaseOptions, ReleasePlan, plan_release

HEAD = 'format = 1\nkind = "release"\ntitle = "Album"\nartist = "Artist"\n'


def silence(path: Path, seconds: float) -> None:
    """A WAV of any length that takes no room: 8 kHz, mono, its data a hole."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8_000, round(seconds * 8_000), "NONE", ""))
        file.writeframes(b"\0\0")
    size = round(seconds * 8_000) * 2
    with path.open("r+b") as file:
        file.write(b"RIFF" + (36 + size).to_bytes(4, "little"))
        file.seek(40)
        file.write(size.to_bytes(4, "little"))
        file.truncate(44 + size)


def plan(folder: Path, targets: str, *tracks: tuple[float, str]) -> ReleasePlan:
    text = f"{HEAD}targets = {targets}\n"
    for number, (seconds, said) in enumerate(tracks, start=1):
        silence(folder / f"{number}.wav", seconds)
        text += f'[[track]]\nmaster = "{number}.wav"\ntitle = "Song {number}"\n{said}\n'
    (folder / "album.toml").write_text(text, encoding="utf-8")
    return plan_release(folder / "album.toml", ReleaseOptions())


def test_a_disc_that_is_too_long_is_a_problem_and_a_long_one_a_warning(tmp_path: Path) -> None:
    warned = plan(tmp_path, '["cd"]', (2_300.0, ""), (2_200.0, "gap_s = 0.0")).warnings
    assert [text for text in warned if "75:02:00 long" in text]
    with pytest.raises(DocumentError, match="the disc is 80:02:00 long"):
        plan(tmp_path, '["cd"]', (2_400.0, ""), (2_400.0, "gap_s = 0.0"))
    # Gaps count: 2 x 39:57 and a pause are one disc, with another gap of 10 s they are two.
    plan(tmp_path, '["cd"]', (2_397.0, ""), (2_397.0, "gap_s = 0.0"))
    with pytest.raises(DocumentError, match="the disc is 80:06:00 long"):
        plan(tmp_path, '["cd"]', (2_397.0, ""), (2_397.0, "gap_s = 10.0"))


def test_what_cannot_be_joined_or_said_is_a_problem_of_its_track(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"track\.2: a crossfade of 25 s does not fit"):
        plan(tmp_path, '["cd"]', (20.0, ""), (20.0, "crossfade_s = 25.0"))
    with pytest.raises(DocumentError, match=r"track\.2: it is on side C, but side B comes next"):
        plan(tmp_path, '["vinyl"]', (20.0, 'side = "A"'), (20.0, 'side = "C"'))


def test_lost_letters_and_long_sides_are_warned_of(tmp_path: Path) -> None:
    said = plan(tmp_path, '["cd", "vinyl"]', (1_300.0, 'artist = "\N{GUITAR}"')).warnings
    assert [text for text in said if text.startswith("cd: track 1: its performer")]
    assert [text for text in said if "vinyl: side A: it lasts 21:40.000" in text]
    # What is only respelt is told when the disc is made.
    quiet = plan(tmp_path, '["cd"]', (60.0, 'artist = "\N{CYRILLIC CAPITAL LETTER YA}"'))
    assert not [text for text in quiet.warnings if text.startswith("cd:")]


def test_gapless_joins_of_like_tracks_are_no_warning_even_where_they_are_converted(
    tmp_path: Path,
) -> None:
    tracks = (60.0, ""), (60.0, "gap_s = 0.0"), (60.0, ""), (60.0, "crossfade_s = 1.0")
    found = [text for text in plan(tmp_path, '["cd", "vinyl"]', *tracks).warnings if "join" in text]
    assert not found
