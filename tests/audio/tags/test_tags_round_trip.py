"""Every field and picture in every kind of file, as readers that are strangers here see them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import mutagen
import pytest
import soundfile
from mutagen.flac import FLAC
from mutagen.flac import Picture as Block
from tests.audio.tags.conftest import CONTAINERS, FULL, ID3, picture

from mixmaster.audio.tags import ReplayGain, Tags, differences, read_tags, write_tags
from mixmaster.errors import UsageError

Sound = Callable[[str], Path]

ID3_FRAMES = {
    "TIT2": ["Blue Hour"],
    "TPE1": ["Nina Ünï"],
    "TALB": ["Late; Later / Latest"],
    "TPE2": ["Nina & Friends"],
    "TRCK": ["3/12"],
    "TPOS": ["1/2"],
    "TSRC": ["GBAYE6800011"],
    "TXXX:BARCODE": ["5099902894928"],
    "TDRC": ["2026-11-20"],
    "TCON": ["Drum & Bass"],
    "TCOM": ["Lennon/McCartney", "Smith; Jr."],
    "TPUB": ["Night Records"],
    "TXXX:CATALOGNUMBER": ["NR-007"],
    "TCOP": ["2026 Night Records"],
    "TPRO": ["2026 Night Recordings"],
    "TXXX:ITUNESADVISORY": ["1"],
    "TIT3": ["Radio Edit"],
    "COMM::eng": ["one\ntwo"],
    "TXXX:REPLAYGAIN_TRACK_GAIN": ["-6.51 dB"],
    "TXXX:REPLAYGAIN_TRACK_PEAK": ["0.987654"],
    "TXXX:REPLAYGAIN_ALBUM_GAIN": ["-7.25 dB"],
    "TXXX:REPLAYGAIN_ALBUM_PEAK": ["1.012346"],
}
COMMENTS = {
    "title": ["Blue Hour"],
    "artist": ["Nina Ünï"],
    "album": ["Late; Later / Latest"],
    "albumartist": ["Nina & Friends"],
    "tracknumber": ["3"],
    "tracktotal": ["12"],
    "discnumber": ["1"],
    "disctotal": ["2"],
    "isrc": ["GBAYE6800011"],
    "barcode": ["5099902894928"],
    "date": ["2026-11-20"],
    "genre": ["Drum & Bass"],
    "composer": ["Lennon/McCartney", "Smith; Jr."],
    "label": ["Night Records"],
    "catalognumber": ["NR-007"],
    "copyright": ["2026 Night Records"],
    "phonographic": ["2026 Night Recordings"],
    "itunesadvisory": ["1"],
    "version": ["Radio Edit"],
    "comment": ["one\ntwo"],
}
GAINS = {
    "replaygain_track_gain": ["-6.51 dB"],
    "replaygain_track_peak": ["0.987654"],
    "replaygain_album_gain": ["-7.25 dB"],
    "replaygain_album_peak": ["1.012346"],
}
# 256 * (-6.51 - 5) and 256 * (-7.25 - 5): R128 aims 5 dB below ReplayGain (RFC 7845, 5.2.1).
R128 = {"r128_track_gain": ["-2947"], "r128_album_gain": ["-3136"]}
FREE = "----:com.apple.iTunes:"
ATOMS: dict[str, list[Any]] = {
    "\xa9nam": ["Blue Hour"],
    "\xa9ART": ["Nina Ünï"],
    "\xa9alb": ["Late; Later / Latest"],
    "aART": ["Nina & Friends"],
    "trkn": [(3, 12)],
    "disk": [(1, 2)],
    f"{FREE}ISRC": [b"GBAYE6800011"],
    f"{FREE}BARCODE": [b"5099902894928"],
    "\xa9day": ["2026-11-20"],
    "\xa9gen": ["Drum & Bass"],
    "\xa9wrt": ["Lennon/McCartney", "Smith; Jr."],
    f"{FREE}LABEL": [b"Night Records"],
    f"{FREE}CATALOGNUMBER": [b"NR-007"],
    "cprt": ["2026 Night Records"],
    f"{FREE}PHONOGRAPHIC": [b"2026 Night Recordings"],
    "rtng": [1],
    f"{FREE}SUBTITLE": [b"Radio Edit"],
    "\xa9cmt": ["one\ntwo"],
    f"{FREE}REPLAYGAIN_TRACK_GAIN": [b"-6.51 dB"],
    f"{FREE}REPLAYGAIN_TRACK_PEAK": [b"0.987654"],
    f"{FREE}REPLAYGAIN_ALBUM_GAIN": [b"-7.25 dB"],
    f"{FREE}REPLAYGAIN_ALBUM_PEAK": [b"1.012346"],
}


def as_mutagen_reads(path: Path) -> tuple[dict[str, list[Any]], bytes | None]:
    """Return the texts and the picture by mutagen's keys."""
    opened: Any = mutagen.File(path)
    found: dict[str, list[Any]] = {}
    art = None
    if isinstance(opened, FLAC) and opened.pictures:
        art = opened.pictures[0].data
    for key, value in opened.tags.items():
        if key.startswith("APIC"):
            art = value.data
        elif key == "covr":
            art = bytes(value[0])
        elif key == "metadata_block_picture":
            import base64

            block: Any = Block
            art = block(base64.b64decode(value[0])).data
        elif hasattr(value, "text"):
            found[key] = [str(text) for text in value.text]
        else:
            found[key] = [bytes(v) if isinstance(v, bytes) else v for v in value]
    return found, art


@pytest.mark.parametrize("art", [None, "JPEG", "PNG"])
@pytest.mark.parametrize("container", CONTAINERS)
def test_every_field_and_picture(sound: Sound, container: str, art: str | None) -> None:
    path = sound(container)
    cover = None if art is None else picture(art)
    said = write_tags(path, FULL, cover)
    found = read_tags(path)
    assert differences(FULL, found, cover.sha256 if cover else None) == ()
    assert found.tags == said
    if container != "opus":
        assert found.tags == FULL

    wanted = {"alac": ATOMS, "aac": ATOMS, "flac": COMMENTS | GAINS, "vorbis": COMMENTS | GAINS}
    texts, data = as_mutagen_reads(path)
    special = COMMENTS | R128 if container == "opus" else ID3_FRAMES
    for free in ("encoder", f"{FREE}iTunSMPB"):
        texts.pop(free, None)
    assert texts == wanted.get(container, special)
    assert data == (cover.data if cover else None)


@pytest.mark.parametrize("container", CONTAINERS)
def test_ffmpeg_sees_texts_and_the_picture(sound: Sound, container: str) -> None:
    av = pytest.importorskip("av")
    path, cover = sound(container), picture("JPEG", 64)
    write_tags(path, FULL, cover)
    with av.open(str(path)) as opened:
        seen = {**opened.streams.audio[0].metadata, **opened.metadata}
        seen = {name.lower(): text for name, text in seen.items()}
        assert seen["title"] == "Blue Hour"
        assert seen["artist"] == "Nina Ünï"
        assert seen["album"] == "Late; Later / Latest"
        assert seen["album_artist"] == "Nina & Friends"
        assert seen["track"].partition("/")[0] == "3"
        assert seen["date"] == "2026-11-20"
        assert seen["tsrc" if container in ID3 else "isrc"] == "GBAYE6800011"
        (art,) = opened.streams.video
        assert (art.width, art.height) == (64, 64)
        packet = next(opened.demux(art))
        assert hashlib.sha256(bytes(packet)).hexdigest() == cover.sha256
    assert read_tags(path).reader == "mixmaster and FFmpeg"


@pytest.mark.parametrize("container", ["wav", "flac", "vorbis"])
def test_libsndfile_sees_the_title(sound: Sound, container: str) -> None:
    path = sound(container)
    write_tags(path, FULL, picture("PNG"))
    with soundfile.SoundFile(path) as opened:
        assert opened.title == "Blue Hour"
        assert opened.artist == "Nina Ünï"
        assert opened.date == "2026-11-20"


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", [field.name for field in fields(Tags)])
def test_each_field_by_itself(sound: Sound, container: str, name: str) -> None:
    alone = {"tracks": ("track",), "discs": ("disc",)}.get(name, ())
    tags = replace(Tags(), **{key: getattr(FULL, key) for key in (name, *alone)})
    path = sound(container)
    said = write_tags(path, tags)
    assert read_tags(path).tags == said
    assert (said == tags) or container == "opus"
    assert getattr(said, name) is not None


@pytest.mark.parametrize("container", CONTAINERS)
def test_what_was_said_before_is_gone(sound: Sound, container: str) -> None:
    path = sound(container)
    bare = write_tags(path, Tags())
    size = path.stat().st_size
    write_tags(path, FULL, picture("JPEG"))
    assert path.stat().st_size > size + 1_000
    write_tags(path, Tags())
    assert path.stat().st_size == size
    found = read_tags(path)
    assert found.tags == bare == Tags()
    assert found.picture_sha256 is None


def test_opus_carries_no_replay_gain_of_its_own(sound: Sound) -> None:
    path = sound("opus")
    said = write_tags(path, FULL)
    raw = path.read_bytes()
    assert b"R128_TRACK_GAIN=-2947" in raw
    assert b"REPLAYGAIN" not in raw.upper()
    assert said.replay_gain is not None
    assert said.replay_gain.track_gain_db == pytest.approx(-6.51, abs=0.5 / 256)
    assert said.replay_gain.track_peak is None


def test_nothing_is_not_minus_nothing(sound: Sound) -> None:
    path = sound("flac")
    write_tags(path, Tags(replay_gain=ReplayGain(-0.001)))
    assert b"REPLAYGAIN_TRACK_GAIN=0.00 dB" in path.read_bytes()


@pytest.mark.parametrize(("explicit", "number"), [(True, 1), (False, 0)])
def test_explicit_words(sound: Sound, explicit: bool, number: int) -> None:
    path = sound("mp3")
    write_tags(path, Tags(explicit=explicit))
    assert as_mutagen_reads(path)[0] == {"TXXX:ITUNESADVISORY": [str(number)]}
    assert read_tags(path).tags.explicit is explicit


def test_a_wav_file_says_it_in_the_chunks_that_were_asked_for(sound: Sound) -> None:
    path = sound("wav")
    said = write_tags(path, FULL, wav=("info",))
    assert said.title == "Blue Hour"
    assert said.isrc == ""  # INFO's ISRC means source
    assert b"id3 " not in path.read_bytes()
    assert b"GBAYE6800011" not in path.read_bytes()
    assert differences(said, read_tags(path)) == ()
    assert write_tags(path, FULL, wav=()) == Tags()
    assert read_tags(path).tags == Tags()
    with pytest.raises(UsageError, match="holds no picture"):
        write_tags(path, FULL, picture("PNG"), wav=("info",))
