"""Fixed masters: turned down and nothing else, or limited where that was asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from tests.preview.music import hot, write

from mixmaster.errors import UsageError
from mixmaster.preview.ceiling import decoded_peak_dbtp
from mixmaster.preview.fixing import Fixed, How, fix
from mixmaster.preview.master_file import Master, read_master
from mixmaster.preview.streams import Encoding

WANTED = (Encoding("vorbis", 96),)


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Master:
    return read_master(write(tmp_path_factory.mktemp("hot") / "hot.wav", hot(seconds=1.0)))


def fixed(master: Master, folder: Path, how: How, ceiling_dbtp: float) -> Fixed:
    with ThreadPoolExecutor(2) as pool:
        return fix(master, WANTED, ceiling_dbtp, folder / "safe.wav", how=how, pool=pool)


def test_a_fixed_master_is_the_old_one_times_a_gain(master: Master, tmp_path: Path) -> None:
    peak = decoded_peak_dbtp(master, WANTED[0])
    assert peak > 0.0
    assert master.true_peak_dbtp is not None
    done = fixed(master, tmp_path, "gain", master.true_peak_dbtp)  # too high: it must go lower
    assert done.tries > 1
    assert done.decoded_dbtp <= 0.0
    assert done.true_peak_dbtp == pytest.approx(done.ceiling_dbtp, abs=0.001)
    old, _ = sf.read(master.path)
    new, _ = sf.read(done.file)
    gain = 10.0 ** (done.gain_db / 20.0)
    assert new.shape == old.shape
    assert np.abs(new - gain * old).max() < 2.0 * 2.0**-23  # dither and rounding
    assert sf.info(done.file).subtype == sf.info(master.path).subtype
    assert decoded_peak_dbtp(read_master(done.file), WANTED[0]) <= 0.0


def test_a_limited_one_keeps_its_loudness_and_its_place(master: Master, tmp_path: Path) -> None:
    done = fixed(master, tmp_path, "limiter", -2.0)
    assert done.decoded_dbtp <= 0.0
    assert done.gain_db == 0.0
    assert done.max_reduction_db is not None
    assert done.max_reduction_db > 1.0
    assert done.true_peak_dbtp is not None
    assert done.true_peak_dbtp <= done.ceiling_dbtp
    turned_down = done.ceiling_dbtp - (master.true_peak_dbtp or 0.0)
    assert done.integrated_lufs is not None
    assert master.integrated_lufs is not None
    assert done.integrated_lufs - master.integrated_lufs > turned_down + 0.2
    old, _ = sf.read(master.path)
    new, _ = sf.read(done.file)
    assert new.shape == old.shape
    product = np.fft.rfft(new[:, 0]) * np.conj(np.fft.rfft(old[:, 0]))
    assert int(np.argmax(np.fft.irfft(product, old.shape[0]))) == 0


def test_of_a_lossy_master_no_better_one_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    sf.write(path, hot(seconds=0.5).T, 48_000)
    with pytest.raises(UsageError, match="made from"):
        fixed(read_master(path), tmp_path, "gain", -3.0)
