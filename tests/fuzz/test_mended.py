"""What the hunt has found and what files need not be kept for: each is an error for users now."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fuzz.folders import folder
from tests.fuzz.sounds import signal

from mixmaster.audio.formats import FileSpec
from mixmaster.audio.sink import open_sink
from mixmaster.audio.source import content_hash
from mixmaster.comparing.choice import choose
from mixmaster.documents.finding import find_preset, from_home
from mixmaster.documents.loading import load_text
from mixmaster.documents.writing import to_toml
from mixmaster.engine.hashing import hash_once
from mixmaster.engine.recorded import read_manifest
from mixmaster.errors import AudioFileError, DocumentError, UsageError
from mixmaster.mastering.profile_building import build_profile, measure_track
from mixmaster.mixing.recall.recall import plan_again
from mixmaster.mixing.sessions.session import Session

SESSION = 'format = 1\nkind = "session"\ntitle = "A"\npreset = "flat"\nstems = ["s"]\n'


@pytest.mark.parametrize("number", ["1" * 5_000, "0x" + "f" * 5_000, str(2**63), str(-(2**63) - 1)])
def test_numbers_beyond_those_of_toml_are_refused(number: str) -> None:
    with pytest.raises(DocumentError, match="beyond 64 bits"):
        load_text(Session, f"{SESSION}set.mix.gain_db = {number}\n")


@pytest.mark.parametrize("number", ["1" * 5_000, "0x" + "f" * 5_000, "[9223372036854775808]"])
def test_nor_are_they_laid_over_documents(number: str) -> None:
    with pytest.raises(UsageError, match="beyond 64 bits"):
        load_text(Session, SESSION, overrides=[f"tempo_bpm={number}"])


def test_times_and_dates_are_written_out_as_they_were_read() -> None:
    text = f"{SESSION}[set]\na = 10:20:30\nb = 2026-11-20\nc = 2026-11-20T10:00:00+01:00\n"
    session = load_text(Session, text)
    assert load_text(Session, to_toml(session)) == session


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero")
def test_a_manifest_without_end_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "mix.wav.json"
    path.symlink_to("/dev/zero")
    with pytest.raises(DocumentError, match="no file"):
        read_manifest(path)


def test_a_manifest_with_more_stems_than_inputs_is_refused(tmp_path: Path) -> None:
    for name, data in folder("masters").items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    path = tmp_path / "mix.wav.json"
    table = json.loads(path.read_text("utf-8"))
    strips = table["settings"]["strips"]
    strips[next(iter(strips))] *= 100
    path.write_text(json.dumps(table), "utf-8")
    with pytest.raises(DocumentError, match="more stems than it has inputs"):
        plan_again(read_manifest(path))


@pytest.mark.parametrize("name", ["~nobody-of-that-name/x.toml", "~nobody-of-that-name"])
def test_the_home_of_nobody_is_a_name_like_another(name: str) -> None:
    assert from_home(name) == Path(name)
    with pytest.raises(DocumentError, match="nobody-of-that-name"):
        find_preset("mastering", name)


@pytest.mark.parametrize(("gain", "key"), [(1e5, "true_peak_dbtp"), (0.02, "integrated_lufs")])
def test_references_that_no_profile_can_be_made_of_are_named(
    tmp_path: Path, gain: float, key: str
) -> None:
    path = tmp_path / "a.wav"
    with open_sink(path, FileSpec("wav", 32, 48_000, 2)) as sink:
        sink.write(gain * signal(48_000, 2, 2.0))
    with pytest.raises(AudioFileError, match=rf"a\.wav: no profile .*{key}"):
        build_profile([measure_track(path)], name="A")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero")
@pytest.mark.parametrize("hashed", [hash_once, content_hash])
def test_what_has_no_end_is_not_hashed(tmp_path: Path, hashed: Callable[[Path], str]) -> None:
    (tmp_path / "zero.flac").symlink_to("/dev/zero")
    with pytest.raises(AudioFileError, match="device"):
        hashed(tmp_path / "zero.flac")
    os.mkfifo(tmp_path / "pipe.flac")
    with pytest.raises(AudioFileError, match="pipe"):
        hashed(tmp_path / "pipe.flac")


@pytest.mark.parametrize("key", ["command", "preset_toml", "preset_file"])
def test_a_session_that_lacks_what_is_chosen_is_told_and_nothing_written(
    tmp_path: Path, key: str
) -> None:
    path = tmp_path / "mixmaster-ab.json"
    table = json.loads(folder("ab")[path.name])
    (version,) = [each for each in table["session"]["versions"] if each["recipe"]]
    version["recipe"][key] = None
    path.write_text(json.dumps(table), "utf-8")
    with pytest.raises(DocumentError, match=f"'{key}' is no text"):
        choose(tmp_path, version["name"])
    assert list(tmp_path.iterdir()) == [path]
