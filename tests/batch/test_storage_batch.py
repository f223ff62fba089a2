"""Whole batches whose songs and outputs are in a store, by the command line."""

from __future__ import annotations

import glob
import json
from pathlib import Path

import pytest
from tests.batch.cluster_songs import hashes, write_songs

from mixmaster.batch.state.store import FOLDER
from mixmaster.batch.storage.mirror import bring_all
from mixmaster.batch.storage.names import Location
from mixmaster.batch.storage.remote import filesystem
from mixmaster.batch.storage.scratch import Scratch
from mixmaster.cli.app import run
from mixmaster.errors import UsageError


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = tmp_path / "bucket"
    write_songs(made, 2, seconds=1.5)
    return made


def options(bucket: Path, output: str) -> list[str]:
    presets = ["-p", str(bucket / "small.toml"), "-m", str(bucket / "master.toml")]
    return [*presets, "-t", "spotify", "-o", output]


def masters(folder: Path) -> dict[str, str]:
    found = {name: value for name, value in hashes(folder).items() if not name.startswith(FOLDER)}
    found.pop("overview.html", None)
    return found


def test_a_batch_in_a_store_is_that_of_a_folder(
    bucket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(command: str, songs: str, output: str, *more: str) -> tuple[int, str]:
        status = run([command, songs, *options(bucket, output), *more])
        return status, capsys.readouterr().out

    assert call("batch", f"{bucket}/song*", str(tmp_path / "plain"), "-j", "1")[0] == 0
    there, output = f"file://{bucket}/song*", f"file://{bucket}/out"
    assert call("status", there, output)[0] == 1
    status, out = call("batch", there, output, "-j", "1")
    assert status == 0
    assert "2 made" in out
    assert output in out
    assert masters(bucket / "out") == masters(tmp_path / "plain")
    assert call("status", there, output)[0] == 0
    before = (bucket / "out" / "song 0_spotify.flac").stat().st_mtime_ns
    assert "0 made, 2 current" in call("batch", there, output)[1]
    # a jobs document that lies in the store itself, with its presets, means the same
    jobs = (
        'format = 1\nkind = "batch"\nname = "Store"\npreset = "small.toml"\n'
        'masters = ["master.toml"]\ntargets = ["spotify"]\n[[song]]\npath = "song*"\n'
    )
    (bucket / "jobs.toml").write_text(jobs)
    assert run(["batch", f"file://{bucket}/jobs.toml"]) == 0
    assert "0 made, 2 current" in capsys.readouterr().out
    # one song changes, and only that is made again
    (bucket / "song 1" / "Voice.wav").write_bytes((bucket / "song 0" / "Kick.wav").read_bytes())
    assert "1 made, 1 current" in call("batch", there, output, "-j", "1")[1]
    assert (bucket / "out" / "song 0_spotify.flac").stat().st_mtime_ns == before
    # an output is damaged: that is noticed
    damaged = bucket / "out" / "song 0_spotify.flac"
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    status, out = call("status", there, output, "--json")
    states = {each["path"]: each["state"] for each in json.loads(out)["outputs"]}
    assert states == {"song 0_spotify.flac": "stale", "song 1_spotify.flac": "current"}
    for path in (bucket / "out").rglob("*.json"):
        assert str(tmp_path) not in path.read_text()


def test_only_what_has_changed_is_brought(tmp_path: Path) -> None:
    store = filesystem("memory")
    store.store.clear()
    for name in ("a/song.toml", "a/stems/Kick.wav", "b/song.toml", "b/stems/Kick.wav", "loose.wav"):
        store.pipe_file(f"/bucket/songs/{name}", name.encode())
    scratch = Scratch(tmp_path)
    ((pattern,), mirror) = bring_all(["memory://bucket/songs/*/song.toml"], scratch)
    root = Path(pattern).parents[1]
    names = ["a/song.toml", "a/stems/Kick.wav", "b/song.toml", "b/stems/Kick.wav"]
    assert sorted(hashes(root)) == names
    assert mirror.roots == [(str(root), Location.parse("memory://bucket/songs"))]
    before = {name: (root / name).stat() for name in names}
    store.pipe_file("/bucket/songs/a/stems/Kick.wav", b"new")
    store.rm_file("/bucket/songs/b/stems/Kick.wav")
    bring_all(["memory://bucket/songs/*/song.toml", "/local/song.toml"], scratch)
    assert sorted(hashes(root)) == names[:3]
    assert (root / "a/stems/Kick.wav").read_bytes() == b"new"
    assert (root / "a/song.toml").stat() == before["a/song.toml"]
    with pytest.raises(UsageError, match="nothing is there"):
        bring_all(["memory://bucket/none/*"], scratch)
    store.store.clear()


@pytest.mark.parametrize(
    ("address", "brought"),
    [
        ("songs/a/song.toml", ["song.toml", "stems/Kick.wav"]),
        ("songs/a", ["song.toml", "stems/Kick.wav"]),
        ("loose.wav", ["loose.wav"]),
        ("*.wav", ["loose.wav", "other.wav"]),
        ("songs/*", ["a/song.toml", "a/stems/Kick.wav", "b/Kick.wav"]),
    ],
)
def test_what_an_address_means(tmp_path: Path, address: str, brought: list[str]) -> None:
    store = filesystem("memory")
    store.store.clear()
    for name in ("songs/a/song.toml", "songs/a/stems/Kick.wav", "songs/b/Kick.wav"):
        store.pipe_file(f"/bucket/{name}", b"x")
    for name in ("loose.wav", "other.wav"):
        store.pipe_file(f"/bucket/{name}", b"x")
    ((pattern,), mirror) = bring_all([f"memory://bucket/{address}"], Scratch(tmp_path))
    ((root, at),) = mirror.roots
    assert sorted(hashes(Path(root))) == brought
    assert glob.glob(pattern)  # noqa: PTH207 - as the batch will look for them
    for name in brought:
        assert store.exists(at.child(name).path)
    store.store.clear()


def test_what_ends_with_the_process_is_no_place_for_outputs(
    bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["batch", f"{bucket}/song*", *options(bucket, "memory://bucket/out")]) == 2
    assert "gone with this process" in capsys.readouterr().err
    secret = "s3://AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI@bucket/out"
    assert run(["batch", f"{bucket}/song*", *options(bucket, secret)]) == 2
    said = capsys.readouterr().err
    assert "AWS_PROFILE" in said
    assert "wJalr" not in said
