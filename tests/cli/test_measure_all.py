"""``measure --all`` and ``--csv``: a file with planted faults, as people and machines see it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RATE = 48_000


@pytest.fixture
def faulty(stem: Any) -> Path:
    """8 s of noise at -12 dBFS peak with DC, a dropout at 2 s, and a clipped peak at 5 s."""
    samples = np.random.default_rng(1).uniform(-0.25, 0.25, (8 * RATE, 2))
    samples[:, 1] += 0.01
    samples[2 * RATE : 2 * RATE + 9_600] = 0.0
    samples[5 * RATE : 5 * RATE + 8, 0] = 0.5
    return Path(stem("faulty.wav", samples, subtype="PCM_16"))


def test_json_has_every_part_and_the_keys_it_always_had(faulty: Path, mixmaster: Any) -> None:
    (plain,) = mixmaster("measure", faulty, "--json").json
    (entry,) = mixmaster("measure", faulty, "--json", "--all").json
    assert entry.items() >= plain.items()
    added = entry.keys() - plain.keys()
    assert added == {"levels", "events", "provenance", "spectrum", "stereo"}
    assert entry["levels"]["dc_offset"] == pytest.approx([0.0, 0.01 * 7.8 / 8], abs=1e-3)
    assert entry["provenance"]["effective_bit_depth"] == 16
    kinds = {event["kind"]: event for event in entry["events"]["events"]}
    assert kinds.keys() == {"clipping", "dropout"}
    assert kinds["clipping"]["start_s"] == pytest.approx(5.0, abs=1e-6)
    assert (kinds["clipping"]["figure"], kinds["clipping"]["channel"]) == (8.0, 0)
    assert kinds["dropout"]["start_s"] == pytest.approx(2.0, abs=2e-3)
    assert kinds["dropout"]["figure"] == pytest.approx(0.2, abs=3e-3)
    assert kinds["dropout"]["channel"] is None


def test_tables_name_the_events_and_their_times(faulty: Path, mixmaster: Any) -> None:
    done = mixmaster("measure", faulty, "--all")
    assert done.status == 0
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert any("5.000 5.000 1 8 samples flat at -6.02 dBFS, left" in line for line in lines)
    assert any("all silent for 200 ms at once" in line for line in lines)
    for title in ("Levels", "Where it comes from", "Stereo field and tilt", "Events"):
        assert title in lines
    assert len([line for line in lines if line.startswith("1000 ")]) == 1


def test_csv_is_a_heading_and_a_row_a_file(faulty: Path, stem: Any, mixmaster: Any) -> None:
    odd = stem('odd, "name".wav', np.zeros(RATE))
    done = mixmaster("measure", faulty, odd, "--csv")
    loud, silent = csv.DictReader(io.StringIO(done.out))
    (entry, _) = mixmaster("measure", faulty, odd, "--json").json
    assert loud["file"] == str(faulty)
    assert silent["file"] == str(odd)
    assert float(loud["integrated_lufs"]) == entry["integrated_lufs"]
    assert silent["integrated_lufs"] == ""


def test_csv_of_all_calls_figures_by_their_path_in_json(faulty: Path, mixmaster: Any) -> None:
    (row,) = csv.DictReader(io.StringIO(mixmaster("measure", faulty, "--all", "--csv").out))
    (entry,) = mixmaster("measure", faulty, "--all", "--json").json
    assert float(row["levels.rms_dbfs"]) == entry["levels"]["rms_dbfs"]
    assert [float(v) for v in row["levels.dc_offset"].split(";")] == entry["levels"]["dc_offset"]
    assert row["events.clipped_runs"] == "1"
    assert row["provenance.bandwidth_verdict"] == "full"
    assert float(row["stereo.mono_loss_db"]) == entry["stereo"]["mono_loss_db"]


def test_csv_and_json_contradict_each_other(faulty: Path, mixmaster: Any) -> None:
    done = mixmaster("measure", faulty, "--csv", "--json")
    assert done.status == 2
    assert "contradicts --json" in done.err


def test_files_that_cannot_be_measured_are_no_rows(
    faulty: Path, tmp_path: Path, mixmaster: Any
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"nothing of the kind")
    done = mixmaster("measure", faulty, broken, "--csv")
    assert done.status == 1
    assert len(list(csv.DictReader(io.StringIO(done.out)))) == 1
    assert "broken.wav" in done.err


def test_silence_says_why_it_has_no_figures(stem: Any, mixmaster: Any) -> None:
    done = mixmaster("measure", stem("silence.wav", np.zeros((RATE, 2))), "--all")
    assert done.status == 0
    assert "no rms_dbfs: digital silence" in " ".join(done.err.split())
