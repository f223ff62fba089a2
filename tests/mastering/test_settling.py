"""When the first pass is off, the next one is right; when a run is broken off, nothing is left."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.arrays import Block
from mixmaster.dsp.true_peak import KERNEL
from mixmaster.errors import InterruptedByUserError
from mixmaster.mastering import attempt
from mixmaster.mastering.analysis import LoudnessModel
from mixmaster.mastering.attempt import rounding_headroom
from mixmaster.mastering.run import load_preset, load_target, master

RATE = 44_100
Song = Callable[..., Block]
Write = Callable[..., Path]


def test_one_pass_is_enough_for_music(song: Song, write: Write, tmp_path: Path) -> None:
    targets = [load_target(name) for name in ("spotify", "cd", "podcast")]
    for name in ("transparent", "loud"):
        run = master(write(song(8.0)), load_preset(name), targets, tmp_path / name)
        assert [result.passes for result in run.results] == [1, 1, 1]


def test_a_model_that_errs_is_corrected_by_the_file(
    song: Song, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = LoudnessModel.limited

    def wrong(self: LoudnessModel, *args: float) -> tuple[float | None, float]:
        loudness, reduction = honest(self, *args)  # type: ignore[arg-type]
        return (None if loudness is None else loudness + 0.4), reduction

    monkeypatch.setattr(LoudnessModel, "limited", wrong)
    (result,) = master(
        write(song(6.0)), load_preset("transparent"), [load_target("spotify")], tmp_path / "o"
    ).results
    assert result.after is not None
    assert result.after.integrated_lufs == pytest.approx(-14.0, abs=0.05)
    assert result.passes == 2


def test_a_ceiling_that_rounding_breaks_is_lowered(
    song: Song, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the room that is kept for rounding and dither, 16 bits go over, and it is seen.
    monkeypatch.setattr(attempt, "rounding_headroom", lambda *_, **__: -1e-3)
    (result,) = master(
        write(song(6.0)), load_preset("transparent"), [load_target("cd")], tmp_path / "o"
    ).results
    assert result.passes > 1
    assert result.after is not None
    assert result.after.true_peak_dbtp is not None
    assert result.after.true_peak_dbtp <= -0.3


def test_room_for_rounding_covers_the_worst_that_rounding_can_do() -> None:
    spec = load_target("cd").target.file.spec(RATE, 2)
    # Every sample off by the most that TPDF and rounding allow, with the signs of a kernel phase.
    worst = max(float(np.abs(1.5 * 2.0**-15 * np.sign(phase) @ phase)) for phase in KERNEL)
    assert rounding_headroom(spec, dither="tpdf") == pytest.approx(worst)
    assert 20 * math.log10(1.0 + worst / 0.966) < 0.005  # of a -0.3 dBTP ceiling


@pytest.mark.parametrize("stage", ["measuring", "running", "writing"])
def test_broken_off_leaves_nothing(
    song: Song,
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def stop(what: str, done: float) -> None:
        del done
        if what.startswith(stage):
            raise InterruptedByUserError(15)

    with pytest.raises(InterruptedByUserError):
        master(
            write(song(3.0)),
            load_preset("warm"),
            [load_target("cd")],
            tmp_path / "out",
            progress=stop,
        )
    assert not (tmp_path / "out").exists()
    assert list(temporary.iterdir()) == []


def test_other_meters_agree_on_the_file(song: Song, write: Write, tmp_path: Path) -> None:
    """FFmpeg's ebur128: 0.05 LU, and 0.1 dB of true peak on music.

    Music: little above 15 kHz. On full-band noise every meter's kernel finds other peaks.
    """
    from scipy.signal import butter, sosfilt

    mix = write(sosfilt(butter(8, 15_000, fs=RATE, output="sos"), song(10.0)))
    targets = [load_target(name) for name in ("spotify", "cd")]
    for result in master(mix, load_preset("warm"), targets, tmp_path / "o").results:
        assert result.file is not None
        assert result.wanted_lufs is not None
        assert result.ceiling_dbtp is not None
        loudness, peak = ffmpeg_figures(result.file)
        assert loudness == pytest.approx(result.wanted_lufs, abs=0.05)
        assert peak <= result.ceiling_dbtp + 0.1


def ffmpeg_figures(path: Path) -> tuple[float, float]:
    """Integrated loudness and true peak in dB."""
    import av

    samples, rate = soundfile.read(path, always_2d=True)
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="dbl", layout="stereo")
    meter = graph.add("ebur128", "peak=true:framelog=quiet:metadata=1")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples.reshape(1, -1)), format="dbl", layout="stereo"
    )
    frame.sample_rate = rate
    graph.push(frame)
    graph.push(None)
    said: dict[str, str] = {}
    while True:
        try:
            said = dict(graph.pull().metadata) or said
        except (av.error.BlockingIOError, av.error.EOFError):
            break
    highest = max(float(value) for key, value in said.items() if "true_peaks_ch" in key)
    return float(said["lavfi.r128.I"]), 20 * math.log10(highest)
