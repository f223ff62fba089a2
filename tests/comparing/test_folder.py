"""The folder: rendered once, updated in place, and nothing of anybody else's is touched."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.comparing import run as run_module
from mixmaster.comparing.folder import MANIFEST, read_session
from mixmaster.comparing.run import CompareRun
from mixmaster.errors import OutputError, RefusedError, UsageError
from mixmaster.mastering.run import load_preset, load_target, master
from mixmaster.pages.ab.data import AbSession

MakeSong = Callable[..., Block]
Write = Callable[..., Path]
Compare = Callable[..., CompareRun]

PRESET = """format = 1
kind = "mastering"
name = "Mine"
input_lufs = -18.0
integrated_lufs = {lufs}
[[insert]]
effect = "eq"
bands = [{{ shape = "low_shelf", frequency_hz = 100.0, gain_db = {gain_db} }}]
[[insert]]
effect = "limiter"
"""


def make_preset(path: Path, *, lufs: float = -16.0, gain_db: float = 1.0) -> str:
    path.write_text(PRESET.format(lufs=lufs, gain_db=gain_db))
    return str(path)


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_size)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_only_what_changed_is_rendered_again(
    song: MakeSong, write: Write, ab: Compare, tmp_path: Path
) -> None:
    mix = write(song(3.0), "mix.wav")
    presets = tuple(
        make_preset(tmp_path / f"{name}.toml", gain_db=gain)
        for name, gain in (("one", 1.0), ("two", 2.0), ("three", 3.0))
    )
    first = ab(mix, presets=presets)
    assert first.rendered == ("one", "two", "three")
    before = listing(first.folder)
    again = ab(mix, presets=presets)
    assert again.rendered == again.written == ()
    assert again.session == first.session
    kept = {name for name in before if name.startswith(("audio/", "masters/"))}
    after = listing(again.folder)
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    # Neither a file's time nor a preset's name or comments count, but its values do.
    os.utime(mix, (1, 1))
    Path(presets[0]).write_text(Path(presets[0]).read_text().replace('"Mine"', '"Other"') + "#\n")
    make_preset(Path(presets[1]), gain_db=-2.0)
    changed = ab(mix, presets=presets)
    assert changed.rendered == ("two",)
    assert [v.name for v in changed.session.versions] == ["one", "two", "three"]
    # What nobody needs any more is gone; everything that is there is in the manifest.
    listed = set(json.loads((changed.folder / MANIFEST).read_text())["files"]) | {MANIFEST}
    assert set(listing(changed.folder)) == listed
    names = [Path(v.original.file).name for v in changed.session.versions]
    assert sum(name.startswith("masters/") for name in listed) == 2 * len(names)


def test_a_changed_mix_is_rendered_again(
    song: MakeSong, write: Write, ab: Compare, tmp_path: Path
) -> None:
    signal = song(2.0)
    mix = write(signal, "mix.wav")
    presets = (make_preset(tmp_path / "a.toml"), make_preset(tmp_path / "b.toml", lufs=-18.0))
    first = ab(mix, presets=presets)
    stamp = mix.stat()
    write(signal * 0.9, "mix.wav")
    os.utime(mix, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    second = ab(mix, presets=presets)
    assert second.rendered == ("a", "b")
    assert second.session.id != first.session.id


def test_a_master_that_was_tampered_with_is_rendered_again(
    song: MakeSong, write: Write, ab: Compare, tmp_path: Path
) -> None:
    mix = write(song(2.0), "mix.wav")
    presets = (make_preset(tmp_path / "a.toml"), make_preset(tmp_path / "b.toml", lufs=-18.0))
    first = ab(mix, presets=presets)
    victim = first.folder / "masters" / first.session.versions[0].original.file
    good = victim.read_bytes()
    victim.write_bytes(good[:-100])
    with pytest.raises(OutputError, match="no manifest beside it"):
        ab(mix, presets=presets)
    assert ab(mix, presets=presets, overwrite=True).rendered == ("a",)
    assert victim.read_bytes() == good


def test_masters_are_those_of_the_recipe(
    song: MakeSong, write: Write, ab: Compare, tmp_path: Path
) -> None:
    mix = write(0.5 * np.tanh(6.0 * song(2.5)), "mix.wav")
    run = ab(mix, presets=("warm", "transparent"))
    version = run.session.versions[0]
    assert version.recipe is not None
    preset = tmp_path / version.recipe.preset_file
    preset.write_text(version.recipe.preset_toml)
    assert (
        version.recipe.command
        == f"mixmaster master mix.wav -p {preset.name} -t streaming -o masters/"
    )
    master(mix, load_preset(str(preset)), [load_target("streaming")], tmp_path / "again.wav")
    here = (run.folder / "masters" / version.original.file).read_bytes()
    assert (tmp_path / "again.wav").read_bytes() == here


def test_levels_follow_when_a_quieter_version_comes(
    song: MakeSong, write: Write, ab: Compare
) -> None:
    signal = song(3.0)
    one, two = write(signal, "a.wav"), write(signal * 0.5, "b.wav")
    ab(one, two)
    run = ab(one, two, write(signal * 0.25, "c.wav"))
    assert run.written == ("a", "b", "c")
    assert [v.gain_db for v in run.session.versions] == pytest.approx([-12.04, -6.02, 0], abs=0.11)
    assert ab(one, two).written == ("a", "b")


def test_a_hundredth_of_a_db_does_not_move_the_others(
    song: MakeSong, write: Write, ab: Compare
) -> None:
    signal = song(3.0)
    quiet = ab(write(signal, "a.wav"), write(signal * 0.5, "b.wav"), folder="first").session
    lufs = quiet.versions[1].original.integrated_lufs
    assert lufs is not None
    signal *= 10 ** ((-30.05 - lufs) / 20)  # in the middle of a tenth
    one = write(signal, "a.wav")
    ab(one, write(signal * 0.5, "b.wav"))
    assert ab(one, write(signal * 0.4995, "b.wav")).written == ("b",)


def test_strangers_files_stay(song: MakeSong, write: Write, ab: Compare, tmp_path: Path) -> None:
    signal = song(2.0)
    files = (write(signal, "a.wav"), write(signal * 0.5, "b.wav"))
    folder = tmp_path / "ab"
    folder.mkdir()
    (folder / "index.html").write_text("mine")
    (folder / "notes.txt").write_text("mine, too")
    with pytest.raises(OutputError, match="not made by mixmaster"):
        ab(*files)
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "notes.txt"]
    ab(*files, overwrite=True)
    assert (folder / "notes.txt").read_text() == "mine, too"
    assert "mixmaster" in (folder / "index.html").read_text()
    (folder / "audio" / "holiday.flac").write_bytes(b"mine")
    ab(*files, sample_rate_hz=48_000)
    assert (folder / "audio" / "holiday.flac").read_bytes() == b"mine"


def test_a_file_or_a_strangers_manifest_is_no_folder_of_ours(
    song: MakeSong, write: Write, ab: Compare, tmp_path: Path
) -> None:
    signal = song(1.0)
    files = (write(signal, "a.wav"), write(signal * 0.5, "b.wav"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="it is a file"):
        ab(*files, folder="file")
    (tmp_path / "other").mkdir()
    for text in ("[" * 100_000, "{}", '{"schema": "mixmaster/ab-manifest/1", "files": 3}'):
        (tmp_path / "other" / MANIFEST).write_text(text)
        with pytest.raises(OutputError, match="no manifest of an A/B"):
            ab(*files, folder="other")
        with pytest.raises(UsageError, match="no A/B folder"):
            read_session(tmp_path / "other")


def test_a_hostile_manifest_removes_nothing_outside(
    song: MakeSong, write: Write, ab: Compare, tmp_path: Path
) -> None:
    signal = song(1.0)
    files = (write(signal, "a.wav"), write(signal * 0.5, "b.wav"))
    run = ab(*files)
    manifest = json.loads((run.folder / MANIFEST).read_text())
    sha256 = manifest["files"][run.session.versions[0].audio.file]
    precious = tmp_path / "precious.flac"
    precious.write_bytes((run.folder / run.session.versions[0].audio.file).read_bytes())
    manifest["files"]["../precious.flac"] = sha256
    manifest["files"][str(precious)] = sha256
    (run.folder / MANIFEST).write_text(json.dumps(manifest))
    ab(*files)
    assert precious.exists()


def test_what_goes_wrong_leaves_everything_as_it_was(
    song: MakeSong,
    write: Write,
    ab: Compare,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    signal = song(2.0)
    mix = write(signal, "mix.wav")
    first = make_preset(tmp_path / "a.toml")

    def interrupted(session: AbSession, folder: Path) -> None:
        # The page has begun to write its pieces of audio.
        for version in session.versions:
            piece = (folder / version.audio.file).with_suffix("")
            piece.with_name(f"{piece.name}-0.js").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run_module, "write_ab_page", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ab(mix, presets=(first, "transparent"))
    assert not (tmp_path / "ab").exists()
    run = ab(mix, presets=(first, "transparent"))
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    with monkeypatch.context() as patch:
        patch.setattr(run_module, "write_ab_page", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ab(mix, presets=(first, "transparent", "warm"))
    after = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    assert after == before


def test_a_refused_preset_leaves_the_others(
    song: MakeSong, write: Write, ab: Compare, tmp_path: Path
) -> None:
    mix = write(song(2.0), "mix.wav")
    target = tmp_path / "impossible.toml"
    target.write_text(
        'format = 1\nkind = "target"\nname = "Loud"\nintegrated_lufs = -16.0\n'
        "true_peak_dbtp = -1.0\n"
    )
    limited = make_preset(tmp_path / "limited.toml")
    bare = tmp_path / "bare.toml"
    bare.write_text('format = 1\nkind = "mastering"\nname = "Bare"\n')
    run = ab(mix, presets=(limited, str(bare)), target=str(target), original=True)
    assert [v.name for v in run.session.versions] == ["limited", "mix"]
    assert [error.where for error in run.refused] == ["bare"]
    assert run.exit_code == 1
    with pytest.raises(RefusedError, match="without a limiter"):
        ab(mix, presets=(limited, str(bare)), target=str(target), folder="other")
    assert not (tmp_path / "other").exists()


def test_the_bytes_do_not_depend_on_threads(song: MakeSong, write: Write, ab: Compare) -> None:
    signal = song(2.0)
    files = (write(signal, "a.wav"), write(np.tanh(3 * signal), "b.wav"))
    sessions = [ab(*files, folder=str(n), threads=n).session for n in (1, 3)]
    assert sessions[0] == sessions[1]
