"""Rates, lengths, starts and copies: what stems show side by side."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from tests.checking.sessions import RATE_HZ, bursts, codes, delayed, the, write

from mixmaster.audio.chunks import read_extras
from mixmaster.checking.findings import CheckReport
from mixmaster.checking.stems import check_stems


def check(folder: Path) -> CheckReport:
    return check_stems(sorted(folder.glob("*.wav")), threads=2)


def with_bext(path: Path, frames_since_midnight: int) -> None:
    """Insert a bext chunk (EBU Tech 3285) behind the RIFF header."""
    body = bytes(338) + struct.pack("<Q", frames_since_midnight) + bytes(602 - 346)
    chunk = b"bext" + struct.pack("<I", len(body)) + body
    data = path.read_bytes()
    size = struct.unpack("<I", data[4:8])[0] + len(chunk)
    path.write_bytes(data[:4] + struct.pack("<I", size) + data[8:12] + chunk + data[12:])


@pytest.mark.parametrize("stamped_hz", [48_000, 44_100])
def test_a_wrong_rate_stamp(tmp_path: Path, stamped_hz: int) -> None:
    true_hz = 44_100 if stamped_hz == 48_000 else 48_000
    for number in range(3):
        write(tmp_path / f"{number}.wav", bursts(number, 8.0, true_hz), true_hz)
    write(tmp_path / "wrong.wav", bursts(9, 8.0, true_hz), stamped_hz)
    found = the(check(tmp_path), "wrong_rate_stamp")
    assert Path(found.file).name == "wrong.wav"
    assert found.severity == "error"
    assert found.figure == pytest.approx(true_hz / stamped_hz, rel=1e-4)
    assert f"set the rate in its header to {true_hz} Hz" in found.advice


def test_an_honest_other_rate(tmp_path: Path) -> None:
    write(tmp_path / "0.wav", bursts(0, 8.0))
    write(tmp_path / "1.wav", bursts(1, 8.0))
    write(tmp_path / "2.wav", bursts(2, 8.0, 48_000), 48_000)
    report = check(tmp_path)
    assert codes(report) == {"rate"}
    assert the(report, "rate").figure == 48_000.0


def test_lengths(tmp_path: Path) -> None:
    for number, seconds in enumerate((8.0, 8.0, 8.0, 6.5)):
        write(tmp_path / f"{number}.wav", bursts(number, seconds))
    found = the(check(tmp_path), "length")
    assert (Path(found.file).name, found.severity) == ("3.wav", "note")
    assert found.figure == pytest.approx(-1.5, abs=0.02)


def test_time_references(tmp_path: Path) -> None:
    hour = 3_600 * RATE_HZ
    for number, late in enumerate((0, 0, round(0.25 * RATE_HZ), 5 * RATE_HZ)):
        path = write(tmp_path / f"{number}.wav", bursts(number, 6.0))
        with_bext(path, hour + late)
        extras = read_extras(path)
        assert extras is not None
        assert extras.time_reference == hour + late
    report = check(tmp_path)
    near, far = [finding for finding in report.findings if finding.code == "start"]
    assert near.figure == pytest.approx(0.25, abs=1e-4)
    assert near.fix == "delay_ms = 250.000"
    assert far.figure == pytest.approx(5.0)
    assert far.fix == ""  # a strip's delay ends at one second
    assert not report.passes()


@pytest.mark.parametrize(
    ("gain", "later_s"), [(1.0, 0.0), (0.5, 0.0), (-1.0, 0.0), (0.8, 0.3337), (1.0, 0.002)]
)
def test_copies(tmp_path: Path, gain: float, later_s: float) -> None:
    source = bursts(1, 8.0)
    write(tmp_path / "1.wav", source)
    write(tmp_path / "2.wav", bursts(2, 8.0))
    moved = np.concatenate([np.zeros(round(later_s * RATE_HZ)), source])[: source.size]
    write(tmp_path / "3 copy.wav", gain * moved)
    report = check(tmp_path)
    found = the(report, "duplicate")
    assert codes(report) <= {"duplicate", "polarity", "delay"}
    assert Path(found.file).name == "3 copy.wav"
    assert [Path(other).name for other in found.others] == ["1.wav"]
    if later_s:
        assert found.figure == pytest.approx(later_s, abs=1.0 / RATE_HZ)
    elif abs(gain) != 1.0:
        assert f"{20.0 * np.log10(abs(gain)):+.2f} dB" in found.text
    assert ("upside down" in found.text) == (gain < 0.0)


def test_pairs(tmp_path: Path) -> None:
    left = bursts(1, 8.0)
    write(tmp_path / "04_OH.L.wav", left + 0.3 * bursts(2, 8.0))
    write(tmp_path / "05_OH.R.wav", delayed(left, 0.2) + 0.3 * bursts(3, 8.0))
    write(tmp_path / "Gtr L.wav", bursts(4, 8.0))
    write(tmp_path / "Gtr R.wav", bursts(5, 7.5))
    report = check(tmp_path)
    pair = the(report, "multi_mono_pair")
    assert pair.figure == pytest.approx(0.2, abs=0.02)
    assert Path(the(report, "pair_mismatch").file).name == "Gtr R.wav"
    assert codes(report) == {"multi_mono_pair", "pair_mismatch", "length"}
