"""What is not as it was meant is named, whoever sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest
from tests.audio.tags.conftest import CONTAINERS, FULL, picture

from mixmaster.audio.tags import (
    ReplayGain,
    Tags,
    differences,
    held,
    read,
    read_tags,
    reading_ffmpeg,
    write_tags,
)
from mixmaster.audio.tags.riff_chunks import set_chunks
from mixmaster.audio.tags.values import View
from mixmaster.errors import UsageError

Sound = Callable[[str], Path]

OTHER = Tags(
    *("Other", "Other", "Other", "Other", 4, 13, 2, 3, "GBAYE6800012", "036000291452", "2025"),
    *("Other", ("Other",), "Other", "Other", "Other", "Other", False, "Other", "Other"),
    ReplayGain(-6.52, 0.987654, -7.25, 1.012346),
)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", [field.name for field in fields(Tags)])
def test_each_field_that_differs_is_named(sound: Sound, container: str, name: str) -> None:
    path = sound(container)
    write_tags(path, FULL)
    found = read_tags(path)
    changed = replace(FULL, **{name: getattr(OTHER, name)})
    (line,) = differences(changed, found)
    assert line.startswith(f"{name}: ")
    left_out = replace(FULL, **{name: getattr(Tags(), name)})
    (line,) = differences(left_out, found)
    assert line.endswith("where nothing is expected")


def test_how_it_is_said(sound: Sound) -> None:
    path = sound("flac")
    write_tags(path, Tags(title="abc\u202egpj.exe", writers=("A", "B"), track=3))
    found = read_tags(path)
    assert differences(Tags(title="x" * 100, writers=("A",), disc=1), found) == (
        f"title: 'abc\\u202egpj.exe' where '{'x' * 40}...' is expected",
        "track: 3 where nothing is expected",
        "disc: nothing where 1 is expected",
        "writers: 'A; B' where 'A' is expected",
    )


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_picture(sound: Sound, container: str) -> None:
    path, cover, other = sound(container), picture("JPEG", 40), picture("JPEG", 41)
    write_tags(path, FULL, cover)
    found = read_tags(path)
    assert found.picture_sha256 == cover.sha256
    assert differences(FULL, found, cover.sha256) == ()
    (line,) = differences(FULL, found, other.sha256)
    assert cover.sha256[:12] in line
    assert other.sha256[:12] in line
    (line,) = differences(FULL, found)
    assert line.endswith("where no picture is expected")
    write_tags(path, FULL)
    (line,) = differences(FULL, read_tags(path), cover.sha256)
    assert line.startswith("picture: no picture where")


def test_one_byte_of_a_picture(sound: Sound) -> None:
    path, cover = sound("mp3"), picture("JPEG")
    write_tags(path, FULL, cover)
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"\xff\xd8\xff") + 200] ^= 1
    path.write_bytes(raw)
    (line,) = differences(FULL, read_tags(path), cover.sha256)
    assert line.startswith("picture: one of SHA-256")


def test_info_that_says_otherwise_than_id3(sound: Sound) -> None:
    path = sound("wav")
    write_tags(path, FULL)
    with path.open("rb+") as file:
        set_chunks(file.fileno(), {b"LIST": b"INFOINAM\x04\0\0\0Old\0"})
    lines = differences(FULL, read_tags(path))
    assert "title: 'Old' where 'Blue Hour' is expected, as RIFF INFO reads it" in lines
    assert any(line.startswith("artist: nothing where") for line in lines)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", [".part", "http:%03d", "caf\udce9", "a\nb?*"])
def test_what_a_file_is_called_does_not_matter(
    sound: Sound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, container: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        path = sound(container).rename(name)
    except OSError:
        pytest.skip("this file system takes no such names")
    cover = picture("PNG", 300)
    write_tags(name, FULL, cover)
    assert differences(FULL, read_tags(name), cover.sha256) == ()
    assert path.exists()


def test_a_reader_that_disagrees_is_named(sound: Sound, monkeypatch: pytest.MonkeyPatch) -> None:
    path, cover = sound("flac"), picture("PNG")
    write_tags(path, FULL, cover)
    other = View("FFmpeg", {"title": "Blue H", "isrc": FULL.isrc}, None, reads_pictures=True)
    monkeypatch.setattr(read, "ffmpeg_view", lambda *_: other)
    title, art = differences(FULL, read_tags(path), cover.sha256)
    assert title == "title: 'Blue H' where 'Blue Hour' is expected, as FFmpeg reads it"
    assert art.startswith(f"picture: no picture where one of SHA-256 {cover.sha256[:12]}")
    assert art.endswith(", as FFmpeg reads it")


@pytest.mark.parametrize("container", CONTAINERS)
def test_what_ffmpeg_is_asked_for(sound: Sound, container: str) -> None:
    pytest.importorskip("av")
    path = sound(container)
    write_tags(path, FULL)
    values = read_tags(path).views[-1].values
    unasked = {"tracks", "discs", "writers", "comment", "explicit", "replay_gain"}
    assert values == {
        field.name: str(getattr(FULL, field.name))
        for field in fields(Tags)
        if field.name not in unasked
    }


def test_without_ffmpeg_the_same_is_read(sound: Sound, monkeypatch: pytest.MonkeyPatch) -> None:
    path, cover = sound("flac"), picture("PNG")
    write_tags(path, FULL, cover)
    with_it = read_tags(path)
    monkeypatch.setattr(reading_ffmpeg, "find_spec", lambda _: None)
    found = read_tags(path)
    assert (found.reader, found.views) == ("mixmaster", ())
    assert (found.tags, found.picture_sha256) == (with_it.tags, cover.sha256)
    assert differences(FULL, found, cover.sha256) == ()


@pytest.mark.parametrize(
    ("kind", "gain", "wanted"),
    [
        # ReplayGain 2.0: two decimals of a gain, six of a peak.
        ("flac", ReplayGain(-6.514, 0.98765432), ReplayGain(-6.51, 0.987654)),
        ("mp3", ReplayGain(-0.001, 1.0, 3.999), ReplayGain(0.0, 1.0, 4.0)),
        # RFC 7845: steps of 1/256 dB from -23 LUFS, which is 5 dB below -18.
        ("opus", ReplayGain(5.0, 0.5, 5.004), ReplayGain(5.0, None, 5.00390625)),
    ],
)
def test_gains_are_rounded_as_they_are_written(
    kind: str, gain: ReplayGain, wanted: ReplayGain
) -> None:
    once = held(kind, Tags(replay_gain=gain))  # type: ignore[arg-type]
    assert once.replay_gain == wanted
    assert held(kind, once) == once  # type: ignore[arg-type]


def test_tags_go_through_json() -> None:
    assert Tags.from_json(json.loads(json.dumps(FULL.to_json()))) == FULL
    assert Tags.from_json({}) == Tags()
    for wrong, reason in (
        ({"titel": "x"}, "there is no field 'titel'"),
        ({"title": 3}, "title is 3"),
        ({"replay_gain": {"gain": 1}}, "these are no tags"),
        ({"writers": 3}, "these are no tags"),
        ({"track": "3"}, "track is '3'"),
    ):
        with pytest.raises(UsageError, match=reason):
            Tags.from_json(wrong)


def test_the_fields_of_this_test_are_all_there_are() -> None:
    for field in fields(Tags):
        assert getattr(FULL, field.name) not in {"", None, ()}
        assert getattr(OTHER, field.name) != getattr(FULL, field.name)
