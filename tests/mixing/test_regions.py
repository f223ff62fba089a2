"""Regions: where they lie to the sample, how they join, and what is named when they cannot."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.mixing.takes import RATE, Takes, noise

from mixmaster.documents.tempo import TempoMap
from mixmaster.mixing.regions.declared import Region, RegionMode

SECOND = RATE


@pytest.fixture
def song(tmp_path: Path) -> Takes:
    made = Takes(tmp_path)
    made.add("stem.wav", noise(4.0, 1))
    made.add("take2.wav", noise(4.0, 2))
    return made


CUT: dict[str, Any] = {"fade_in_ms": 0.0, "fade_out_ms": 0.0}


def test_a_fix_lies_over_the_stem_and_the_stem_plays_on_around_it(song: Takes) -> None:
    out = song.read({"from_s": 1.0, "to_s": 1.5, "gain_db": -6.0, **CUT})
    expected = song.takes["stem.wav"].copy()
    expected[:, SECOND : SECOND * 3 // 2] *= 10.0 ** (-6.0 / 20.0)
    assert np.array_equal(out, expected)


def test_a_comp_is_what_its_regions_put_together_and_nothing_else(song: Takes) -> None:
    out = song.read(
        {"file": "take2.wav", "from_s": 0.5, "to_s": 1.0, "at_s": 2.0, **CUT},
        {"from_s": 3.0, "at_s": 0.25, **CUT},
        mode="comp",
    )
    expected = np.zeros((1, round(2.5 * RATE)))
    expected[:, 2 * RATE :] = song.takes["take2.wav"][:, RATE // 2 : RATE]
    expected[:, RATE // 4 : RATE // 4 + RATE] = song.takes["stem.wav"][:, 3 * RATE :]
    assert np.array_equal(out, expected)


def test_a_region_may_lie_beyond_the_end_of_its_stem(song: Takes) -> None:
    out = song.read({"from_s": 0.0, "to_s": 1.0, "at_s": 6.0, **CUT})
    assert out.shape[1] == 7 * RATE
    assert np.array_equal(out[:, : 4 * RATE], song.takes["stem.wav"])
    assert not out[:, 4 * RATE : 6 * RATE].any()
    assert np.array_equal(out[:, 6 * RATE :], song.takes["stem.wav"][:, :RATE])


def test_bars_and_beats_place_to_the_sample(song: Takes) -> None:
    # At 96 BPM in 3/4 a beat lasts 0.625 s; bar 2, beat 2 begins after 4 beats, at 2.5 s.
    out = song.read(
        {"from_bar": "1:2", "to_bar": "1:3", "at_bar": "2:2", **CUT},
        mode="comp",
        tempo=TempoMap.constant(96.0, "3/4"),
    )
    expected = np.zeros((1, round(3.125 * RATE)))
    expected[:, round(2.5 * RATE) :] = song.takes["stem.wav"][:, 5_000:10_000]
    assert np.array_equal(out, expected)


def test_polarity_and_mute(song: Takes) -> None:
    turned = song.read({"polarity": True, **CUT})
    assert np.array_equal(turned, -song.takes["stem.wav"])
    out = song.read(
        {"from_s": 1.0, "to_s": 2.0, "mute": True, "fade_in_ms": 0.0, "fade_out_ms": 100.0}
    )
    expected = song.takes["stem.wav"].copy()
    expected[:, RATE : 2 * RATE] = 0.0
    fade = 800
    rising = (np.arange(fade) + 0.5) / fade
    end = slice(2 * RATE - fade, 2 * RATE)
    expected[:, end] = rising * song.takes["stem.wav"][:, end]
    assert np.abs(out - expected).max() < 1e-15


def test_what_is_not_used_is_not_there(song: Takes) -> None:
    out = song.read({"use": False, "gain_db": -20.0})
    assert np.array_equal(out, song.takes["stem.wav"])


@pytest.mark.parametrize(
    ("shape", "law"),
    [
        ("linear", lambda p: p),
        ("equal_power", lambda p: np.sin(0.5 * np.pi * p)),
        ("s_curve", lambda p: np.sin(0.5 * np.pi * p) ** 2),
        ("exponential", lambda p: (10.0 ** (3.0 * p) - 1.0) / 999.0),
    ],
)
def test_fades_follow_their_curves(song: Takes, shape: str, law: Any) -> None:
    song.add("stem.wav", np.ones((1, RATE)))
    out = song.read(
        {
            "fade_in_ms": 250.0,
            "fade_in_shape": shape,
            "fade_out_ms": 125.0,
            "fade_out_shape": shape,
        },
        mode="comp",
    )
    coming = law((np.arange(2_000) + 0.5) / 2_000)
    going = law((np.arange(1_000) + 0.5) / 1_000)[::-1]
    expected = np.concatenate([coming, np.ones(5_000), going])
    assert np.abs(out[0] - expected).max() < 1e-14


def test_a_cut_fades_for_two_milliseconds_but_not_at_the_files_own_ends(song: Takes) -> None:
    song.add("stem.wav", np.ones((1, RATE)))
    cut = song.read({"from_s": 0.25, "to_s": 0.75, "at_s": 0.0}, {"at_s": 2.0}, mode="comp")[0]
    assert cut[0] == 1.0  # nothing was cut before the song's beginning
    assert cut[4_000 - 16 : 4_000] == pytest.approx((np.arange(16)[::-1] + 0.5) / 16)
    assert np.array_equal(cut[16_000:], np.ones(RATE))


@pytest.mark.parametrize("shape", ["linear", "s_curve"])
@pytest.mark.parametrize("overlap_s", [0.0, 0.4])
def test_identical_takes_crossfaded_null_with_the_uncut_take(
    song: Takes, shape: str, overlap_s: float
) -> None:
    song.add("take2.wav", song.takes["stem.wav"])
    out = song.read(
        {"to_s": 2.0 + overlap_s / 2},
        {
            "file": "take2.wav",
            "from_s": 2.0 - overlap_s / 2,
            "crossfade_ms": 300.0,
            "crossfade_shape": shape,
        },
        mode="comp",
    )
    assert np.array_equal(out, song.takes["stem.wav"])


def test_a_crossfade_lies_around_the_middle_and_both_takes_go_on_through_it(song: Takes) -> None:
    song.add("stem.wav", np.ones((1, 4 * RATE)))
    song.add("take2.wav", -np.ones((1, 4 * RATE)))
    out = song.read(
        {"to_s": 2.0}, {"file": "take2.wav", "from_s": 2.0, "crossfade_ms": 500.0}, mode="comp"
    )[0]
    share = (np.arange(4_000) + 0.5) / 4_000
    expected = np.concatenate(
        [
            np.ones(14_000),
            np.cos(0.5 * np.pi * share) - np.sin(0.5 * np.pi * share),  # equal power: two takes
            -np.ones(14_000),
        ]
    )
    assert np.abs(out - expected).max() < 1e-14


def test_equal_power_keeps_the_power_of_takes_that_have_nothing_in_common(song: Takes) -> None:
    song.add("stem.wav", noise(20.0, 3))
    song.add("take2.wav", noise(20.0, 4))
    out = song.read(
        {"to_s": 10.0}, {"file": "take2.wav", "from_s": 10.0, "crossfade_ms": 16_000.0}, mode="comp"
    )[0]
    powers = (out**2).reshape(10, -1).mean(axis=1)
    # Uniform in -0.5 to 0.5: a power of 1/12. Over 16,000 frames the mean is within some 3 %.
    assert powers == pytest.approx(np.full(10, 1.0 / 12.0), rel=0.04)


def test_a_stem_cut_in_pieces_that_touch_is_the_stem(song: Takes) -> None:
    out = song.read({"to_s": 1.3}, {"from_s": 1.3, "to_s": 2.9}, {"from_s": 2.9}, mode="comp")
    assert np.array_equal(out, song.takes["stem.wav"])


def test_a_fix_without_change_is_the_stem(song: Takes) -> None:
    out = song.read({"from_s": 1.0, "to_s": 2.0, "fade_in_ms": 200.0, "fade_out_ms": 10.0})
    assert np.array_equal(out, song.takes["stem.wav"])


@pytest.mark.parametrize("mode", ["fix", "comp"])
@pytest.mark.parametrize("stem_rate", [RATE, 11_025])
def test_blocks_from_anywhere_are_the_whole(
    tmp_path: Path, mode: RegionMode, stem_rate: int
) -> None:
    song = Takes(tmp_path)
    song.add("stem.wav", noise(3.0, 5, channels=2, rate=stem_rate), stem_rate)
    song.add("take2.wav", noise(3.0, 6, channels=2))
    arranged = song.arrange(
        {"from_s": 0.3, "to_s": 0.9, "fade_in_ms": 100.0, "gain_db": -3.0},
        {"file": "take2.wav", "from_s": 0.8, "to_s": 1.6, "crossfade_ms": 150.0},
        {"file": "take2.wav", "from_s": 1.6, "to_s": 2.0, "crossfade_ms": 7.0, "gain_db": 2.0},
        {
            "from_s": 0.0,
            "to_s": 0.5,
            "at_s": 2.7,
            "fade_out_ms": 400.0,
            "fade_out_shape": "exponential",
        },
        mode=mode,
    )
    with arranged.open() as source:
        whole = source.read(arranged.frames)
    assert np.isfinite(whole).all()
    chance = np.random.default_rng(7)
    for _ in range(12):
        start = int(chance.integers(0, arranged.frames))
        with arranged.open() as source:
            source.seek(start)
            parts = [source.read(int(chance.integers(1, 5_000))) for _ in range(6)]
            found = np.concatenate(parts, axis=1)
        assert np.array_equal(found, whole[:, start : start + found.shape[1]])


def test_every_mistake_is_named_at_once_with_what_would_be_right(song: Takes) -> None:
    song.add("stereo.wav", noise(1.0, 8, channels=2))
    problems = song.problems(
        {"from_s": 5.0},
        {"from_s": 1.0, "to_s": 4.5},
        {"file": "stereo.wav"},
        {"from_bar": "1:9", "to_s": 3.0},
        {"from_s": 0.0, "to_s": 1.0},
        {"file": "take2.wav", "from_s": 0.75, "to_s": 1.5},
        {"from_s": 0.1, "to_s": 0.2, "at_s": 3.0, "fade_in_ms": 60.0, "fade_out_ms": 70.0},
        {"from_s": 0.2, "to_s": 0.3, "at_s": 3.5, "crossfade_ms": 10.0},
    )
    assert problems == [
        (
            "stem.1.region.1.from_s: it begins at 5 s, beyond the end of its file "
            "(stem.wav lasts 4.0000 s)"
        ),
        (
            "stem.1.region.2.to_s: it ends at 4.5 s, beyond the end of its file "
            "(stem.wav lasts 4.0000 s)"
        ),
        (
            "stem.1.region.3.file: 'stereo.wav' has 2 channels, the stem 1 channel "
            "(takes of one stem have the same channels)"
        ),
        "stem.1.region.4.from_bar: bar 1 has no beat 9, only 4 ('2:1')",
        (
            "stem.1.region.6.at_s: it overlaps region 5 by 250 ms, from 0.75 s to 1 s "
            "(crossfade_ms = 250 crossfades all of it; or let region 5 end 250 ms earlier)"
        ),
        (
            "stem.1.region.8.crossfade_ms: no region ends where it begins: "
            "region 7 ends 0.4 s before "
            "(let the region before end there or later, or give a fade_in_ms)"
        ),
        "stem.1.region.7.fade_in_ms: its fades take 130 ms, it lasts 100 ms (shorten them)",
    ]


def test_a_take_inside_another_is_an_error(song: Takes) -> None:
    (problem,) = song.problems(
        {"to_s": 3.0}, {"file": "take2.wav", "from_s": 1.0, "to_s": 2.0, "crossfade_ms": 10.0}
    )
    assert problem == (
        "stem.1.region.2.at_s: it lies inside region 1, which plays from 0 s to 3 s "
        "(split region 1 in two around it)"
    )


def test_a_crossfade_needs_sound_on_both_sides(song: Takes) -> None:
    problems = song.problems(
        {"from_s": 3.0, "at_s": 0.0},
        {"file": "take2.wav", "to_s": 1.0, "at_s": 1.0, "crossfade_ms": 200.0},
    )
    assert problems == [
        (
            "stem.1.region.1.to_s: stem.wav ends 100 ms before the crossfade into the next "
            "region does (let it end 100 ms earlier, or shorten that crossfade)"
        ),
        (
            "stem.1.region.2.crossfade_ms: take2.wav would have to begin 100 ms earlier for this "
            "crossfade (let the region begin 100 ms later, or shorten the crossfade)"
        ),
    ]


@pytest.mark.parametrize(
    ("region", "key"),
    [
        ({"from_s": -1.0}, "from_s"),
        ({"from_s": 2.0, "to_s": 1.0}, "to_s"),
        ({"to_s": 0.0}, "to_s"),
        ({"from_s": 1.0, "from_bar": "2"}, "from_bar"),
        ({"at_bar": "0:1"}, "at_bar"),
        ({"gain_db": float("nan")}, "gain_db"),
        ({"fade_in_ms": -1.0}, "fade_in_ms"),
        ({"fade_in_ms": 1.0, "crossfade_ms": 1.0}, "fade_in_ms"),
        ({"crossfade_shape": "linear"}, "crossfade_shape"),
        ({"keep_formants": True}, "keep_formants"),
        ({"stretch": 1.1, "length_s": 1.0}, "length_s"),
        ({"stretch": 5.0}, "stretch"),
        ({"pitch_semitones": 25.0}, "pitch_semitones"),
        ({"fade_in_shape": "equal power"}, "fade_in_shape"),
    ],
)
def test_what_no_file_could_make_right_is_refused_as_it_is_read(
    region: dict[str, Any], key: str
) -> None:
    with pytest.raises(ValueError, match=key):
        Region(**region)


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    song = Takes(tmp_path)
    song.add("stem.wav", noise(400.0, 1))
    song.add("take2.wav", noise(400.0, 2, rate=RATE))
    pieces = [{"file": "take2.wav", "from_s": 10.0 * k, "to_s": 10.0 * k + 5.0} for k in range(40)]
    arranged = song.arrange(*pieces)
    tracemalloc.start()
    try:
        with arranged.open() as source:
            for block in source.blocks(16_384):
                assert block.shape[1] > 0
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000  # all of it is 26 MB
