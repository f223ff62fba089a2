"""Decoders in processes of their own: the same samples, and whatever happens there is an error."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from mixmaster.arrays import BLOCK_FRAMES
from mixmaster.audio import isolation, isolation_keeper, opening
from mixmaster.audio.isolating import VARIABLE, is_isolated, isolated
from mixmaster.audio.sink import FileSpec, open_sink
from mixmaster.audio.source import open_source, probe
from mixmaster.errors import AudioFileError

if sys.platform == "win32":
    pytest.skip("needs fork", allow_module_level=True)

RATE = 48_000
FRAMES = 2 * BLOCK_FRAMES + 1_234


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    with isolated():
        yield
    assert not is_isolated()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("isolated")
    samples = 0.1 * np.random.default_rng(1).standard_normal((FRAMES, 2))
    for name in ("a.flac", "a.ogg", "a.mp3", "a.aiff"):
        with sf.SoundFile(made / name, "w", RATE, 2) as file:
            for start in range(0, FRAMES, RATE):  # libsndfile's Vorbis takes no long block
                file.write(samples[start : start + RATE])
    for name, spec in (
        ("aac", FileSpec("aac", 32, RATE, 2, 256)),
        ("alac", FileSpec("alac", 24, RATE, 2)),
    ):
        with open_sink(made / f"{name}.m4a", spec) as sink:
            sink.write(np.ascontiguousarray(samples.T))
    return made


def heard(path: Path) -> list[Any]:
    with open_source(path) as source:
        whole = list(source.blocks())
        late = list(source.blocks(start_frame=70_001, stop_frame=90_000))
        back = list(source.blocks(start_frame=5))
        return [source.info, source.notes, *whole, *late, *back]


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.mp3", "a.aiff", "aac.m4a", "alac.m4a"])
def test_the_samples_are_the_same_wherever_reading_starts(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = heard(folder / name)
    monkeypatch.setenv(VARIABLE, "0")
    here = heard(folder / name)
    assert apart[:2] == here[:2]
    for one, other in zip(apart[2:], here[2:], strict=True):
        np.testing.assert_array_equal(one, other)
    assert sum(block.shape[1] for block in apart[2:]) == 2 * FRAMES - 5 + 19_999


def test_it_is_another_process_that_decodes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LibsndfileDecoder", None)
    with open_source(folder / "a.flac") as source:
        assert isinstance(source._decoder, isolation.IsolatedDecoder)
        assert source.read(10).shape == (2, 10)


def test_damage_is_told_in_the_same_words(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.flac"
    data = bytearray((folder / "a.flac").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 5_000] = b"\xff" * 5_000
    path.write_bytes(data)
    said = []
    for value in ("1", "0"):
        os.environ[VARIABLE] = value
        try:
            heard(path)
        except AudioFileError as error:
            said.append(str(error))
    assert len(set(said)) <= 1
    (tmp_path / "none.flac").write_bytes(b"fLaC" + bytes(100))
    with pytest.raises(AudioFileError, match=r"none\.flac: it cannot be opened"):
        probe(tmp_path / "none.flac")


def test_a_decoder_that_crashes_is_an_error_and_others_go_on(folder: Path) -> None:
    with open_source(folder / "a.ogg") as other, open_source(folder / "a.flac") as source:
        source.read(100)
        assert isinstance(source._decoder, isolation.IsolatedDecoder)
        os.kill(source._decoder._worker, signal.SIGSEGV)
        with pytest.raises(AudioFileError, match=r"a\.flac.*after frame 100.*crashed \(SIGSEGV\)"):
            source.read(200_000)
        assert other.read(100).shape == (2, 100)


def test_a_decoder_that_hangs_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "TIME_LIMIT_S", 1.0)
    with open_source(folder / "a.flac") as source:
        assert isinstance(source._decoder, isolation.IsolatedDecoder)
        worker = source._decoder._worker
        os.kill(worker, signal.SIGSTOP)
        with pytest.raises(AudioFileError, match=r"a\.flac.*its decoder hung: no answer within"):
            source.read(100)
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_a_keeper_that_was_ended_is_replaced(folder: Path) -> None:
    probe(folder / "a.flac")
    keeper = isolation._keepers[os.getpid()]
    keeper.close()
    assert probe(folder / "a.flac").frames == FRAMES
    assert isolation._keepers[os.getpid()] is not keeper


def test_no_worker_stays(folder: Path) -> None:
    with open_source(folder / "a.flac") as source:
        assert isinstance(source._decoder, isolation.IsolatedDecoder)
        worker = source._decoder._worker
        os.kill(worker, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def confined(attempt: Any) -> str:
    """Return what came of something that is tried in a process that was confined."""
    here, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        said = b"done"
        try:
            isolation_keeper.confine()
            attempt()
        except BaseException as error:  # noqa: BLE001 - told to the other side
            said = type(error).__name__.encode()
        there.sendall(said)
        os._exit(0)
    there.close()
    with here:
        said = here.recv(100)
    os.waitpid(child, 0)
    return said.decode()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # it forks
def test_a_worker_can_neither_open_nor_write_nor_connect_nor_take_memory(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_bytes(b"x")
    held = os.open(there, os.O_RDWR)
    assert confined(lambda: None) == "done"
    assert confined(lambda: os.open(there, os.O_RDONLY)) == "OSError"
    assert confined(lambda: os.open(tmp_path / "new", os.O_WRONLY | os.O_CREAT)) == "OSError"
    assert confined(lambda: os.write(held, b"yy")) == "OSError"
    assert confined(socket.socket) == "OSError"
    assert confined(os.pipe) == "OSError"
    assert confined(lambda: np.ones(1 << 28)) == "MemoryError"  # 2 GB
    os.close(held)
    assert there.read_bytes() == b"x"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "answer",
    [
        b"\xff\xff\xff\xff",
        b"\x04\x00\x00\x00null",
        b"\x02\x00\x00\x00{}",
        b'\x0f\x00\x00\x00{"frames": "x"}',
        b'\x12\x00\x00\x00{"error": "decode"}',
        b"\x02\x00\x00\x00[]",
        b"\x03\x00\x00\x00{..",
        b'\x0e\x00\x00\x00{"frames": 99}',
        b'\x0e\x00\x00\x00{"frames": -1}',
    ],
)
def test_a_worker_that_was_taken_over_is_not_believed(answer: bytes, folder: Path) -> None:
    with open_source(folder / "a.flac") as source:
        decoder = source._decoder
        assert isinstance(decoder, isolation.IsolatedDecoder)
        decoder._socket.close()
        decoder._socket, far = socket.socketpair()
        with far:
            far.sendall(answer)
            with pytest.raises(AudioFileError, match=r"a\.flac"):
                source.read(10)
