"""Texts that break things: kept to the last character, or refused with the reason."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.audio.tags.conftest import CONTAINERS, FULL, ID3, picture, sha256

from mixmaster.audio.tags import (
    KIND_OF_CONTAINER,
    Picture,
    ReplayGain,
    Tags,
    differences,
    read_tags,
    tag_problems,
    write_tags,
)
from mixmaster.errors import AudioFileError, UsageError

Sound = Callable[[str], Path]

HOSTILE = {
    "ten thousand characters": "a" * 10_000,
    "ten thousand wide ones": "漢\U0001f600" * 5_000,
    "emoji": "\U0001f469\u200d\U0001f467\ufe0f \U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd",
    "right to left": "שלום مرحبا",
    "turned round": "abc\u202egpj.exe\u2066\u2069\u200f",
    "markup": "<script>alert('x')</script> <b>&amp;</b> ]]>",
    "paths": "../../etc/passwd \\\\host\\share C:\\CON",
    "separators": "Simon; Garfunkel / Art, & feat. | x",
    "spaces around": "  two spaces  ",
    "only spaces": "   ",
    "decomposed": "e\u0301 \u0041\u030a",
    "composed": "\u00e9 \u00c5",
    "controls": "\x01\x02\x1b[31m\x7f\x80\x9f",
    "line separators": "a\u2028b\u2029c\x85d\x0be",
    "tab": "a\tb",
    "equals": "TITLE=Other",
    "percent and braces": "%s %n {0} {title} ${HOME} `id`",
    "quotes": "'\" \\' \\\"",
    "order mark": "\ufeffa\ufeff",
    "no characters": "\ufffe\uffff\U0010ffff\ufffd",
}
# NUL cannot be held; surrogates are no characters.
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0\n\r")
texts = st.text(characters, max_size=30)
names = st.lists(st.text(characters, min_size=1, max_size=20), max_size=4).map(tuple)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_it_comes_back_as_it_was(sound: Sound, container: str, text: str) -> None:
    path = sound(container)
    tags = Tags(
        title=text, artist=text, isrc=text, label=text, writers=(text, f"{text};"), comment=text
    )
    write_tags(path, tags)
    found = read_tags(path)
    assert found.tags == tags
    assert differences(tags, found) == ()


@pytest.mark.parametrize("container", CONTAINERS)
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    title=texts, artist=texts, album=texts, version=texts, upc=texts, writers=names, comment=texts
)
def test_any_text(sounds: Sound, tmp_path: Path, container: str, **said: Any) -> None:
    tags = Tags(**said)
    path = tmp_path / sounds(container).name
    if not path.exists():
        shutil.copy(sounds(container), path)
    write_tags(path, tags)
    found = read_tags(path)
    assert found.tags == tags
    assert differences(tags, found) == ()


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"title": "a\0b"}, r"title: there is a NUL character in 'a\\x00b'"),
        ({"artist": "\ud83d"}, r"artist: there is half a surrogate pair.* in '\\ud83d'"),
        ({"writers": ("A", "")}, "writers: one of the names is empty"),
        ({"writers": ("",)}, "writers: one of the names is empty"),
        ({"writers": ("A", "B\0C")}, "writers: there is a NUL"),
        ({"date": "yesterday"}, "date: 'yesterday' is none; write 2026"),
        ({"date": "2026-13"}, "date: "),
        ({"date": "2026-11-20T10:00"}, "date: "),
        ({"track": 0}, "track: 0; 1 to 65535"),
        ({"track": 13, "tracks": 12}, "track: 13 of 12"),
        ({"track": None}, "tracks: without 'track'"),
        ({"discs": 70_000, "disc": 1}, "discs: 70000"),
        ({"title": "x" * 2_000_000}, "title: it is longer than 1 MB"),
        ({"replay_gain": ReplayGain(float("nan"))}, "track_gain_db nan"),
        ({"replay_gain": ReplayGain(-6.0, float("inf"))}, "track_peak inf"),
        ({"replay_gain": ReplayGain(-6.0, -0.1)}, "track_peak -0.1"),
        ({"title": None}, "title is None; it should be str"),
        ({"track": True}, "track is True"),
        ({"writers": "Lennon"}, "writers is 'Lennon'"),
    ],
)
def test_what_cannot_be_held_is_refused(
    sound: Sound, container: str, wrong: dict[str, Any], reason: str
) -> None:
    path = sound(container)
    before = sha256(path)
    with pytest.raises(UsageError, match=reason) as error:
        write_tags(path, replace(FULL, **wrong))
    assert str(error.value).isprintable()
    assert sha256(path) == before
    assert tag_problems(KIND_OF_CONTAINER[container], replace(FULL, **wrong))


def test_all_that_is_wrong_is_named_at_once() -> None:
    tags = Tags(title="\0", track=-1, date="x", label="\udc00")
    problems = tag_problems("flac", tags)
    assert [problem.partition(":")[0] for problem in problems] == [
        "title",
        "date",
        "label",
        "track",
    ]


@pytest.mark.parametrize("container", CONTAINERS)
def test_new_lines_only_where_the_format_has_them(sound: Sound, container: str) -> None:
    path, tags = sound(container), Tags(title="one\ntwo")
    if container in ID3:
        with pytest.raises(UsageError, match="title: there is a new line"):
            write_tags(path, tags)
    else:
        write_tags(path, tags)
        assert read_tags(path).tags == tags
    write_tags(path, Tags(comment="one\r\ntwo\n"))
    assert read_tags(path).tags.comment == "one\r\ntwo\n"


@pytest.mark.parametrize("genre", ["17", "(17)", "RX", "(4)Remix"])
def test_genres_that_id3_takes_for_numbers(sound: Sound, genre: str) -> None:
    with pytest.raises(UsageError, match=rf"genre: players take '{re.escape(genre)}'"):
        write_tags(sound("mp3"), Tags(genre=genre))
    path = sound("flac")
    write_tags(path, Tags(genre=genre))
    assert read_tags(path).tags.genre == genre


@pytest.mark.parametrize("gain_db", [-100.0, 100.0])
def test_the_largest_gains(sound: Sound, gain_db: float) -> None:
    for container in ("opus", "mp3"):
        path, tags = sound(container), Tags(replay_gain=ReplayGain(gain_db))
        write_tags(path, tags)
        assert read_tags(path).tags == tags
        assert tag_problems("opus", Tags(replay_gain=ReplayGain(1.01 * gain_db)))


@pytest.mark.parametrize(
    ("data", "mime", "size", "reason"),
    [
        (b"GIF89a", "image/gif", (1, 1), "it is 'image/gif'"),
        (b"GIF89a", "image/png", (1, 1), "its bytes are not those of image/png"),
        (b"", "image/jpeg", (1, 1), "its bytes are not"),
        (b"\xff\xd8\xff", "image/jpeg", (0, 1), "0 by 1 pixels"),
        (picture("PNG", 20).data, "image/png", (21, 20), "it says 20 by 20 pixels"),
    ],
)
def test_pictures_that_are_none(data: bytes, mime: Any, size: tuple[int, int], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        Picture(data, mime, *size)


def test_a_picture_that_flac_cannot_hold(sound: Sound) -> None:
    large = Picture(b"\xff\xd8\xff" + bytes(16 << 20), "image/jpeg", 9_000, 9_000)
    with pytest.raises(UsageError, match="picture: 16777219 bytes"):
        write_tags(sound("flac"), FULL, large)


@pytest.mark.parametrize("container", CONTAINERS)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_files_end_in_words(
    sounds: Sound, tmp_path: Path, container: str, data: st.DataObject
) -> None:
    whole, path = tmp_path / "whole", tmp_path / "damaged"
    if not whole.exists():
        shutil.copy(sounds(container), whole)
        write_tags(whole, FULL, picture("PNG", 10))
    raw = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, min(len(raw), 3_000) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(raw)), st.integers(0, len(raw))))
    path.write_bytes(raw[:cut])
    said = ""
    try:
        read_tags(path)
    except AudioFileError as error:
        said = str(error)
    assert said.isprintable()


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.wav"
    page.write_text("<html>")
    with pytest.raises(AudioFileError, match="no kind whose tags are known"):
        read_tags(page)
    with pytest.raises(AudioFileError, match="no kind whose tags are known"):
        write_tags(page, FULL)
    with pytest.raises(AudioFileError, match="no such file"):
        write_tags(tmp_path / "none.flac", FULL)
    assert page.read_text() == "<html>"
