"""A disc written from files: every sample, every mark, and every byte of the fileset."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tests.release.discs import md5, pattern, read_wav, write_wav

from mixmaster.errors import AudioFileError, OutputError, RefusedError, UsageError
from mixmaster.release.cd.check import check_cd
from mixmaster.release.cd.disc import Disc, DiscTrack
from mixmaster.release.cd.sheet import Mark, Words
from mixmaster.release.cd.write import write_cd
from mixmaster.release.discs.sequence import Law

# What cue2ddp 1.1 wrote for the same disc: checksums that the ddp-reverse-eng project recorded
# (exp/003-track2-pregap), for the frames of `pattern`.
CUE2DDP = {
    "DDPID": "187970110683c92c25bdb82256354780",
    "DDPMS": "786f12e522c55f9d6c81e24871d4d79f",
    "SD": "b48acb2e5a9748fce02ec99a161bb687",
    "IMAGE.DAT": "7b4dad7a5114569b4e25550ca6278dda",
}
UNDITHERED = Disc(dither="none")


def tone(path: Path, seconds: float, level: float = 0.25, hz: float = 441.0) -> Path:
    time = np.arange(round(seconds * 44_100)) / 44_100
    wave = level * np.cos(2 * np.pi * hz * time)
    return write_wav(path, np.stack([wave, -wave], axis=1).astype(np.float32))


def test_a_fileset_is_the_one_that_cue2ddp_writes(tmp_path: Path) -> None:
    first = write_wav(tmp_path / "1.wav", pattern(0, 600 * 588))
    hidden = write_wav(tmp_path / "h.wav", pattern(600 * 588, 150 * 588))
    second = write_wav(tmp_path / "2.wav", pattern(750 * 588, 750 * 588))
    tracks = [DiscTrack(first), DiscTrack(second, hidden=hidden, gap_s=0.0)]
    result = write_cd(tracks, UNDITHERED, tmp_path / "cd")
    assert result.plan.sheet.tracks[1].marks == (Mark(0, 750), Mark(1, 900))
    found = {name: md5(tmp_path / "cd/ddp" / name) for name in CUE2DDP}
    assert found == CUE2DDP
    listed = (tmp_path / "cd/ddp/CHECKSUM.MD5").read_bytes()
    assert listed.decode() == "".join(f"{digest} *{name}\n" for name, digest in CUE2DDP.items())
    assert not check_cd(tmp_path / "cd")


def test_a_programme_cut_anywhere_nulls_against_the_whole(tmp_path: Path) -> None:
    whole = pattern(0, 30 * 44_100 + 77)
    cuts = [0, 5 * 44_100 + 1, 11 * 44_100 + 587, 17 * 44_100 + 300, len(whole)]
    tracks = [
        DiscTrack(write_wav(tmp_path / f"{first}.wav", whole[first:stop]), gap_s=0.0)
        for first, stop in pairwise(cuts)
    ]
    result = write_cd(tracks, UNDITHERED, tmp_path / "cd")
    back = read_wav(tmp_path / "cd/disc.wav")
    assert np.array_equal(back[: len(whole)], whole)
    assert len(back) == -(-len(whole) // 588) * 588
    assert not back[len(whole) :].any()
    # Marks at or before the cut, by less than a sector; one mark a track, no pause.
    for cut, track in zip(cuts[1:-1], result.plan.sheet.tracks[1:], strict=True):
        assert [mark.index for mark in track.marks] == [1]
        assert 0 <= cut - (track.start - 150) * 588 < 588


def test_cut_or_whole_the_dither_is_one(tmp_path: Path) -> None:
    """Dithered over the whole disc: where tracks are cut changes no sample."""
    rng = np.random.default_rng(8)
    whole = rng.uniform(-0.5, 0.5, (20 * 44_100, 2)).astype(np.float32)
    cut = 7 * 44_100 + 123
    parts = [
        write_wav(tmp_path / "a.wav", whole[:cut]),
        write_wav(tmp_path / "b.wav", whole[cut:]),
    ]
    one = [DiscTrack(write_wav(tmp_path / "whole.wav", whole))]
    for dither in ("tpdf", "shaped"):
        disc = Disc(dither=dither)
        write_cd(one, disc, tmp_path / f"{dither}-one")
        write_cd([DiscTrack(path, gap_s=0.0) for path in parts], disc, tmp_path / f"{dither}-two")
        found = read_wav(tmp_path / f"{dither}-two/disc.wav")
        assert np.array_equal(found, read_wav(tmp_path / f"{dither}-one/disc.wav"))
    plain = read_wav(tmp_path / "tpdf-one/disc.wav")[: len(whole)] - 32_768.0 * whole
    # Rounding and two uniform values, each of LSB^2 / 12: LSB^2 / 4 in all, mean 0.
    assert np.mean(plain**2) == pytest.approx(0.25, rel=0.02)
    assert abs(np.mean(plain)) < 0.005
    assert np.abs(plain).max() <= 1.5


def test_two_writings_are_the_same_bytes(tmp_path: Path) -> None:
    track = DiscTrack(tone(tmp_path / "a.wav", 6.0), Words("A"))
    for name in ("one", "two"):
        write_cd([track], Disc(Words("D")), tmp_path / name)
    one, two = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*.*")
        }
        for name in ("one", "two")
    )
    assert one == two
    assert len(one) == 6


def test_gaps_begin_tracks_on_marks_and_pause_before_them(tmp_path: Path) -> None:
    first = write_wav(tmp_path / "1.wav", pattern(1, 5 * 44_100 + 7))
    second = write_wav(tmp_path / "2.wav", pattern(9, 5 * 44_100))
    result = write_cd([DiscTrack(first), DiscTrack(second)], UNDITHERED, tmp_path / "cd")
    back = read_wav(tmp_path / "cd/disc.wav")
    pause, start = (mark.sector - 150 for mark in result.plan.sheet.tracks[1].marks)
    # 7 s and 7 frames: the nearest sector is the 525th; the pause begins behind the last frame.
    assert (pause, start) == (376, 525)
    assert np.array_equal(back[: len(pattern(1, 5 * 44_100 + 7))], pattern(1, 5 * 44_100 + 7))
    assert not back[5 * 44_100 + 7 : start * 588].any()
    assert np.array_equal(back[start * 588 :], pattern(9, 5 * 44_100))


def test_crossfades_keep_power_or_amplitude(tmp_path: Path) -> None:
    constant = np.full((6 * 44_100, 2), 0.25, dtype=np.float32)
    first, second = (write_wav(tmp_path / f"{name}.wav", constant) for name in "ab")
    laws: dict[Law, float] = {"linear": 0.25, "equal_power": 0.25 * np.sqrt(2.0)}
    for law, middle in laws.items():
        track = DiscTrack(second, crossfade_s=1.0, crossfade_law=law)
        result = write_cd([DiscTrack(first), track], UNDITHERED, tmp_path / law)
        back = read_wav(tmp_path / law / "disc.wav") / 32_768.0
        assert result.plan.layout.tracks[1].start_frame == 5 * 44_100
        # Like material: linear keeps it as it is, equal power is 3 dB up in the middle.
        assert back[int(5.5 * 44_100), 0] == pytest.approx(middle, abs=1 / 32_768)
        assert back[5 * 44_100 - 1, 0] == back[6 * 44_100, 0] == 0.25
        if law == "linear":
            assert np.array_equal(back[: 11 * 44_100], np.full((11 * 44_100, 2), 0.25))


def test_hidden_audio_lies_before_the_first_mark(tmp_path: Path) -> None:
    secret = write_wav(tmp_path / "s.wav", pattern(3, 3 * 44_100 + 100))
    first = write_wav(tmp_path / "1.wav", pattern(7, 5 * 44_100))
    result = write_cd([DiscTrack(first, hidden=secret)], UNDITHERED, tmp_path / "cd")
    start = result.plan.sheet.tracks[0].start
    assert result.plan.sheet.tracks[0].marks[0] == Mark(0, 0)
    back = read_wav(tmp_path / "cd/disc.wav")
    at = (start - 150) * 588
    assert np.array_equal(back[at : at + 5 * 44_100], pattern(7, 5 * 44_100))
    assert np.array_equal(back[at - (3 * 44_100 + 100) : at], pattern(3, 3 * 44_100 + 100))
    lines = (tmp_path / "cd/disc.cue").read_text("latin-1").splitlines()
    assert "    INDEX 00 00:00:00" in lines
    assert "    INDEX 01 00:03:01" in lines
    assert not check_cd(tmp_path / "cd")


def test_mono_goes_to_both_channels_and_is_told(tmp_path: Path) -> None:
    mono = pattern(1, 5 * 44_100)[:, 0]
    result = write_cd([DiscTrack(write_wav(tmp_path / "m.wav", mono))], UNDITHERED, tmp_path / "cd")
    back = read_wav(tmp_path / "cd/disc.wav")
    assert np.array_equal(back, np.stack([mono, mono], axis=1))
    assert "m.wav is mono" in result.notes[0]


def test_full_scale_is_never_passed_in_silence(tmp_path: Path) -> None:
    loud = tone(tmp_path / "a.wav", 6.0, 0.9, 0.0)
    track = DiscTrack(loud, crossfade_s=1.0)
    with pytest.raises(RefusedError, match="passes full scale") as caught:
        write_cd([DiscTrack(loud), track], Disc(), tmp_path / "cd")
    # 0.9 and 0.9 in the middle of a fade of equal power: 0.9 sqrt(2), the largest of its blocks.
    assert caught.value.figures["sample_peak_dbfs"] == pytest.approx(2.095, abs=0.01)
    assert not (tmp_path / "cd").exists()


def test_full_scale_itself_is_held_and_told(tmp_path: Path) -> None:
    result = write_cd([DiscTrack(tone(tmp_path / "a.wav", 5.0, 1.0))], Disc(), tmp_path / "cd")
    assert read_wav(tmp_path / "cd/disc.wav").max() == 32_767
    assert result.clipped_samples > 0
    assert result.notes[-1].startswith(f"{result.clipped_samples} samples at full scale")


def test_16_bits_are_carried_over_only_without_dither(tmp_path: Path) -> None:
    track = DiscTrack(write_wav(tmp_path / "a.wav", pattern(1, 5 * 44_100)))
    assert "a.wav has 16 bits already" in write_cd([track], Disc(), tmp_path / "1").notes[0]
    assert write_cd([track], UNDITHERED, tmp_path / "2").notes == ()


def test_wrong_sources_are_named_before_anything_is_written(tmp_path: Path) -> None:
    fast = write_wav(tmp_path / "fast.wav", pattern(0, 240_000), 48_000)
    with pytest.raises(AudioFileError, match=r"fast\.wav: it has 2 channels at 48000 Hz"):
        write_cd([DiscTrack(fast)], Disc(), tmp_path / "cd")
    short = tone(tmp_path / "short.wav", 3.0)
    with pytest.raises(UsageError, match=r"track 1: it lasts 3\.00 s"):
        write_cd([DiscTrack(short)], Disc(), tmp_path / "cd")
    assert not (tmp_path / "cd").exists()


def test_what_is_there_stays_there(tmp_path: Path) -> None:
    track = DiscTrack(tone(tmp_path / "a.wav", 5.0), Words("A"))
    (tmp_path / "cd").mkdir()
    mine = tmp_path / "cd/disc.wav"
    mine.write_bytes(b"mine")
    with pytest.raises(OutputError, match="it exists"):
        write_cd([track], Disc(), tmp_path / "cd")
    assert [path.name for path in (tmp_path / "cd").iterdir()] == ["disc.wav"]
    write_cd([track], Disc(), tmp_path / "cd", overwrite=True)
    assert (tmp_path / "cd/ddp/CDTEXT.BIN").exists()
    # Written again without texts, the old ones do not stay behind.
    write_cd([track], Disc(cd_text=False), tmp_path / "cd", overwrite=True)
    assert not check_cd(tmp_path / "cd")
    with pytest.raises(OutputError, match="also an input"):
        write_cd([DiscTrack(mine)], Disc(), tmp_path / "cd", overwrite=True)
    assert md5(mine) in (tmp_path / "cd/disc.md5").read_text()
