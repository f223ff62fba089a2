"""``release`` as a user meets it: plan, build, check, statuses, JSON, and Ctrl-C at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.release.albums import album, contents, song


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A document and its release; tests copy what they damage."""
    from mixmaster.cli.app import run

    folder = tmp_path_factory.mktemp("album")
    document = album(folder)
    assert run(["release", str(document), "-o", str(folder / "release")]) == 0
    return document, folder / "release"


@pytest.fixture
def copy(released: tuple[Path, Path], tmp_path: Path) -> Path:
    import shutil

    shutil.copytree(released[1], tmp_path / "copy")
    return tmp_path / "copy"


class TestPlan:
    def test_a_dry_run_shows_every_file_and_writes_nothing(
        self, tmp_path: Path, mixmaster: Any
    ) -> None:
        document = album(tmp_path, targets='"store.toml", "cd", "download-mp3"')
        before = contents(tmp_path)
        done = mixmaster("release", document, "--dry-run", "--json")
        assert done.status == 0, done.err
        places = [file["place"] for target in done.json["targets"] for file in target["files"]]
        assert places == [
            "store/01 Nobody - One.flac",
            "store/02 Nobody - Two.flac",
            "download-mp3/01 Nobody - One.mp3",
            "download-mp3/02 Nobody - Two.mp3",
        ]
        assert done.json["bytes_at_most"] > 10 * 2 * 44_100 * 2 * 2  # the disc, twice
        table = mixmaster("release", document, "--dry-run")
        assert "WAV and CUE, DDP 2.00" in table.out
        assert contents(tmp_path) == before

    def test_a_document_with_mistakes_is_status_2_and_names_all(
        self, tmp_path: Path, mixmaster: Any
    ) -> None:
        document = album(tmp_path, targets='"store.toml", "nowhere"')
        text = document.read_text().replace("036000291452", "036000291459")
        document.write_text(text.replace('"one.wav"', '"gone.wav"'))
        done = mixmaster("release", document, "-o", tmp_path / "out", "--json")
        assert done.status == 2
        keys = [problem["key"] for problem in done.json["problems"]]
        assert {"targets.2", "upc", "track.1.mix"} <= set(keys)
        assert not (tmp_path / "out").exists()

    def test_an_encoder_that_is_missing_is_said_before_any_work(
        self, tmp_path: Path, mixmaster: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        document = album(tmp_path, targets='"download-aac"')
        monkeypatch.setattr("mixmaster.audio.formats.find_spec", lambda name: None)
        done = mixmaster("release", document, "-o", tmp_path / "out")
        assert done.status == 2
        assert "mixmaster[codecs]" in done.err
        assert not (tmp_path / "out").exists()

    def test_without_an_output_or_with_a_wrong_word(self, tmp_path: Path, mixmaster: Any) -> None:
        assert "--output" in mixmaster("release", album(tmp_path)).err
        wrong = mixmaster("release", "chek", tmp_path)
        assert wrong.status == 2
        assert "did you mean 'check'?" in wrong.err


class TestCheck:
    def test_what_was_released_is_status_0(
        self, released: tuple[Path, Path], mixmaster: Any
    ) -> None:
        done = mixmaster("release", "check", released[1], "--json")
        assert done.status == 0
        assert done.json["passes"] is True

    @pytest.mark.parametrize("damage", ["cut", "swap", "edit", "gone", "more"])
    def test_damage_is_status_1_and_named(self, copy: Path, mixmaster: Any, damage: str) -> None:
        one, two = sorted((copy / "store").glob("*.flac"))
        data = one.read_bytes()
        if damage == "cut":
            one.write_bytes(data[: len(data) // 2])
        elif damage == "swap":
            one.write_bytes(two.read_bytes())
            two.write_bytes(data)
        elif damage == "edit":
            one.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        elif damage == "gone":
            one.unlink()
        else:
            (copy / "store" / "take 2.wav").write_bytes(b"?")
        done = mixmaster("release", "check", copy)
        assert done.status == 1
        named = "take 2.wav" if damage == "more" else one.name
        assert named in done.err

    def test_a_folder_of_something_else_is_status_2(self, tmp_path: Path, mixmaster: Any) -> None:
        done = mixmaster("release", "check", tmp_path)
        assert done.status == 2
        assert "there is no record of a release" in done.err


class TestRefused:
    def test_a_refusal_is_status_1_with_figures(self, tmp_path: Path, mixmaster: Any) -> None:
        document = album(
            tmp_path,
            tracks='[[track]]\nmaster = "quiet.wav"\ntitle = "Quiet"\n',
            targets='"ebu-r128"',
        )
        song(tmp_path / "quiet.wav", -20.0, 3)
        done = mixmaster("release", document, "-o", tmp_path / "out", "--json")
        assert done.status == 1
        assert done.json["published"] is False
        assert done.json["refused"][0]["figures"]["wanted_lufs"] == -23.0
        assert "nothing was released" in done.err
        assert not (tmp_path / "out").exists()


class TestInit:
    def test_a_document_to_begin_with_has_the_titles_of_the_files(
        self, tmp_path: Path, mixmaster: Any
    ) -> None:
        song(tmp_path / "mixes" / "02_Blue Hour_final mix.wav", 0.0, 1, seconds=1.0)
        song(tmp_path / "mixes" / '01 - "Quoted" Song.wav', 0.0, 1, seconds=1.0)
        document = tmp_path / "album.toml"
        assert mixmaster("release", "init", tmp_path / "mixes", "-o", document).status == 0
        found = tomllib.loads(document.read_text())
        assert [t["title"] for t in found["track"]] == ['"Quoted" Song', "Blue Hour"]
        assert all((tmp_path / track["mix"]).is_file() for track in found["track"])
        assert mixmaster("release", "init", tmp_path / "mixes", "-o", document).status == 2
        assert mixmaster("release", document, "--dry-run", "--draft").status == 0

    def test_a_releases_signature_can_be_matched(
        self, released: tuple[Path, Path], tmp_path: Path, mixmaster: Any
    ) -> None:
        saved = mixmaster("release", "signature", released[1], "-o", tmp_path / "ours.toml")
        assert saved.status == 0, saved.err
        document = released[0].with_name("next.toml")
        document.write_text(
            released[0].read_text() + f'[cohere]\nsignature = "{tmp_path / "ours.toml"}"\n'
        )
        done = mixmaster("release", document, "-o", tmp_path / "out", "--json")
        assert done.status == 0, done.err
        levels = json.loads((tmp_path / "out" / "release.json").read_text())
        assert levels["coherence"]["coherence"]["reference"]["kind"] == "signature"


STRIKE = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
import {module} as owner
place = owner
*path, name = {name!r}.split(".")
for part in path:
    place = getattr(place, part)
real, seen = getattr(place, name), [0]
def struck(*arguments, **settings):
    seen[0] += 1
    if seen[0] == {calls}:
        os.kill(os.getpid(), signal.SIGINT)
    return real(*arguments, **settings)
setattr(place, name, struck)
from mixmaster.cli import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("module", "name", "calls"),
    [
        ("mixmaster.metering.programme", "ProgrammeMeter.update", 2),
        ("mixmaster.audio.sink", "AudioSink.write", 3),
        ("mixmaster.release.built", "prove_files", 1),
        ("mixmaster.release.publishing.folder", "os.fsync", 2),
    ],
)
def test_ctrl_c_leaves_the_old_release_whole(
    copy: Path, tmp_path: Path, module: str, name: str, calls: int
) -> None:
    code = STRIKE.format(module=module, name=name, calls=calls)
    document = album(tmp_path)
    song(tmp_path / "two.wav", -3.0, 7)  # another mix: something is to be done
    before = contents(copy)
    done = subprocess.run(
        [sys.executable, "-c", code, "release", str(document), "-o", str(copy)],
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert b"Traceback" not in done.stderr
    assert contents(copy) == before
    assert not list(tmp_path.glob("mixmaster-*"))


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_signal_while_everything_changes_places_waits_until_it_is_over(
    copy: Path, tmp_path: Path, mixmaster: Any
) -> None:
    document = album(tmp_path)
    song(tmp_path / "two.wav", -3.0, 7)
    before = contents(copy)
    code = STRIKE.format(module="mixmaster.release.publishing.folder", name="rename", calls=4)
    done = subprocess.run(
        [sys.executable, "-c", code, "release", str(document), "-o", str(copy)],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert mixmaster("release", "check", copy).status == 0
    assert contents(copy) != before  # the new one is there, whole
