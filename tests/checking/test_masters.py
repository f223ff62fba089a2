"""Masters against a place's limits."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from tests.checking.sessions import RATE_HZ, codes, noise, sine, the, write

from mixmaster.arrays import Block
from mixmaster.checking.findings import CheckReport
from mixmaster.checking.limits import Limits
from mixmaster.checking.masters import check_masters

PLACE = Limits(
    name="place",
    integrated_lufs=-14.0,
    true_peak_dbtp=-1.0,
    container="wav",
    bit_depth=24,
    plain_wav=True,
)
SECONDS = 31.0


def tone(dbfs: float, seconds: float = SECONDS) -> Block:
    """Return a stereo sine of 997 Hz, faded over 10 ms: it reads dbfs LUFS (BS.1770-5)."""
    one = sine(997.0, seconds, 10.0 ** (dbfs / 20.0))
    ramp = np.linspace(0.0, 1.0, 441)
    one[:441] *= ramp
    one[-441:] *= ramp[::-1]
    return np.stack([one, one])


def check(path: Path, limits: Limits = PLACE) -> CheckReport:
    return check_masters([path], [limits], codecs=(), threads=2)


def test_a_master_on_target_passes(tmp_path: Path) -> None:
    report = check(write(tmp_path / "a.wav", tone(-14.0)))
    assert report.findings == ()
    assert report.passes(strict=True)
    (figures,) = report.figures.values()
    assert figures["integrated_lufs"] == pytest.approx(-14.0, abs=0.05)


@pytest.mark.parametrize(("dbfs", "off"), [(-12.0, 2.0), (-14.6, -0.6)])
def test_loudness(tmp_path: Path, dbfs: float, off: float) -> None:
    report = check(write(tmp_path / "a.wav", tone(dbfs)))
    found = the(report, "loudness")
    assert not report.passes()
    assert found.figure == pytest.approx(-14.0 + off, abs=0.05)
    assert codes(report) == {"loudness"}


def test_true_peak_and_the_rule_for_loud_masters(tmp_path: Path) -> None:
    limits = Limits(name="p", true_peak_dbtp=-1.0)
    hot = write(tmp_path / "hot.wav", tone(-0.5))
    assert the(check(hot, limits), "true_peak").figure == pytest.approx(-0.5, abs=0.02)
    rule = Limits(name="p", true_peak_dbtp=-1.0, louder_than_lufs=-14.0, louder_true_peak_dbtp=-2.0)
    loud = write(tmp_path / "loud.wav", tone(-1.5))
    assert check(loud, limits).passes()
    assert the(check(loud, rule), "true_peak").severity == "error"


def test_format(tmp_path: Path) -> None:
    deep = write(tmp_path / "deep.wav", tone(-14.0), subtype="FLOAT")
    assert the(check(deep), "bit_depth").severity == "error"
    slow = write(tmp_path / "slow.wav", np.stack([noise(1, 32_000 * 31, 0.1)] * 2), 32_000)
    assert the(check(slow), "rate").figure == 32_000.0
    cd = Limits(name="cd", bit_depth=16, sample_rate_hz=44_100)
    other = write(tmp_path / "48.wav", np.stack([noise(1, 48_000 * 31, 0.1)] * 2), 48_000)
    assert {"rate", "bit_depth"} <= codes(check(other, cd))
    flac = write(tmp_path / "a.flac", tone(-14.0))
    found = the(check(flac), "format")
    assert found.severity == "warning"
    mp3 = tmp_path / "a.mp3"
    import soundfile as sf

    sf.write(mp3, tone(-14.0).T, RATE_HZ)
    assert the(check(mp3), "format").severity == "error"


def test_a_wav_must_be_plain(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(-14.0))
    data = path.read_bytes() + b"id3 " + struct.pack("<I", 4) + b"tags"
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    assert "id3" in the(check(path), "chunks").text
    extensible = tmp_path / "b.wav"
    import soundfile as sf

    sf.write(extensible, tone(-14.0).T, RATE_HZ, format="WAVEX", subtype="PCM_24")
    assert "0xfffe" in the(check(extensible), "format_tag").text
    easy = Limits(name="easy")
    assert the(check(extensible, easy), "format_tag").severity == "warning"


def test_edges(tmp_path: Path) -> None:
    gap = np.zeros((2, 3 * RATE_HZ))
    late = write(tmp_path / "late.wav", np.concatenate([gap, tone(-14.0)], axis=1))
    found = the(check(late), "silence_head")
    assert found.figure == pytest.approx(3.0, abs=0.01)
    assert found.severity == "warning"
    cut = tone(-14.0)[:, : round((SECONDS - 0.5) * RATE_HZ) + 11]
    abrupt = the(check(write(tmp_path / "cut.wav", cut)), "abrupt_edge")
    assert abrupt.time_s == pytest.approx(SECONDS - 0.5, abs=0.01)
    short = write(tmp_path / "short.wav", tone(-14.0, 10.0))
    assert the(check(short), "length").figure == pytest.approx(10.0)


def test_mono(tmp_path: Path) -> None:
    apart = tone(-14.0) * np.array([[1.0], [-0.9]])
    report = check(write(tmp_path / "apart.wav", apart), Limits(name="p"))
    expected = -10.0 * np.log10(0.05**2 / 0.905)
    assert the(report, "mono_loss").figure == pytest.approx(expected, abs=0.1)
    mono = write(tmp_path / "mono.wav", tone(-14.0)[0])
    assert the(check(mono, Limits(name="p")), "channels").severity == "warning"


def test_codecs_bring_overs(tmp_path: Path) -> None:
    # Noise clipped at -0.1 dBFS: an encoder rounds its corners, and they stick out.
    flat = np.clip(noise(1, 5 * RATE_HZ, 1.0), -0.98, 0.98)
    path = write(tmp_path / "dense.wav", np.stack([flat, flat]))
    report = check_masters([path], [Limits(name="p")], threads=2)
    found = [finding for finding in report.findings if finding.code == "codec_over"]
    assert len(found) == 3
    assert all((finding.figure or 0.0) > 0.5 for finding in found)
    quiet = write(tmp_path / "quiet.wav", 0.1 * np.stack([flat, flat]))
    assert "codec_over" not in codes(check_masters([quiet], [Limits(name="p")], threads=2))


def test_what_cannot_be_used_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("not audio")
    report = check(tmp_path / "text.wav")
    assert codes(report) == {"unreadable"}
    assert not report.passes()
