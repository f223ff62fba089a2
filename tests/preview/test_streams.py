"""Masters behind codecs: overs counted, and a ceiling that really avoids them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.preview.music import RATE_HZ, hot, tone, write

from mixmaster.mastering.run import load_target
from mixmaster.preview import streams as streams_module
from mixmaster.preview.ceiling import decoded_peak_dbtp, solve_ceiling
from mixmaster.preview.master_file import Master, read_master
from mixmaster.preview.streams import Encoding, encodings_of, overs_of, stream

WANTED = (Encoding("aac", 96), Encoding("vorbis", 96))


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Master:
    return read_master(write(tmp_path_factory.mktemp("hot") / "hot.wav", hot(seconds=1.0)))


def test_overs_are_counted_sample_by_sample_however_blocks_are_cut() -> None:
    signal = np.zeros((2, 9_000))
    signal[0, 4_090:4_100] = 1.2  # across a cut
    signal[1, 7_000:7_003] = -1.1
    signal[1, 4_095] = 1.0  # full scale is not over
    for size in (4_096, 1_000, 9_000):
        cut = [signal[:, start : start + size] for start in range(0, 9_000, size)]
        overs = overs_of(cut, RATE_HZ, 2)
        assert overs.samples == 13
        assert overs.longest_ms == pytest.approx(10 / 48.0)
        assert overs.first_s == pytest.approx(4_090 / RATE_HZ)
        assert overs.passages == 2


def test_each_stream_of_the_places_once() -> None:
    found = encodings_of([load_target(name) for name in ("spotify", "apple-music", "youtube")])
    assert [each.name for each in found] == [
        "AAC 256",
        "AAC 128",
        "Vorbis 320",
        "Vorbis 160",
        "Vorbis 96",
        "Opus 160",
    ]
    assert found[0].places == ("spotify", "apple-music")


def test_a_quiet_tone_keeps_its_loudness_and_is_never_over(tmp_path: Path) -> None:
    master = read_master(write(tmp_path / "a.wav", tone(-14.0, 1.0)))
    for encoding in (Encoding("vorbis", 160), Encoding("opus", 160), Encoding("aac", 256)):
        row = stream(master, encoding, master.integrated_lufs, master.true_peak_dbtp)
        assert not row.is_over
        assert row.loudness_change_lu == pytest.approx(0.0, abs=0.1)
        assert row.overshoot_db == pytest.approx(0.0, abs=0.5)
        assert row.estimated_ceiling_dbtp is None


def test_the_ceiling_that_is_proposed_avoids_all_overs_and_is_no_lower_than_need_be(
    master: Master,
) -> None:
    before = master.true_peak_dbtp
    assert before is not None
    with ThreadPoolExecutor(2) as pool:
        heard = [stream(master, each, master.integrated_lufs, before) for each in WANTED]
        ceiling = solve_ceiling(master, heard, before, pool)
    assert any(each.is_over for each in heard)
    assert ceiling is not None
    assert ceiling.ceiling_dbtp == pytest.approx(before + ceiling.gain_db)
    peaks = [decoded_peak_dbtp(master, each, ceiling.gain_db) for each in WANTED]
    assert max(peaks) <= 0.0
    assert max(peaks) == pytest.approx(ceiling.decoded_dbtp)
    tenth_more = [decoded_peak_dbtp(master, each, ceiling.gain_db + 0.1) for each in WANTED]
    assert max(tenth_more) > 0.0


def test_no_ceiling_is_above_full_scale(tmp_path: Path) -> None:
    """A float master at +3 dBFS: a codec that takes something off it is no licence."""
    over = read_master(write(tmp_path / "a.wav", tone(3.0, 1.0), "FLOAT"))
    before = over.true_peak_dbtp
    assert before is not None
    with ThreadPoolExecutor(1) as pool:
        heard = [stream(over, WANTED[1], over.integrated_lufs, before)]
        ceiling = solve_ceiling(over, heard, before, pool)
    assert heard[0].estimated_ceiling_dbtp is not None
    assert heard[0].estimated_ceiling_dbtp <= 0.0
    assert ceiling is not None
    assert -0.5 <= ceiling.ceiling_dbtp <= 0.0
    assert ceiling.decoded_dbtp <= 0.0


def test_nothing_is_proposed_where_nothing_is_over(tmp_path: Path) -> None:
    quiet = read_master(write(tmp_path / "a.wav", tone(-20.0, 1.0)))
    with ThreadPoolExecutor(1) as pool:
        heard = [stream(quiet, WANTED[1], quiet.integrated_lufs, quiet.true_peak_dbtp)]
        assert solve_ceiling(quiet, heard, -20.0, pool) is None


def test_without_its_extra_aac_is_a_line_and_no_failure(
    master: Master, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams_module, "can_encode", lambda codec: codec != "aac")
    row = stream(master, Encoding("aac", 256), None, None)
    assert row.overs is None
    assert "mixmaster[codecs]" in row.not_tried
    assert not row.is_over
