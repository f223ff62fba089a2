"""A disc written from files: samples, marks, and every byte of the fileset."""

from __future__ import annotations

import hashlib
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from mixmaster.release.cd.check import check_cd
from mixmaster.release.cd.disc import Disc, DiscTrack
from mixmaster.release.cd.sheet import Mark, Words
from mixmaster.release.cd.write import write_cd

# What cue2ddp 1.1 wrote for the same discs: checksums recorded by the ddp-reverse-eng project
# (exp/003-track2-pregap, exp/024-cdtext-long and exp/031-latin1-cdtext).
CUE2DDP_PREGAP = {
    "DDPID": "187970110683c92c25bdb82256354780",
    "DDPMS": "786f12e522c55f9d6c81e24871d4d79f",
    "SD": "b48acb2e5a9748fce02ec99a161bb687",
    "IMAGE.DAT": "7b4dad7a5114569b4e25550ca6278dda",
}


def pattern(first: int, frames: int) -> npt.NDArray[np.int16]:
    """Frames that say where they are: left the low 16 bits of the frame's number, right the high."""
    number = np.arange(first, first + frames, dtype=np.uint32)
    return np.stack([number & 0xFFFF, number >> 16], axis=1).astype(np.uint16).view(np.int16)


def write_wav(path: Path, samples: npt.NDArray[np.int16]) -> Path:
    soundfile.write(path, samples, 44_100, subtype="PCM_16")
    return path


def read_wav(path: Path) -> npt.NDArray[np.int16]:
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def test_a_fileset_is_the_one_that_cue2ddp_writes(tmp_path: Path) -> None:
    first = write_wav(tmp_path / "1.wav", pattern(0, 600 * 588))
    hidden = write_wav(tmp_path / "h.wav", pattern(600 * 588, 150 * 588))
    second = write_wav(tmp_path / "2.wav", pattern(750 * 588, 750 * 588))
    tracks = [DiscTrack(first), DiscTrack(second, hidden=hidden, gap_s=0.0)]
    result = write_cd(tracks, Disc(dither="none"), tmp_path / "cd")
    assert result.plan.sheet.tracks[1].marks == (Mark(0, 750), Mark(1, 900))
    found = {name: md5(tmp_path / "cd" / "ddp" / name) for name in CUE2DDP_PREGAP}
    assert found == CUE2DDP_PREGAP
    listed = (tmp_path / "cd/ddp/CHECKSUM.MD5").read_text()
    assert listed == "".join(f"{digest} *{name}\n" for name, digest in CUE2DDP_PREGAP.items())
    assert not check_cd(tmp_path / "cd")


def test_a_programme_cut_anywhere_comes_back_whole(tmp_path: Path) -> None:
    whole = pattern(0, 30 * 44_100 + 77)
    cuts = [0, 5 * 44_100 + 1, 11 * 44_100 + 587, 17 * 44_100 + 300, len(whole)]
    tracks = [
        DiscTrack(write_wav(tmp_path / f"{a}.wav", whole[a:b]), Words(f"At {a}"), gap_s=0.0)
        for a, b in zip(cuts, cuts[1:], strict=False)
    ]
    result = write_cd(tracks, Disc(Words("Cut"), dither="none"), tmp_path / "cd")
    back = read_wav(tmp_path / "cd/disc.wav")
    assert np.array_equal(back[: len(whole)], whole)
    assert len(back) == -(-len(whole) // 588) * 588
    assert not back[len(whole) :].any()
    # Marks at or before the cut, by less than a sector; one mark a track, no pause.
    for cut, track in zip(cuts[1:-1], result.plan.sheet.tracks[1:], strict=True):
        assert [mark.index for mark in track.marks] == [1]
        assert 0 <= cut - (track.start - 150) * 588 < 588
    assert not check_cd(tmp_path / "cd")
