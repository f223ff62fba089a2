"""A file is there whole, with its manifest, or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.audio.source import probe
from mixmaster.engine import manifest as manifests
from mixmaster.engine.outputs import inside, refuse_inputs, require_space
from mixmaster.engine.publish import (
    Publication,
    check_writable,
    is_ours,
    manifest_path,
    remove_partials,
)
from mixmaster.errors import OutputError

MANIFEST = {"format": 1, "schema": "mixmaster/manifest/1", "kind": "test"}


def publish(path: Path, content: bytes = b"audio", *, overwrite: bool = False) -> None:
    with Publication(path, overwrite=overwrite) as out:
        out.part.write_bytes(content)
        out.commit(MANIFEST)


def left(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def test_a_file_and_its_manifest_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out" / "deep" / "song.wav"
    with Publication(target) as out:
        out.part.write_bytes(b"audio")
        assert out.part.parent == target.parent
        assert out.part.name.startswith(".")
        assert out.part.suffix == ".wav"
        assert not target.exists()
        returned = out.commit(MANIFEST, verify=lambda part: {"bytes": part.stat().st_size})
    assert left(target.parent) == ["song.wav", "song.wav.json"]
    assert target.read_bytes() == b"audio"
    assert returned == manifest_path(target) == target.parent / "song.wav.json"
    assert json.loads(returned.read_text()) == {
        **MANIFEST,
        "figures": {"bytes": 5},
        "file": "song.wav",
        "sha256": hashlib.sha256(b"audio").hexdigest(),
    }
    assert is_ours(target)


def test_without_commit_every_trace_is_removed(tmp_path: Path) -> None:
    with Publication(tmp_path / "new" / "folders" / "a.wav") as out:
        out.part.write_bytes(b"half")
    assert left(tmp_path) == []

    def interrupted() -> None:
        with Publication(tmp_path / "new" / "a.wav") as out:
            out.part.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert left(tmp_path) == []


def test_folders_that_someone_used_meanwhile_stay(tmp_path: Path) -> None:
    with Publication(tmp_path / "new" / "a.wav"):
        (tmp_path / "new" / "theirs.txt").write_text("x")
    assert left(tmp_path) == ["new", "new/theirs.txt"]


def test_a_failed_check_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.wav"
    publish(target, b"old")
    before = manifest_path(target).read_bytes()

    def too_loud(part: Path) -> None:
        raise OutputError(str(part), "too loud")

    def fail() -> None:
        with Publication(target) as out:
            out.part.write_bytes(b"new")
            out.commit(MANIFEST, verify=too_loud)

    with pytest.raises(OutputError, match="too loud"):
        fail()
    assert left(tmp_path) == ["a.wav", "a.wav.json"]
    assert target.read_bytes() == b"old"
    assert manifest_path(target).read_bytes() == before


def test_ours_is_replaced_and_a_strangers_is_not(tmp_path: Path) -> None:
    target = tmp_path / "a.wav"
    publish(target, b"one")
    publish(target, b"two")
    assert target.read_bytes() == b"two"
    assert is_ours(target)

    target.write_bytes(b"edited by hand")
    assert not is_ours(target)
    with pytest.raises(OutputError, match=r"a\.wav.*exists.*--overwrite"):
        publish(target, b"three")
    assert target.read_bytes() == b"edited by hand"
    publish(target, b"three", overwrite=True)
    assert target.read_bytes() == b"three"
    assert is_ours(target)


def test_a_file_without_a_manifest_or_with_a_strangers_is_not_ours(tmp_path: Path) -> None:
    target = tmp_path / "a.wav"
    target.write_bytes(b"x")
    sha256 = hashlib.sha256(b"x").hexdigest()
    for text in (
        None,
        "no json",
        "[1]",
        json.dumps({"sha256": sha256}),
        json.dumps({"sha256": sha256, "schema": "other/1"}),
        "[" * 100_000,
    ):
        if text is not None:
            manifest_path(target).write_text(text)
        assert not is_ours(target)
        with pytest.raises(OutputError):
            publish(target)
    manifest_path(target).write_text(json.dumps({"sha256": sha256, **MANIFEST}))
    assert is_ours(target)


def test_a_strangers_json_where_the_manifest_would_lie_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "a.wav"
    manifest_path(target).write_text('{"mine": 1}')
    with pytest.raises(OutputError, match=r"a\.wav\.json"):
        publish(target)
    assert left(tmp_path) == ["a.wav.json"]
    publish(target, overwrite=True)
    assert is_ours(target)


def test_a_strangers_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "a.wav"

    def race() -> None:
        with Publication(target) as out:
            out.part.write_bytes(b"ours")
            target.write_bytes(b"theirs")
            out.commit(MANIFEST)

    with pytest.raises(OutputError, match="exists"):
        race()
    assert left(tmp_path) == ["a.wav"]
    assert target.read_bytes() == b"theirs"


def test_an_output_that_is_an_input_is_refused_by_whatever_name(tmp_path: Path) -> None:
    source = tmp_path / "in.wav"
    source.write_bytes(b"x")
    (tmp_path / "hard.wav").hardlink_to(source)
    (tmp_path / "soft.wav").symlink_to("in.wav")
    for name in ("in.wav", "hard.wav", "soft.wav", "../" + tmp_path.name + "/in.wav"):
        with pytest.raises(OutputError, match="also an input"):
            refuse_inputs(tmp_path / name, [tmp_path / "other.wav", source])
        with (
            pytest.raises(OutputError, match="also an input"),
            Publication(tmp_path / name, overwrite=True, inputs=[source]),
        ):
            pass
    refuse_inputs(tmp_path / "new.wav", [source])
    assert source.read_bytes() == b"x"
    assert left(tmp_path) == ["hard.wav", "in.wav", "soft.wav"]


def test_targets_that_cannot_be_are_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "file").write_text("x")
    for target, words in (
        (tmp_path / "folder.wav", "it is a folder"),
        (tmp_path / "file" / "a.wav", "not a folder"),
        (tmp_path / "file" / "sub" / "a.wav", "cannot be written"),
        (tmp_path / ("x" * 260 + ".wav"), "too long"),
        (tmp_path / "a\0b.wav", "no file name"),
        (tmp_path / ("é" * 130 + ".wav"), "too long"),
    ):
        with pytest.raises(OutputError, match=words):
            check_writable(target)
        with pytest.raises(OutputError, match=words):
            check_writable(target, overwrite=True)
    assert left(tmp_path) == ["file", "folder.wav"]


def test_check_writable_leaves_no_trace(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b" / "c.wav")
    assert left(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OutputError, match=os.strerror(number)) as caught:
        check_writable(tmp_path / "new" / "a.wav")
    assert caught.value.hint
    monkeypatch.undo()
    assert left(tmp_path) == []


def test_a_disk_that_fills_with_the_manifest_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.wav"
    publish(target, b"old")

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OutputError, match="No space left"):
        publish(target, b"new")
    assert left(tmp_path) == ["a.wav", "a.wav.json"]
    assert target.read_bytes() == b"old"
    assert is_ours(target)


def test_the_umask_decides_about_the_mode(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        publish(tmp_path / "a.wav")
    finally:
        os.umask(old)
    for name in ("a.wav", "a.wav.json"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    "name",
    [b"--help.wav", b"$(x).wav", b"two\nlines.wav", b"caf\xe9.wav", b"x" * 246 + b".wav", b"noext"],
)
def test_any_name_can_be_published(tmp_path: Path, name: bytes) -> None:
    target = tmp_path / os.fsdecode(name)
    publish(target)
    publish(target)
    assert is_ours(target)
    assert json.loads(manifest_path(target).read_bytes())["file"] == os.fsdecode(name)
    assert len(left(tmp_path)) == 2


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.wav").write_bytes(b"keep")
    (tmp_path / "a.wav").symlink_to("elsewhere.wav")
    with pytest.raises(OutputError, match="exists"):
        publish(tmp_path / "a.wav")
    publish(tmp_path / "a.wav", b"new", overwrite=True)
    assert (tmp_path / "elsewhere.wav").read_bytes() == b"keep"
    assert not (tmp_path / "a.wav").is_symlink()
    (tmp_path / "b.wav").symlink_to("nothing")
    with pytest.raises(OutputError, match="exists"):
        publish(tmp_path / "b.wav")


def test_remove_partials_removes_what_is_being_written_and_no_more(tmp_path: Path) -> None:
    publish(tmp_path / "done.wav")
    with Publication(tmp_path / "a.wav") as one, Publication(tmp_path / "b.wav") as two:
        assert one.part.exists()
        assert two.part.exists()
        remove_partials()
        assert left(tmp_path) == ["done.wav", "done.wav.json"]
    assert left(tmp_path) == ["done.wav", "done.wav.json"]


WRITER = textwrap.dedent(
    """
    import signal, sys, time
    from pathlib import Path
    from mixmaster.engine.publish import Publication, remove_partials

    def stop(number, frame):
        remove_partials()
        raise SystemExit(143)

    signal.signal(signal.SIGTERM, stop)
    with Publication(Path(sys.argv[1])) as out:
        out.part.write_bytes(b"half")
        print("writing", flush=True)
        time.sleep(60)
    """
)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_a_process_that_is_ended_half_way_leaves_no_target(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    target = tmp_path / "a.wav"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"writing\n"
        assert len(left(tmp_path)) == 1
        process.send_signal(number)
        assert process.wait(30) == status
    assert not target.exists()
    assert not manifest_path(target).exists()
    if number == signal.SIGTERM:
        assert left(tmp_path) == []
    publish(target)  # what is left of a killed one is in nobody's way
    assert is_ours(target)


PUBLISHER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from mixmaster.engine.publish import Publication
    from mixmaster.errors import OutputError

    for number in range(25):
        with Publication(Path(sys.argv[1]), overwrite=True) as out:
            out.part.write_bytes((sys.argv[2] * 1000 + str(number)).encode())
            out.commit({"schema": "mixmaster/manifest/1"})
    """
)


def test_two_processes_publishing_one_target_end_with_a_pair_that_fits(tmp_path: Path) -> None:
    target = tmp_path / "a.wav"
    both = [subprocess.Popen([sys.executable, "-c", PUBLISHER, str(target), who]) for who in "AB"]
    try:
        deadline = time.monotonic() + 60
        for process in both:
            assert process.wait(deadline - time.monotonic()) == 0
    finally:
        for process in both:
            process.kill()
            process.wait()
    assert left(tmp_path) == ["a.wav", "a.wav.json"]
    assert is_ours(target)


def test_the_folder_is_locked_while_the_pair_changes_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace
    replaced: list[str] = []

    def replace(self: Path, target: Path) -> Path:
        handle = os.open(tmp_path, os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(handle)
        replaced.append(target.name)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    publish(tmp_path / "a.wav")
    assert replaced == ["a.wav", "a.wav.json"]


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", "a/..", "a\0b", "."])
def test_names_that_lead_out_of_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError):
        inside(tmp_path, name)


def test_names_inside_a_folder_and_links_out_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    assert inside(folder, "a/b..c.wav") == folder / "a" / "b..c.wav"
    (folder / "out").symlink_to(tmp_path)
    (folder / "in").symlink_to(folder)
    assert inside(folder, "in/a.wav") == folder / "in" / "a.wav"
    with pytest.raises(OutputError, match="leads out"):
        inside(folder, "out/a.wav")


def test_too_little_space_gives_both_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil's own
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12 - 10**9, 10**9))
    require_space(tmp_path / "not" / "yet", 10**9)
    with pytest.raises(OutputError, match=r"2\.5 GB are needed, but 1\.0 GB are free"):
        require_space(tmp_path, 2_500_000_000)


def record(tmp_path: Path, folder: str = "x", name: str = "a.wav") -> manifests.InputRecord:
    path = tmp_path / folder / name
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, np.zeros((100, 2)), 48_000, subtype="PCM_16")
    return manifests.input_record(probe(path), hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_manifest_repeats_wherever_the_files_lie(tmp_path: Path) -> None:
    settings = {"mix": {"pan_law": "unity", "gain_db": np.float64(-1.5)}}
    texts = set()
    for folder in ("here", "there"):
        built = manifests.build(
            "mix", inputs=[record(tmp_path, folder)], settings=settings, revisions={"eq": 1}
        )
        texts.add(json.dumps(built, allow_nan=False))
    assert len(texts) == 1
    text = texts.pop()
    assert str(tmp_path) not in text
    built = json.loads(text)
    assert built["inputs"][0]["name"] == "a.wav"
    assert built["inputs"][0]["frames"] == 100
    assert built["schema"] == "mixmaster/manifest/1"
    assert built["reproducible"] is True
    assert set(built["versions"]) >= {"mixmaster", "python", "numpy", "soxr", "libsndfile"}


def test_the_key_follows_inputs_settings_and_revisions_only(tmp_path: Path) -> None:
    a, b = record(tmp_path, name="a.wav"), record(tmp_path, name="b.wav")
    base = manifests.key([a, b], {"x": 1, "y": [1.0]}, {"eq": 1, "gate": 2})
    assert base == manifests.key([a, b], {"y": [1.0], "x": 1}, {"gate": 2, "eq": 1})
    assert len(base) == 64
    others = [
        manifests.key([b, a], {"x": 1, "y": [1.0]}, {"eq": 1, "gate": 2}),
        manifests.key([a], {"x": 1, "y": [1.0]}, {"eq": 1, "gate": 2}),
        manifests.key([a, b], {"x": 2, "y": [1.0]}, {"eq": 1, "gate": 2}),
        manifests.key([a, b], {"x": 1, "y": [1.0]}, {"eq": 2, "gate": 2}),
    ]
    assert len({base, *others}) == 5


def test_a_built_manifest_is_recognised_as_ours(tmp_path: Path) -> None:
    target = tmp_path / "out.wav"
    built = manifests.build("mix", inputs=[record(tmp_path)], settings={}, revisions={})
    with Publication(target) as out:
        out.part.write_bytes(b"audio")
        out.commit(built)
    said = json.loads(manifest_path(target).read_text())
    assert list(said) == list(built)
    assert said["file"] == "out.wav"
    assert is_ours(target)
