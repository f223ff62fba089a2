"""A disc's folder looked at again: what was swapped, cut off, edited or added is named."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.release.discs import md5, pattern, write_wav

from mixmaster.release.cd.check import check_cd
from mixmaster.release.cd.disc import Disc, DiscTrack
from mixmaster.release.cd.sheet import Words
from mixmaster.release.cd.write import write_cd


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two discs: ``cd`` and, otherwise alike, ``other`` with another song."""
    folder = tmp_path_factory.mktemp("discs")
    for name, first in (("cd", 1), ("other", 99)):
        sources = [
            write_wav(folder / f"{name}{number}.wav", pattern(first * number, 5 * 44_100 + number))
            for number in (1, 2)
        ]
        tracks = [
            DiscTrack(source, Words(f"Song {place}", "Björk"), f"QZAB1260000{place}", 0.0)
            for place, source in enumerate(sources)
        ]
        disc = Disc(Words("Album", "Björk"), "0614141000036", dither="none")
        write_cd(tracks, disc, folder / name)
    return folder


def said(folder: Path) -> list[str]:
    return [f"{finding.file}: {finding.text}" for finding in check_cd(folder)]


def edit(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def relist(folder: Path) -> None:
    """Bring both lists of checksums up to date, as a careful meddler would."""
    for name, inside in (("disc.md5", folder), ("ddp/CHECKSUM.MD5", folder / "ddp")):
        rows = [line.split(" *") for line in (folder / name).read_text().splitlines()]
        text = "".join(f"{md5(inside / file)} *{file}\n" for _, file in rows)
        (folder / name).write_text(text)


def test_a_whole_disc_passes(made: Path) -> None:
    assert said(made / "cd") == []


def swap(name: str) -> Callable[[Path, Path], None]:
    def swapped(folder: Path, other: Path) -> None:
        shutil.copy(other / name, folder / name)

    return swapped


def cut(name: str, size: int) -> Callable[[Path, Path], None]:
    def shortened(folder: Path, _: Path) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[:-size])

    return shortened


def change(name: str, old: bytes, new: bytes) -> Callable[[Path, Path], None]:
    return lambda folder, _: edit(folder / name, old, new)


def drop(name: str) -> Callable[[Path, Path], None]:
    return lambda folder, _: (folder / name).unlink()


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize(
    ("meddle", "file"),
    [
        (swap("disc.wav"), "disc.wav"),
        (swap("ddp/IMAGE.DAT"), "ddp/IMAGE.DAT"),
        (cut("disc.wav", 4), "disc.wav"),
        (cut("disc.wav", 200_000), "disc.wav"),
        (cut("ddp/IMAGE.DAT", 2352), "ddp/IMAGE.DAT"),
        (cut("ddp/SD", 64), "ddp/SD"),
        (cut("ddp/CDTEXT.BIN", 18), "ddp/CDTEXT.BIN"),
        (change("disc.cue", b"Song 1", b"Song 2"), "disc.cue"),
        (change("disc.cue", b"QZAB12600001", b"QZAB12600009"), "disc.cue"),
        (change("disc.cue", b"INDEX 01 00:05:00", b"INDEX 01 00:05:01"), "disc.cue"),
        (change("disc.cue", b"CATALOG 0614141000036", b"CATALOG 0614141000029"), "disc.cue"),
        (change("disc.cue", b'"disc.wav"', b'"disk.wav"'), "disc.cue"),
        (change("ddp/SD", b"000700", b"000701"), "disc.cue"),
        (change("ddp/SD", b"QZAB12600001", b"QZAB12600002"), "disc.cue"),
        (change("ddp/DDPMS", b"IMAGE.DAT", b"IMAGE.DAX"), "IMAGE.DAX"),
        (change("ddp/CDTEXT.BIN", b"Song", b"Sang"), "ddp/CDTEXT.BIN"),
    ],
)
def test_what_was_done_to_it_is_named(
    made: Path,
    tmp_path: Path,
    meddle: Callable[[Path, Path], None],
    file: str,
    *,
    careful: bool,
) -> None:
    folder = tmp_path / "cd"
    shutil.copytree(made / "cd", folder)
    meddle(folder, made / "other")
    if careful:
        relist(folder)
    found = said(folder)
    names = {text.partition(":")[0] for text in found}
    # With the lists brought up to date, a WAV of its own is told by the image, and the other way.
    partners = {"disc.wav": "ddp/IMAGE.DAT", "ddp/CDTEXT.BIN": "disc.cue"}
    assert file in names or (careful and partners.get(file) in names), found
    assert all(finding.severity == "error" for finding in check_cd(folder))


@pytest.mark.parametrize(
    "name", ["disc.wav", "disc.cue", "disc.md5", "ddp/DDPID", "ddp/SD", "ddp/CHECKSUM.MD5"]
)
def test_what_is_missing_is_named(made: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "cd"
    shutil.copytree(made / "cd", folder)
    drop(name)(folder, made)
    assert any(Path(name).name in text for text in said(folder))


def test_what_was_added_is_named(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cd"
    shutil.copytree(made / "cd", folder)
    (folder / "ddp/NOTES.TXT").write_text("louder")
    assert said(folder) == ["ddp/NOTES.TXT: nothing in the fileset names it"]


def test_an_empty_folder_is_no_disc(tmp_path: Path) -> None:
    found = said(tmp_path)
    assert any(text.startswith("disc.wav: there is no such file") for text in found)
    assert any(text.startswith("DDPID: there is no such file") for text in found)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
@pytest.mark.parametrize("name", ["disc.wav", "disc.cue", "disc.md5", "ddp/SD", "ddp/IMAGE.DAT"])
def test_a_pipe_in_a_file_s_place_is_not_waited_for(made: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "cd"
    shutil.copytree(made / "cd", folder)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert any("pipe" in text for text in said(folder))
