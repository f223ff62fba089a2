"""Planted faults in stems: found at their time, with the right figure, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from tests.checking.sessions import RATE_HZ, bursts, codes, delayed, noise, sine, the, write

from mixmaster.checking.findings import CheckReport
from mixmaster.checking.stems import check_stems

TEST_AUDIO = Path(__file__).parent.parent.parent / "test_audio"
SECONDS = 10.0
FRAMES = round(SECONDS * RATE_HZ)


def check(folder: Path) -> CheckReport:
    return check_stems(sorted(folder.glob("*.*")), threads=2)


def two_microphones(folder: Path, *, late_ms: float = 0.0, gain: float = 0.7) -> None:
    """Write two microphones on one source, and a stem that has nothing to do with it."""
    source = bursts(1)
    write(folder / "1 Gtr Near.wav", source + noise(2, FRAMES, 3e-4))
    write(folder / "2 Gtr Far.wav", gain * delayed(source, late_ms) + noise(3, FRAMES, 3e-4))
    write(folder / "3 Keys.wav", bursts(4) + noise(5, FRAMES, 3e-4))


def test_clean_stems_have_no_findings(tmp_path: Path) -> None:
    two_microphones(tmp_path)
    assert check(tmp_path).findings == ()


def test_the_demo_song_is_clean() -> None:
    report = check_stems(sorted(TEST_AUDIO.glob("*.flac")), threads=2)
    assert report.passes()
    # The generator puts the amplifier's microphone 0.8 ms behind the DI, and filters it: that is
    # told. All else are distances within the drum room: notes.
    (warning,) = [finding for finding in report.findings if finding.severity == "warning"]
    assert (warning.code, Path(warning.file).name) == ("delay", "08_Bass Amp.flac")
    assert warning.figure == pytest.approx(0.8, abs=0.12)
    assert codes(report) == {"delay", "multi_mono_pair"}
    assert "06_Room.flac" in {Path(finding.file).name for finding in report.findings}


def test_a_turned_polarity(tmp_path: Path) -> None:
    two_microphones(tmp_path, gain=-0.7)
    report = check(tmp_path)
    found = the(report, "polarity")
    assert codes(report) == {"polarity"}
    assert Path(found.file).name == "2 Gtr Far.wav"
    assert found.fix == "polarity = true"
    assert found.fix_file == found.file


def test_the_one_that_stands_against_two_is_turned(tmp_path: Path) -> None:
    source = bursts(1)
    for number, gain in enumerate((-0.8, 0.7, 0.9)):
        signal = gain * source + noise(10 + number, FRAMES, 1e-3)
        write(tmp_path / f"Amp {number}.wav", signal)
    assert Path(the(check(tmp_path), "polarity").file).name == "Amp 0.wav"


@pytest.mark.parametrize("late_ms", [2.3, -2.3, 0.4, 11.0])
def test_a_late_microphone(tmp_path: Path, late_ms: float) -> None:
    two_microphones(tmp_path, late_ms=late_ms)
    report = check(tmp_path)
    found = the(report, "delay")
    early, late = "1 Gtr Near.wav", "2 Gtr Far.wav"
    if late_ms < 0.0:
        early, late = late, early
    assert codes(report) == {"delay"}
    assert found.figure == pytest.approx(abs(late_ms), abs=0.02)
    assert Path(found.file).name == late
    assert Path(found.fix_file).name == early
    assert found.fix == f"delay_ms = {abs(late_ms):.2f}"


def test_no_fix_where_bands_disagree(tmp_path: Path) -> None:
    # A microphone whose amplifier turns everything under 640 Hz, 1 ms late.
    source = bursts(1)
    size = 2 * source.size
    spectrum = np.fft.rfft(delayed(source, 1.0), size)
    spectrum[np.fft.rfftfreq(size, 1.0 / RATE_HZ) < 640.0] *= -1.0
    write(tmp_path / "Bass DI.wav", source)
    write(tmp_path / "Bass Amp.wav", np.fft.irfft(spectrum, size)[:FRAMES])
    found = the(check(tmp_path), "delay")
    assert found.figure == pytest.approx(1.0, abs=0.02)
    assert "4 of 8 bands" in found.text
    assert found.fix == ""


def test_bleed_is_no_alarm(tmp_path: Path) -> None:
    kick, snare, voice = bursts(1), bursts(2), bursts(3)
    bleed = 10.0 ** (-24.0 / 20.0)
    write(tmp_path / "Kick.wav", kick + bleed * delayed(snare, 2.1))
    write(tmp_path / "Snare.wav", snare - bleed * delayed(kick, 2.4))
    write(tmp_path / "Vox.wav", voice + bleed * delayed(snare, 9.0) - bleed * delayed(kick, 8.0))
    assert check(tmp_path).findings == ()


def test_a_tone_in_common_is_no_relation(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", sine(440.0, SECONDS, 0.3))
    phase = np.sin(2.0 * np.pi * 440.0 * np.arange(FRAMES) / RATE_HZ + 1.0)
    write(tmp_path / "b.wav", 0.3 * phase)
    assert not codes(check(tmp_path)) & {"delay", "polarity"}


def test_overheads_anchor(tmp_path: Path) -> None:
    snare, tom = bursts(1), bursts(2)
    write(tmp_path / "Snare.wav", snare)
    write(tmp_path / "Tom.wav", tom)
    write(tmp_path / "OH.wav", delayed(snare, 3.0) + delayed(tom, 2.0))
    found = [finding for finding in check(tmp_path).findings if finding.code == "delay"]
    assert [finding.severity for finding in found] == ["note", "note"]
    assert sorted(round(finding.figure or 0.0, 1) for finding in found) == [2.0, 3.0]
    assert not any(finding.fix for finding in found)


def test_hum_dc_dropout_and_clipping(tmp_path: Path) -> None:
    write(tmp_path / "hum.wav", bursts(1) + sine(60.0, SECONDS, 1e-3))
    write(tmp_path / "dc.wav", bursts(2) + noise(2, FRAMES, 1e-4) + 0.01)
    steady = noise(3, FRAMES, 0.05)
    steady[round(4.0 * RATE_HZ) : round(4.2 * RATE_HZ)] = 0.0
    write(tmp_path / "dropout.wav", steady)
    clipped = 0.4 * sine(441.0, SECONDS, 1.0)
    for at_s in (2.0, 5.0, 8.0):
        part = slice(round(at_s * RATE_HZ), round(at_s * RATE_HZ) + 100)  # one period
        up = clipped[part] > 0.0
        clipped[part][up] = np.minimum(3.0 * clipped[part][up], 0.4)
    write(tmp_path / "clip.wav", clipped, subtype="FLOAT")
    report = check(tmp_path)
    assert codes(report) == {"hum", "dc", "dropout", "clipping"}
    assert the(report, "hum").figure == pytest.approx(-60.0, abs=0.5)
    assert Path(the(report, "hum").file).name == "hum.wav"
    assert the(report, "dc").figure == pytest.approx(0.01, abs=2e-4)
    assert the(report, "dropout").time_s == pytest.approx(4.0, abs=0.005)
    assert the(report, "dropout").figure == pytest.approx(0.2, abs=0.005)
    runs = the(report, "clipping")
    assert runs.figure == 3.0
    assert runs.times_s == pytest.approx((2.0, 5.0, 8.0), abs=0.01)


def test_sixteen_bits_in_twenty_four(tmp_path: Path) -> None:
    coarse = np.rint(bursts(1) * 2**15) / 2**15
    write(tmp_path / "a.wav", coarse)
    write(tmp_path / "b.wav", bursts(2))
    found = the(check(tmp_path), "bit_depth")
    assert (Path(found.file).name, found.figure) == ("a.wav", 16.0)


def test_an_mp3_turned_wav(tmp_path: Path) -> None:
    bright = noise(1, FRAMES, 0.05)
    sf.write(tmp_path / "a.mp3", bright, RATE_HZ)
    decoded, _ = sf.read(tmp_path / "a.mp3")
    (tmp_path / "a.mp3").unlink()
    write(tmp_path / "a.wav", decoded[:FRAMES])
    write(tmp_path / "b.wav", noise(2, FRAMES, 0.05))
    assert Path(the(check(tmp_path), "lossy_origin").file).name == "a.wav"


def test_channels(tmp_path: Path) -> None:
    left, right = bursts(1), bursts(2)
    write(tmp_path / "dead.wav", np.stack([left, 0.0 * left]))
    write(tmp_path / "dual.wav", np.stack([right, right]))
    write(tmp_path / "turned.wav", np.stack([bursts(3), -0.9 * bursts(3)]))
    write(tmp_path / "wide.wav", np.stack([bursts(4), bursts(5)]))
    report = check(tmp_path)
    names = {finding.code: Path(finding.file).name for finding in report.findings}
    assert names == {
        "dead_channel": "dead.wav",
        "dual_mono": "dual.wav",
        "mono_loss": "turned.wav",
    }
    # ((1 - 0.9) / 2)^2 against (1 + 0.81) / 2
    expected = 10.0 * np.log10(0.05**2 / 0.905)
    assert the(report, "mono_loss").figure == pytest.approx(expected, abs=0.05)


def test_what_cannot_be_used_is_a_finding(tmp_path: Path) -> None:
    broken = bursts(1)
    broken[7 * RATE_HZ] = np.nan
    write(tmp_path / "nan.wav", broken, subtype="FLOAT")
    (tmp_path / "text.wav").write_text("not audio")
    write(tmp_path / "silent.wav", np.zeros(FRAMES))
    report = check(tmp_path)
    assert codes(report) == {"not_a_number", "unreadable", "silent"}
    assert the(report, "not_a_number").time_s == pytest.approx(7.0)
    assert not report.passes()


def test_only_bleed(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"{number}.wav", bursts(number))
    write(tmp_path / "lead.wav", 10.0 ** (-40.0 / 20.0) * bursts(9))
    found = the(check(tmp_path), "bleed_only")
    assert Path(found.file).name == "lead.wav"


def test_threads_do_not_matter(tmp_path: Path) -> None:
    two_microphones(tmp_path, late_ms=2.3)
    paths = sorted(tmp_path.glob("*.wav"))
    assert check_stems(paths, threads=1) == check_stems(paths, threads=3)
