"""Masters that are encoded before they are published, and lowered where a codec goes over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mixmaster.arrays import Block
from mixmaster.audio import formats
from mixmaster.audio.lossy import RoundTrip
from mixmaster.audio.source import open_source
from mixmaster.errors import UsageError
from mixmaster.mastering import codec_safe
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.results import MasterRun
from mixmaster.mastering.run import MasterOptions, NamedTarget, master
from mixmaster.metering.true_peak import TruePeakMeter
from mixmaster.units import gain_to_db

RATE = 44_100
LOUD = '[[insert]]\neffect = "limiter"\ncharacter = "loud"\n'
HOT = (
    'integrated_lufs = -9.0\ntrue_peak_dbtp = 0.0\n[[streams]]\ncodec = "vorbis"\n'
    "bitrate_kbps = 96\n"
)

Song = Callable[..., Block]
Write = Callable[..., Path]
MakePreset = Callable[[str], MasteringPreset]
MakeTarget = Callable[..., NamedTarget]


def decoded_dbtp(path: Path) -> float:
    with open_source(path) as source:
        meter = TruePeakMeter(RATE, source.channels)
        blocks = source.blocks()
        for block in RoundTrip(blocks, RATE, source.channels, "vorbis", bitrate_kbps=96):
            meter.update(block)
    return gain_to_db(meter.peak)


@pytest.fixture
def run(
    song: Song, write: Write, tmp_path: Path, preset: MakePreset, target: MakeTarget
) -> Callable[[bool, str], MasterRun]:
    mix, chain = write(song(3.0)), preset(LOUD)

    def run(safe: bool, text: str = HOT) -> MasterRun:
        options = MasterOptions(codec_safe=safe, threads=2)
        return master(mix, chain, [target(text)], tmp_path / str(safe), options)

    return run


def test_the_ceiling_is_lowered_until_no_codec_goes_over_and_the_loudness_stays(
    run: Callable[[bool], MasterRun],
) -> None:
    plain, safe = run(False).results[0], run(True)
    (result,) = safe.results
    assert plain.file is not None
    assert result.file is not None
    assert decoded_dbtp(plain.file) > 0.0
    assert decoded_dbtp(result.file) <= 0.0
    assert result.ceiling_dbtp is not None
    assert result.ceiling_dbtp < 0.0
    assert result.after is not None
    assert result.after.integrated_lufs == pytest.approx(-9.0, abs=0.05)
    assert result.after.true_peak_dbtp is not None
    assert result.after.true_peak_dbtp <= result.ceiling_dbtp
    (said,) = [note for note in safe.notes if "behind its codecs" in note]
    assert "was lowered" in said


def test_a_master_that_is_safe_already_is_left_alone(
    run: Callable[[bool, str], MasterRun],
) -> None:
    quiet = HOT.replace("-9.0", "-24.0")
    plain, safe = run(False, quiet).results[0], run(True, quiet).results[0]
    assert plain.sha256 == safe.sha256
    assert safe.ceiling_dbtp == 0.0


def test_what_three_lower_ceilings_do_not_mend_is_refused(
    run: Callable[[bool], MasterRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codec_safe, "_highest", lambda *_: (0.05, "vorbis 96"))
    (result,) = run(True).results
    assert result.file is None
    assert "lowered 3 times" in result.refused
    assert "--ceiling -0.4" in result.refused


def test_aac_without_its_extra_is_said_before_any_work(
    run: Callable[[bool, str], MasterRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "can_encode", lambda kind: kind != "aac")
    with pytest.raises(UsageError, match="PyAV"):
        run(True, HOT.replace("vorbis", "aac"))
