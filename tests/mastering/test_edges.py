"""Top and tail: what is trimmed cannot be heard, fades have their shape, padding its length."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.mastering.edges import Extent
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.results import MasterResult
from mixmaster.mastering.run import MasterOptions, NamedTarget, master
from mixmaster.mixing.plan import Section

RATE = 44_100
MakeSong = Callable[..., Block]
Write = Callable[..., Path]
MakePreset = Callable[[str], MasteringPreset]
MakeTarget = Callable[..., NamedTarget]

LIMITER = '[[insert]]\neffect = "limiter"\n'
FLOAT = '[file]\nformat = "wav"\nbit_depth = 32\n'
FIGURES = "integrated_lufs = -16.0\ntrue_peak_dbtp = -1.0\n"


@pytest.fixture
def delivered(
    write: Write, preset: MakePreset, target: MakeTarget, tmp_path: Path
) -> Callable[..., tuple[Block, MasterResult]]:
    """A function that masters a signal and returns the file's samples and the result."""

    def delivered(signal: Block, edges: str = "", **told: object) -> tuple[Block, MasterResult]:
        options = MasterOptions(**told)  # type: ignore[arg-type]
        place = target(FIGURES + FLOAT + (f"[edges]\n{edges}" if edges else ""))
        output = tmp_path / "out.wav"
        (result,) = master(write(signal), preset(LIMITER), [place], output, options).results
        assert result.file is not None, result.refused
        return soundfile.read(output, always_2d=True)[0].T, result

    return delivered


Delivered = Callable[..., tuple[Block, MasterResult]]


def test_silence_is_trimmed_with_a_margin(song: MakeSong, delivered: Delivered) -> None:
    music = song(4.0)
    silent = np.zeros((2, 2 * RATE))
    whole = np.concatenate((silent, music, silent), axis=1)
    kept, result = delivered(whole, "trim = true\n", loudness_lufs=-30.0)
    assert result.gain_db is not None
    assert result.trimmed_head_s == pytest.approx(1.9, abs=0.02)
    assert result.trimmed_tail_s == pytest.approx(1.5, abs=0.1)  # meters ring a little
    start = round(result.trimmed_head_s * RATE)
    wanted = whole[:, start : start + kept.shape[1]] * 10 ** (result.gain_db / 20)
    assert np.abs(kept - wanted).max() < 1e-7
    assert not np.any(kept[:, :100])


@pytest.mark.parametrize("level_db", [-50.0, -62.0])
def test_a_breath_before_the_first_word_is_kept(
    song: MakeSong, delivered: Delivered, level_db: float
) -> None:
    rng = np.random.default_rng(3)
    breath = 10 ** (level_db / 20) * rng.standard_normal((2, round(0.4 * RATE)))
    breath *= np.hanning(breath.shape[1])
    pause = np.zeros((2, RATE))
    whole = np.concatenate((pause, breath, pause, song(4.0)), axis=1)
    _, result = delivered(whole, "trim = true\n")
    assert result.trimmed_head_s <= 1.0


def test_a_tail_is_kept_as_long_as_16_bits_would_hold_it(
    song: MakeSong, delivered: Delivered
) -> None:
    rng = np.random.default_rng(3)
    t = np.arange(8 * RATE) / RATE
    tail = 0.1 * 10 ** (-0.6 * t) * rng.standard_normal((2, t.size))  # 12 dB a second, 5 s RT60
    music = song(4.0)
    _, result = delivered(np.concatenate((music, tail), axis=1), "trim = true\n")
    # A master at -16 LUFS: what is cut lies under -92 LUFS, so over 5.5 s of the tail stay.
    assert 8.0 - result.trimmed_tail_s > 5.5


def test_a_rooms_tone_is_no_silence(song: MakeSong, delivered: Delivered) -> None:
    rng = np.random.default_rng(3)
    music = np.pad(song(4.0), ((0, 0), (2 * RATE, 2 * RATE)))
    room = music + 10 ** (-72 / 20) * rng.standard_normal(music.shape)
    _, result = delivered(room, "trim = true\n")
    assert (result.trimmed_head_s, result.trimmed_tail_s) == (0.0, 0.0)


def test_nothing_is_trimmed_unasked(song: MakeSong, delivered: Delivered) -> None:
    whole = np.pad(song(3.0), ((0, 0), (RATE, RATE)))
    kept, _ = delivered(whole)
    assert kept.shape[1] == whole.shape[1]
    trimmed, _ = delivered(whole, trim=True)
    assert trimmed.shape[1] < whole.shape[1]
    kept, _ = delivered(whole, "trim = true\n", trim=False)
    assert kept.shape[1] == whole.shape[1]


def test_fades_and_padding(song: MakeSong, delivered: Delivered) -> None:
    music = song(5.0)
    edges = "fade_in_ms = 500.0\npad_head_ms = 250.0\n"
    # So quiet that nothing is limited: all is the mix times a gain.
    out, result = delivered(music, edges, fade_out_s=2.0, pad_tail_s=1.5, loudness_lufs=-30.0)
    assert result.gain_db is not None
    head, tail = round(RATE / 4), round(RATE * 1.5)
    assert out.shape[1] == music.shape[1] + head + tail
    assert not np.any(out[:, :head])
    assert not np.any(out[:, -tail:])
    up, down = RATE // 2, 2 * RATE
    shape = np.ones(music.shape[1])
    shape[:up] = 0.5 - 0.5 * np.cos(np.pi * (np.arange(up) + 0.5) / up)
    shape[-down:] = 0.5 + 0.5 * np.cos(np.pi * (np.arange(down) + 0.5) / down)
    wanted = music * shape * 10 ** (result.gain_db / 20)
    assert np.abs(out[:, head:-tail] - wanted).max() < 1e-7
    # The loudness is that of what was written, and found at once: the model knows of the fades.
    assert result.after is not None
    assert result.after.integrated_lufs == pytest.approx(-30.0, abs=0.03)


def test_the_shape_of_a_fade_is_a_raised_cosine() -> None:
    extent = Extent(100, 1_100, fade_in=200, fade_out=400)
    ones = np.ones((2, 1_300))
    blocks = [np.ascontiguousarray(ones[:, i : i + 64]) for i in range(0, 1_300, 64)]
    out = np.concatenate(list(extent.apply(iter(blocks), 2)), axis=1)
    assert out.shape == (2, 1_000)
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(200) + 0.5) / 200)
    fall = 0.5 + 0.5 * np.cos(np.pi * (np.arange(400) + 0.5) / 400)
    assert np.allclose(out[0, :200], rise, atol=1e-15)
    assert np.array_equal(out[1, 200:600], np.ones(400))
    assert np.allclose(out[1, 600:], fall, atol=1e-15)


def test_long_padding_comes_in_blocks() -> None:
    extent = Extent(0, 10, pad_head=3 * BLOCK_FRAMES + 5, pad_tail=7)
    blocks = list(extent.apply(iter([np.ones((1, 10))]), 1))
    assert max(block.shape[1] for block in blocks) == BLOCK_FRAMES
    assert sum(block.shape[1] for block in blocks) == extent.frames == 3 * BLOCK_FRAMES + 22


def test_a_section_has_no_edges(song: MakeSong, delivered: Delivered) -> None:
    out, _ = delivered(song(5.0), "pad_head_ms = 500.0\ntrim = true\n", section=Section(1.0, 3.0))
    assert out.shape[1] == 2 * RATE
    assert np.abs(out[:, :2_000]).max() > 0.01
