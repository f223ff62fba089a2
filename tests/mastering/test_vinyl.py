"""What a groove does not like is named, and what it likes passes without a word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.effects.clipper import Clipper
from mixmaster.effects.limiter import Limiter
from mixmaster.effects.saturation import Saturation
from mixmaster.mastering.run import load_preset, load_target, master
from mixmaster.mastering.vinyl import cutting_warnings

RATE = 44_100
Write = Callable[..., Path]


def sine(hz: float, level: float, seconds: float = 4.0) -> Block:
    return level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)


def stereo(mid: Block, side: Block) -> Block:
    return np.stack([mid + side, mid - side])


BURST = np.tile(np.pad(np.hanning(8_000), (0, RATE - 8_000)), 4)
MUSIC = sine(80.0, 0.2) + sine(700.0, 0.2) + sine(3_000.0, 0.05)


@pytest.mark.parametrize(
    ("mid", "side", "said"),
    [
        (MUSIC, 0.0 * MUSIC, None),
        (MUSIC, sine(700.0, 0.15), None),  # wide, but not in the bass
        (MUSIC, sine(80.0, 0.1), "below 150 Hz the sides are only 6 dB under the middle"),
        (MUSIC + sine(11.0, 0.05), 0.0 * MUSIC, "below 20 Hz"),
        (MUSIC + sine(18_000.0, 0.02), 0.0 * MUSIC, "above 16000 Hz"),
        (MUSIC + sine(7_000.0, 0.6) * BURST, 0.0 * MUSIC, "4 sharp"),
    ],
)
def test_each_fault_is_named_alone(write: Write, mid: Block, side: Block, said: str | None) -> None:
    found = cutting_warnings(write(stereo(mid, side)), [])
    assert len(found) == (said is not None), found
    assert said is None or said in found[0]


def test_the_chain_is_asked_too(write: Write) -> None:
    path = write(stereo(MUSIC, 0.0 * MUSIC))
    peaks = [
        Clipper(ceiling_dbfs=-3.0),
        Limiter(ceiling_dbtp=-1.0),
        Saturation(character="soft_clip", drive_db=3.0),
        Saturation(character="tape", drive_db=3.0),
        Clipper(ceiling_dbfs=-3.0, bypass=True),
    ]
    found = cutting_warnings(path, peaks)
    assert [text.split()[2] for text in found] == ["clipper", "limiter", "saturation"]


def test_a_side_is_only_so_long(write: Write) -> None:
    rate = 8_000
    mono = np.zeros((1, 16 * 60 * rate), dtype=np.float32)
    mono[0, ::100] = 0.1
    found = [text for text in cutting_warnings(write(mono, "long.wav", rate), []) if "min" in text]
    assert len(found) == 1
    assert "16.0 min: a 12 inch side at 45 rpm" in found[0]
    assert cutting_warnings(write(0.0 * mono[:, :rate], "silent.wav", rate), []) == ()


def test_a_master_for_vinyl_tells(write: Write, tmp_path: Path) -> None:
    mix = write(stereo(MUSIC, sine(80.0, 0.1)))
    run = master(mix, load_preset("transparent"), [load_target("vinyl")], tmp_path / "o")
    assert any("below 150 Hz" in text for text in run.results[0].warnings)
    assert run.exit_code == 0
