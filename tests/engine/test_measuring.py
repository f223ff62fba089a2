"""Measuring files: the meter's figures whatever the threads, and what the file had to say."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixmaster.engine import hashing
from mixmaster.engine.hashing import background_hashes
from mixmaster.engine.measuring import measure_file
from mixmaster.engine.threads import default_threads, one_blas_thread
from mixmaster.errors import AudioFileError, SignalError
from mixmaster.metering.programme import ProgrammeMeter

RATE = 48_000


@pytest.fixture
def music(tmp_path: Path) -> Path:
    random = np.random.default_rng(3)
    envelope = 0.1 + np.sin(np.arange(7 * RATE) / RATE) ** 2
    path = tmp_path / "music.wav"
    sf.write(path, 0.1 * envelope[:, None] * random.standard_normal((7 * RATE, 2)), RATE, "FLOAT")
    return path


def test_the_figures_are_the_meters_whatever_the_threads(music: Path) -> None:
    samples, _ = sf.read(music, dtype="float64")
    meter = ProgrammeMeter(RATE, 2)
    meter.update(np.ascontiguousarray(samples.T))
    expected = meter.result()
    one, two = (measure_file(music, threads=threads).figures for threads in (1, 2))
    assert one == two
    assert one.integrated_lufs == pytest.approx(expected.integrated_lufs, abs=1e-6)
    assert one.true_peak_dbtp == pytest.approx(expected.true_peak_dbtp, abs=1e-9)
    assert one.sample_peak_dbfs == expected.sample_peak_dbfs


def test_dual_mono_reads_twice_the_power(tmp_path: Path) -> None:
    path = tmp_path / "mono.wav"
    sf.write(path, 0.1 * np.sin(2.0 * np.pi * 997.0 * np.arange(3 * RATE) / RATE), RATE, "FLOAT")
    plain, dual = (measure_file(path, dual_mono=dual).figures for dual in (False, True))
    assert plain.integrated_lufs == pytest.approx(-23.01, abs=0.01)
    assert dual.integrated_lufs == pytest.approx(-20.0, abs=0.01)
    assert plain.true_peak_dbtp == dual.true_peak_dbtp


def test_progress_rises_to_one(music: Path) -> None:
    shares: list[float] = []
    measure_file(music, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_nan_is_an_error_that_names_the_time(music: Path) -> None:
    samples, _ = sf.read(music)
    samples[6 * RATE, 1] = np.nan
    sf.write(music, samples, RATE, "FLOAT")
    with pytest.raises(SignalError, match=r"6\.000 s") as caught:
        measure_file(music)
    assert "music.wav" in caught.value.where


def test_a_cut_file_is_noted_or_with_strict_refused(music: Path) -> None:
    music.write_bytes(music.read_bytes()[: 4 * RATE * 8])
    measured = measure_file(music)
    assert measured.figures.duration_s == pytest.approx(4.0, abs=0.01)
    assert len(measured.notes) == 1
    with pytest.raises(AudioFileError):
        measure_file(music, strict=True)


def test_no_thread_outlives_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "text.wav"
    path.write_text("no audio")
    before = threading.active_count()
    with pytest.raises(AudioFileError):
        measure_file(path)
    assert threading.active_count() == before


def test_blas_keeps_to_one_thread() -> None:
    from threadpoolctl import threadpool_info

    with one_blas_thread():
        counts = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    assert counts == {1}


def test_threads_are_the_processors_that_may_be_used() -> None:
    assert 1 <= default_threads() <= (os.cpu_count() or 1)


class TestBackgroundHashes:
    def test_they_are_the_files_sha256(self, music: Path, tmp_path: Path) -> None:
        empty = tmp_path / "empty"
        empty.touch()
        with background_hashes([music, empty, music]) as hashes:
            found = {path: future.result() for path, future in hashes.items()}
        assert found == {
            path: hashlib.sha256(path.read_bytes()).hexdigest() for path in (music, empty)
        }

    def test_a_file_that_is_gone_is_named(self, tmp_path: Path) -> None:
        with (
            background_hashes([tmp_path / "gone.wav"]) as hashes,
            pytest.raises(AudioFileError, match=r"gone\.wav"),
        ):
            hashes[tmp_path / "gone.wav"].result()

    def test_leaving_ends_what_is_under_way(
        self, music: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hashing, "CHUNK_BYTES", 1)  # would take seconds
        with background_hashes([music, music.parent / "next"]) as hashes:
            while not hashes[music].running():
                time.sleep(0.001)
        assert all(future.done() for future in hashes.values())
        assert hashes[music].cancelled() or hashes[music].exception() is not None
