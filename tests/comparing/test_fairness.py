"""What is written is aligned to the sample and equally loud, measured by another meter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from tests.comparing.conftest import RATE, samples

from mixmaster.arrays import Block
from mixmaster.comparing.run import CompareRun
from mixmaster.errors import AudioFileError, UsageError
from mixmaster.mixing.plan import Section

MakeSong = Callable[..., Block]
Write = Callable[..., Path]
Compare = Callable[..., CompareRun]
LSB = 2.0**-23


def other_meters_lufs(run: CompareRun) -> list[float]:
    """Integrated loudness by pyloudnorm with the ITU's coefficients."""
    meter = pyloudnorm.Meter(run.session.sample_rate_hz, filter_class="DeMan")
    return [
        float(meter.integrated_loudness(samples(run, i).T))
        for i in range(len(run.session.versions))
    ]


def test_levels_match_and_only_go_down(song: MakeSong, write: Write, ab: Compare) -> None:
    signal = song(6.0)
    squashed = np.tanh(signal * 6.0) * 0.5
    files = [write(signal, "a.wav"), write(squashed, "b.wav"), write(signal * 0.2, "c.wav")]
    run = ab(*files)
    lufs = other_meters_lufs(run)
    assert max(lufs) - min(lufs) < 0.02
    assert run.session.mismatch_lu < 0.002
    assert all(v.gain_db <= 0.0 for v in run.session.versions)
    gains = [v.gain_db for v in run.session.versions]
    assert -0.1 <= gains[2] <= 0.0  # the common loudness is a whole tenth
    assert run.session.versions[2].heard.integrated_lufs == pytest.approx(
        round(lufs[2], 1), abs=1e-3
    )
    assert gains[0] - gains[2] == pytest.approx(20 * np.log10(0.2), abs=0.001)
    for i, level in enumerate(lufs):
        assert run.session.versions[i].heard.integrated_lufs == pytest.approx(level, abs=0.02)


def test_the_section_heard_decides(song: MakeSong, write: Write, ab: Compare) -> None:
    # One is louder at the beginning, the other at the end.
    signal = song(10.0)
    ramp = np.where(np.arange(signal.shape[1]) < 5 * RATE, 1.0, 0.25)
    run = ab(write(signal, "a.wav"), write(signal * ramp, "b.wav"), section=Section(6.0, 9.0))
    assert run.session.frames == 3 * RATE
    assert run.session.start_s == 6.0
    lufs = other_meters_lufs(run)
    assert lufs[0] == pytest.approx(lufs[1], abs=0.02)
    gains = [v.gain_db for v in run.session.versions]
    assert gains[0] - gains[1] == pytest.approx(-12.04, abs=0.01)


def test_quiet_versions_near_the_gate_match(song: MakeSong, write: Write, ab: Compare) -> None:
    # Attenuated, the quiet quarter falls under the absolute gate at -70 LUFS.
    signal = song(8.0)
    run = ab(write(signal, "a.wav"), write(signal * 0.004, "b.wav"))
    lufs = other_meters_lufs(run)
    assert lufs[0] == pytest.approx(lufs[1], abs=0.03)
    assert any("quieter than the loudest" in note for note in run.session.notes)


def test_offsets_are_taken_out_to_the_sample(song: MakeSong, write: Write, ab: Compare) -> None:
    signal = song(12.0)
    late = np.concatenate([np.zeros((2, 30_011)), signal], axis=1) * 0.5
    early = -signal[:, 7_777:]
    run = ab(write(signal, "a.wav"), write(late, "b.wav"), write(early, "c.wav"))
    found = [v.alignment for v in run.session.versions]
    assert [a.offset_samples for a in found] == [0, 30_011, -7_777]
    assert [a.polarity_inverted for a in found] == [False, False, True]
    assert all(abs(a.fraction_samples) < 0.01 for a in found)
    # They share what the third has; gains undone, the same samples but for rounding and dither.
    expected = signal[:, 7_777:]
    for i, sign in enumerate((1.0, 1.0, -1.0)):
        version = run.session.versions[i]
        level = {0: 1.0, 1: 0.5, 2: 1.0}[i] * 10 ** (version.gain_db / 20)
        assert np.abs(samples(run, i) - sign * expected * level).max() <= 2 * LSB
    # Inverted ones are added: the difference is dither alone.
    assert all(p.identical or (p.difference_db or 0.0) < -90 for p in run.session.pairs)


def test_rates_are_converted_and_stay_aligned(song: MakeSong, write: Write, ab: Compare) -> None:
    import soxr

    signal = song(6.0)
    fast = soxr.resample(signal.T, RATE, 96_000, quality="VHQ").T
    run = ab(write(signal, "a.wav"), write(fast, "b.wav", 96_000))
    assert run.session.sample_rate_hz == 96_000
    assert run.session.versions[1].alignment.offset_samples == 0
    assert "converted from 44100 to 96000 Hz" in run.session.versions[0].notes
    assert (run.session.pairs[0].difference_db or 0.0) < -80.0
    back = ab(write(signal, "a.wav"), write(fast, "b.wav", 96_000), sample_rate_hz=48_000)
    assert back.session.sample_rate_hz == 48_000


def test_mono_is_heard_from_both_loudspeakers(song: MakeSong, write: Write, ab: Compare) -> None:
    signal = song(5.0)
    mono = signal.mean(axis=0, keepdims=True)
    run = ab(write(np.repeat(mono, 2, axis=0), "stereo.wav"), write(mono, "mono.wav"))
    assert run.session.pairs[0].identical
    assert -0.1 <= run.session.versions[1].gain_db <= 0.0
    originals = [v.original.integrated_lufs for v in run.session.versions]
    assert originals[0] == pytest.approx(originals[1], abs=1e-6)
    assert "mono: heard from both loudspeakers" in run.session.versions[1].notes


def test_nothing_clips(song: MakeSong, write: Write, ab: Compare) -> None:
    signal = song(4.0)
    hot = signal / np.abs(signal).max() * 1.7  # float: over full scale
    run = ab(write(hot, "a.wav"), write(np.roll(hot, 3, axis=0), "b.wav"), unmatched=True)
    assert run.session.level == "unmatched"
    assert np.abs(samples(run, 0)).max() < 1.0
    assert run.session.versions[0].gain_db == pytest.approx(-20 * np.log10(1.7), abs=0.01)
    assert any("none is clipped" in note for note in run.session.notes)


def test_levels_of_the_page_lead_from_file_to_level(
    song: MakeSong, write: Write, ab: Compare
) -> None:
    signal = song(5.0)
    for unmatched in (False, True):
        run = ab(write(signal, "a.wav"), write(signal * 0.5, "b.wav"), unmatched=unmatched)
        matched, plain = run.session.levels
        files = [v.gain_db for v in run.session.versions]
        played = [f + g for f, g in zip(files, plain.gains_db, strict=True)]
        assert played == pytest.approx([0.0, 0.0], abs=1e-6)
        played = [f + g for f, g in zip(files, matched.gains_db, strict=True)]
        assert played[0] - played[1] == pytest.approx(-6.0206, abs=1e-3)
        assert matched.spread_lu == pytest.approx(0.0, abs=0.001)
        assert plain.spread_lu == pytest.approx(6.0206, abs=0.001)


def test_a_platform_turns_down_and_up_only_as_far_as_peaks_allow(
    song: MakeSong, write: Write, ab: Compare
) -> None:
    signal = np.tanh(song(6.0) * 8.0)
    meter = pyloudnorm.Meter(RATE, filter_class="DeMan")
    lufs = float(meter.integrated_loudness(signal.T))
    loud = signal * 10 ** ((-12.0 - lufs) / 20)
    quiet = signal * 10 ** ((-18.0 - lufs) / 20)
    files = (write(loud, "a.wav"), write(quiet, "b.wav"))
    raised = ab(*files, target="spotify").session
    kept = ab(*files, target="youtube").session
    for session, raises in ((raised, True), (kept, False)):
        platform = session.levels[2]
        gains = [v.gain_db + g for v, g in zip(session.versions, platform.gains_db, strict=True)]
        whole = [v.original.integrated_lufs for v in session.versions]
        assert gains[0] == pytest.approx(-14.0 - (whole[0] or 0.0), abs=1e-6)
        room = -1.0 - (session.versions[1].original.true_peak_dbtp or 0.0)
        expected = min(-14.0 - (whole[1] or 0.0), room) if raises else 0.0
        assert gains[1] == pytest.approx(max(0.0, expected), abs=1e-6)


def test_lengths_that_differ_are_told_and_refused_beyond_reason(
    song: MakeSong, write: Write, ab: Compare
) -> None:
    signal = song(20.0)
    whole, most = write(signal, "a.wav"), write(signal[:, : 15 * RATE], "b.wav")
    run = ab(whole, most)
    assert run.session.frames == 15 * RATE
    assert "its last 5.00 s are not heard: others end sooner" in run.session.versions[0].notes
    little = write(signal[:, : 6 * RATE], "c.wav")
    with pytest.raises(UsageError, match=r"share 6\.0 s"):
        ab(whole, little)
    assert ab(whole, little, section=Section(1.0, 5.0)).session.frames == 4 * RATE
    with pytest.raises(UsageError, match="not in all versions"):
        ab(whole, little, section=Section(1.0, 7.0))


def test_another_song_is_refused_but_may_be_a_reference(
    song: MakeSong, write: Write, ab: Compare
) -> None:
    one, two = write(song(12.0), "a.wav"), write(song(12.0) * 0.5, "b.wav")
    other = write(song(9.0, seed=9), "other.wav")
    with pytest.raises(UsageError, match="--reference takes another song"):
        ab(one, other)
    assert ab(one, other, align=False).session.versions[1].alignment.aligned is False
    run = ab(one, two, reference=other)
    reference = run.session.versions[2]
    assert reference.kind == "reference"
    assert not reference.alignment.aligned
    assert run.session.frames == 12 * RATE
    assert np.abs(samples(run, 2)[:, 9 * RATE + 1 :]).max() <= LSB  # dither
    lufs = other_meters_lufs(run)
    assert max(lufs) - min(lufs) < 0.02


def test_silence_is_named(song: MakeSong, write: Write, ab: Compare, tmp_path: Path) -> None:
    signal = song(5.0)
    silent = np.zeros_like(signal)
    with pytest.raises((AudioFileError, UsageError), match="silent"):
        ab(write(signal, "a.wav"), write(silent, "silent.wav"), align=False)
    assert not (tmp_path / "ab").exists()


def test_thirty_versions(song: MakeSong, write: Write, ab: Compare) -> None:
    signal = song(0.8)
    files = [write(signal * (0.4 + 0.02 * i), f"v{i}.wav") for i in range(30)]
    run = ab(*files)
    assert len(run.session.versions) == 30
    assert len(run.session.pairs) == 435
    lufs = [v.heard.integrated_lufs or 0.0 for v in run.session.versions]
    assert max(lufs) - min(lufs) < 0.002


def test_the_files_are_what_the_session_says(song: MakeSong, write: Write, ab: Compare) -> None:
    signal = song(3.0)
    run = ab(write(signal, "a.wav"), write(signal * 0.5, "b.wav"))
    for version in run.session.versions:
        path = run.folder / version.audio.file
        info = soundfile.info(path)
        assert (info.format, info.subtype, info.channels) == ("FLAC", "PCM_24", 2)
        assert info.frames == run.session.frames
        assert path.stat().st_size == version.audio.bytes
