"""What a proof measures, held to other measurers; what limits say; what a file says of itself."""

from __future__ import annotations

import dataclasses
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyloudnorm
import pytest
import soundfile
from tests.release.proof_releases import LOSSY, RATE_HZ, build, cover, tags_of, tone, write_sound

from mixmaster.audio.bext import Broadcast, write_bext
from mixmaster.audio.formats import SUFFIXES, Container
from mixmaster.audio.tags import Picture, Tags, write_tags
from mixmaster.release.proof.answers import Proof
from mixmaster.release.proof.checking import check_release
from mixmaster.release.proof.proving import prove_file
from mixmaster.release.proof.record import FiguresRecord, FileRecord, LimitsRecord
from mixmaster.release.proof.recording import proven, recorded

ALL: tuple[Container, ...] = ("wav", "flac", "aiff", "alac", "mp3", "aac", "opus", "vorbis")
LEVELS_DB = (-9.0, -3.0, -15.0, -6.0)


def stepped() -> Any:
    """Return a chord in four steps of 2 s: its loudness range is not nothing."""
    steps = np.repeat([10.0 ** (db / 20.0) for db in LEVELS_DB], 2 * RATE_HZ)
    return tone(2, seconds=8.0, peak=0.9) * steps


def made(folder: Path, container: Container, audio: Any, **more: Any) -> FileRecord:
    path = f"x{SUFFIXES[container]}"
    return recorded(
        folder, path, "master", audio=write_sound(folder / path, audio, container), **more
    )


def codes(proof: Proof) -> set[str]:
    return {fault.code for fault in proof.faults}


def by_ffmpeg(path: Path) -> tuple[float, float, float]:
    """Return integrated loudness, loudness range and true peak as FFmpeg's ebur128 has them."""
    av = pytest.importorskip("av")
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        graph = av.filter.Graph()
        source = graph.add_abuffer(template=stream)
        meter = graph.add("ebur128", "peak=true:metadata=1:framelog=quiet")
        sink = graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        said: dict[str, str] = {}

        def drain() -> None:
            while True:
                try:
                    said.update(sink.pull().metadata)
                except (av.BlockingIOError, av.EOFError):
                    return

        for frame in container.decode(stream):
            source.push(frame)
            drain()
        source.push(None)
        drain()
    peaks = [float(v) for k, v in said.items() if "true_peaks_ch" in k]
    return (
        float(said["lavfi.r128.I"]),
        float(said["lavfi.r128.LRA"]),
        20.0 * math.log10(max(peaks)),  # they are magnitudes
    )


@pytest.mark.parametrize("container", ALL)
def test_figures_are_what_other_measurers_find(tmp_path: Path, container: Container) -> None:
    if container in {"alac", "aac"}:
        pytest.importorskip("av")
    record = made(tmp_path, container, stepped())
    proof = prove_file(tmp_path, record)
    assert proof.state == "green", proof.words
    found = proof.figures
    assert found is not None
    path = tmp_path / record.path
    if container not in {"alac", "aac"}:  # what soundfile does not read
        samples, rate = soundfile.read(path, always_2d=True)
        assert len(samples) == 8 * RATE_HZ
        meter = pyloudnorm.Meter(rate, filter_class="DeMan")
        assert found.integrated_lufs == pytest.approx(meter.integrated_loudness(samples), abs=0.02)
        peak = 20.0 * math.log10(np.abs(samples).max())
        assert found.sample_peak_dbfs == pytest.approx(peak, abs=0.01)
        assert found.dc_offset == pytest.approx(np.abs(samples.mean(axis=0)).max(), abs=2e-6)
    lufs, lra, peak_dbtp = by_ffmpeg(path)
    assert found.integrated_lufs == pytest.approx(lufs, abs=0.1)
    assert found.loudness_range_lu == pytest.approx(lra, abs=0.6)  # FFmpeg's hop is 100 ms
    assert found.true_peak_dbtp == pytest.approx(peak_dbtp, abs=0.35)  # its kernel has 4 phases
    assert proof.samples_sha256 is not None
    kept = proven(record, proof).audio
    assert kept is not None
    assert (kept.samples_sha256 is None) == (container in LOSSY)


def test_lossless_files_of_one_master_have_the_same_samples(tmp_path: Path) -> None:
    hashes = {
        prove_file(tmp_path, made(tmp_path, container, stepped())).samples_sha256
        for container in ("flac", "aiff")
    }
    assert len(hashes) == 1


def test_a_lossy_file_is_held_to_the_ceiling_after_decoding(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    hard = 0.89 * np.sign(rng.normal(size=(2, 2 * RATE_HZ)))  # -1 dBFS, and peaks all over
    record = made(tmp_path, "mp3", hard, limits=LimitsRecord(true_peak_dbtp=-1.0))
    samples, _ = soundfile.read(tmp_path / record.path)
    over = 20.0 * math.log10(np.abs(samples).max())
    assert over > 0.0  # else this proves nothing
    proof = prove_file(tmp_path, record)
    assert codes(proof) == {"true_peak"}
    assert proof.figures is not None
    assert proof.figures.true_peak_dbtp is not None
    assert proof.figures.true_peak_dbtp >= over
    assert "over the -1 that are accepted" in proof.words


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"integrated_lufs": -20.0}, "loudness"),
        ({"true_peak_dbtp": -12.0}, "true_peak"),
        ({"max_short_term_lufs": -30.0}, "short_term"),
        ({"max_loudness_range_lu": 0.1}, "range"),
        ({"max_silence_head_s": 0.5}, "silence"),
        ({"max_silence_tail_s": 1.0}, "silence"),
        ({"max_dc_offset": 0.001}, "dc"),
        ({"min_duration_s": 30.0}, "length"),
        ({"max_clipped_runs": 0}, "clipping"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_each_limit_says_no_by_itself(tmp_path: Path, limits: dict[str, Any], code: str) -> None:
    audio = stepped()
    audio[:, :RATE_HZ] = 0.0
    audio[:, -2 * RATE_HZ :] = 0.0
    audio[:, RATE_HZ : -2 * RATE_HZ] += 0.01
    low = 0.5 * np.sin(2.0 * np.pi * 60.0 * np.arange(RATE_HZ) / RATE_HZ)
    audio[:, 2 * RATE_HZ : 3 * RATE_HZ] = np.clip(low, -0.3, 0.3)  # flat tops, 1/60 s apart
    record = made(tmp_path, "flac", audio)
    whole = prove_file(tmp_path, record)
    assert whole.state == "green"
    assert whole.figures is not None
    assert whole.figures.silence_head_s == pytest.approx(1.0, abs=1e-3)
    assert whole.figures.silence_tail_s == pytest.approx(2.0, abs=1e-3)
    held = record.model_copy(update={"limits": LimitsRecord(**limits)})
    assert codes(prove_file(tmp_path, held)) == {code}


def test_what_reads_as_the_limit_keeps_it(tmp_path: Path) -> None:
    record = made(tmp_path, "flac", stepped())
    proof = prove_file(tmp_path, record)
    assert proof.figures is not None
    lufs, peak = proof.figures.integrated_lufs, proof.figures.true_peak_dbtp
    assert lufs is not None
    assert peak is not None
    for apart, ok in ((0.10, True), (0.12, False)):
        limit = LimitsRecord(integrated_lufs=round(lufs, 2) + apart, tolerance_lu=0.1)
        held = record.model_copy(update={"limits": limit})
        assert (prove_file(tmp_path, held).state == "green") is ok
    for apart, ok in ((0.0, True), (-0.01, False)):
        limit = LimitsRecord(true_peak_dbtp=round(peak, 2) + apart)
        held = record.model_copy(update={"limits": limit})
        assert (prove_file(tmp_path, held).state == "green") is ok


def test_silence_has_no_loudness_and_says_so(tmp_path: Path) -> None:
    record = made(tmp_path, "flac", np.zeros((2, RATE_HZ)))
    proof = prove_file(tmp_path, record)
    assert proof.figures is not None
    assert proof.figures.integrated_lufs is None
    assert proof.figures.reasons["integrated_lufs"]
    for limits in (LimitsRecord(integrated_lufs=-14.0), LimitsRecord(max_silence_head_s=10.0)):
        held = record.model_copy(update={"limits": limits})
        assert prove_file(tmp_path, held).state == "red"


def test_a_record_whose_figures_are_not_the_files_is_red(tmp_path: Path) -> None:
    record = made(tmp_path, "flac", tone(0))
    kept = proven(record, prove_file(tmp_path, record))
    assert prove_file(tmp_path, kept).state == "green"
    assert kept.figures is not None
    told = kept.figures.model_copy(update={"integrated_lufs": -14.0})
    proof = prove_file(tmp_path, kept.model_copy(update={"figures": told}))
    assert codes(proof) == {"figures"}
    assert "release.json says -14.00" in proof.words


def test_a_picture_that_is_another_or_missing_is_named(tmp_path: Path) -> None:
    picture = Picture(cover(), "image/png", 64, 64)
    audio = write_sound(tmp_path / "x.flac", tone(0), "flac")
    tags = tags_of(1, "First Light")
    write_tags(tmp_path / "x.flac", tags, picture)
    record = recorded(
        tmp_path, "x.flac", "master", audio=audio, tags=tags, picture_sha256=picture.sha256
    )
    assert prove_file(tmp_path, record).state == "green"
    for other in ("0" * 64, None):
        held = record.model_copy(update={"picture_sha256": other})
        assert codes(prove_file(tmp_path, held)) == {"picture"}
    bare = record.model_copy(update={"tags": Tags().to_json(), "picture_sha256": None})
    assert codes(prove_file(tmp_path, bare)) == {"tags", "picture"}


def test_bext_must_say_the_loudness_that_the_file_has(tmp_path: Path) -> None:
    record = made(tmp_path, "wav", stepped())
    found = prove_file(tmp_path, record).figures
    assert found is not None
    right = Broadcast(
        description="Ada Quay - First Light",
        originator="Blue Hour Records",
        integrated_lufs=found.integrated_lufs,
        loudness_range_lu=found.loudness_range_lu,
        true_peak_dbtp=found.true_peak_dbtp,
        max_momentary_lufs=found.max_momentary_lufs,
        max_short_term_lufs=found.max_short_term_lufs,
    )
    path = tmp_path / record.path
    for broadcast, said in (
        (right, ""),
        (dataclasses.replace(right, integrated_lufs=-23.0), "says -23.00 for the integrated"),
        (
            dataclasses.replace(right, max_momentary_lufs=None),
            "says nothing for the loudest 400 ms",
        ),
        (dataclasses.replace(right, originator="Somebody"), "originator is 'Somebody'"),
    ):
        write_bext(path, path, broadcast)
        now = recorded(tmp_path, record.path, "master", audio=record.audio, broadcast=right)
        proof = prove_file(tmp_path, now)
        assert said in proof.words
        assert codes(proof) == ({"bext"} if said else set())


def test_a_plain_wav_may_have_nothing_behind_its_samples(tmp_path: Path) -> None:
    record = made(tmp_path, "wav", tone(0), limits=LimitsRecord(plain_wav=True))
    assert prove_file(tmp_path, record).state == "green"
    path = tmp_path / record.path
    data = path.read_bytes() + b"id3 \x04\x00\x00\x00abcd"
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    now = recorded(
        tmp_path, record.path, "master", audio=record.audio, limits=LimitsRecord(plain_wav=True)
    )
    assert "chunks behind its samples: 'id3'" in prove_file(tmp_path, now).words


def test_what_needs_an_extra_is_not_green_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("av")
    build(tmp_path / "release", titles=("Only",), containers=("alac", "flac"))
    assert check_release(tmp_path / "release").passes
    for name in [name for name in sys.modules if name.startswith("av.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "av", None)
    check = check_release(tmp_path / "release")
    assert not check.passes
    assert check.state == "unchecked"
    states = {proof.path: proof.state for proof in check.files}
    assert states.pop("alac/01 Track.m4a") == "unchecked"
    assert set(states.values()) == {"green"}
    (alac,) = (proof for proof in check.files if proof.state == "unchecked")
    assert "mixmaster[codecs]" in alac.words


def test_rows_have_a_cell_for_every_column(tmp_path: Path) -> None:
    from mixmaster.release.proof.answers import COLUMNS

    record = made(tmp_path, "flac", tone(0))
    row = prove_file(tmp_path, record).row()
    assert len(row) == len(COLUMNS)
    assert row[0] == "x.flac"
    assert row[COLUMNS.index("state")] == "green"
    nothing = Proof("a", "art", "", None, "", figures=FiguresRecord())
    assert nothing.row()[2:6] == ("-",) * 4
