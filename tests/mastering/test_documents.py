"""Mastering presets and targets: what ships is sound, what contradicts itself is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from mixmaster.documents.finding import list_presets
from mixmaster.errors import DocumentError
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import NamedTarget, load_preset, load_target

# Integrated loudness, ceiling, format, bits, rate. Sources: FACTS of the places, see the presets.
TARGETS = {
    "spotify": (-14.0, -1.0, "flac", 24, "source"),
    "apple-music": (-16.0, -1.0, "wav", 24, "source"),
    "youtube": (-14.0, -1.0, "wav", 24, "source"),
    "streaming": (None, -1.0, "wav", 24, "source"),
    "podcast": (-16.0, -1.0, "wav", 24, "source"),
    "ebu-r128": (-23.0, -1.0, "wav", 24, 48_000),
    "cd": (None, -0.3, "wav", 16, 44_100),
    "premaster": (None, None, "wav", 32, "source"),
}


def test_every_target_that_ships_is_in_this_table() -> None:
    assert {found.name for found in list_presets("target") if found.origin == "shipped"} == set(
        TARGETS
    )


@pytest.mark.parametrize("name", TARGETS)
def test_targets_hold_the_places_figures_with_source_and_date(name: str) -> None:
    target = load_target(name).target
    file = target.file
    assert TARGETS[name] == (
        target.integrated_lufs,
        target.true_peak_dbtp,
        file.format,
        file.bit_depth,
        file.sample_rate_hz,
    )
    assert target.source
    assert target.checked is not None
    assert dt.date(2026, 1, 1) <= target.checked


@pytest.mark.parametrize("name", ["transparent", "warm", "loud", "voice"])
def test_presets_stage_their_input_and_end_in_the_delivery_limiter(name: str) -> None:
    preset = load_preset(name)
    assert preset.input_lufs is not None
    assert preset.delivery_limiter() is not None
    assert len(preset.chain()) == len(preset.insert) - 1
    assert preset.description


def test_loud_is_louder_than_warm_than_transparent() -> None:
    own = [load_preset(name).integrated_lufs for name in ("transparent", "warm", "loud")]
    assert own == [-14.0, -12.0, -9.0]


def test_louder_masters_get_spotifys_lower_ceiling() -> None:
    target = load_target("spotify").target
    assert target.ceiling_dbtp(-14.0) == -1.0
    assert target.ceiling_dbtp(-13.95) == -1.0  # within a meter's tolerance of -14
    assert target.ceiling_dbtp(-13.8) == -2.0
    assert target.ceiling_dbtp(None) == -1.0


def test_the_limiter_runs_last_wherever_it_stands(
    preset: Callable[[str], MasteringPreset],
) -> None:
    found = preset(
        '[[insert]]\neffect = "limiter"\n'
        '[[insert]]\neffect = "limiter"\nid = "clip"\nceiling_dbtp = -3.0\n'
        '[[insert]]\neffect = "eq"\n'
    )
    assert [insert.id for insert in found.chain()] == ["master.insert.clip", "master.insert.eq"]
    limiter = found.delivery_limiter()
    assert limiter is not None
    assert limiter.is_delivery


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[insert]]\neffect = "limiter"\n' * 2, "insert.limiter2.ceiling_dbtp"),
        ('[[insert]]\neffect = "eq"\nid = "a"\n' * 2, "the id of more than one insert"),
        ('[[insert]]\neffect = "compressor"\nkey = "kick"\n', "insert.compressor.key"),
        ("input_lufs = nan\n", "input_lufs"),
        ("inptu_lufs = -18.0\n", "input_lufs"),
    ],
)
def test_presets_that_contradict_themselves(
    preset: Callable[[str], MasteringPreset], text: str, said: str
) -> None:
    with pytest.raises(DocumentError, match=said):
        preset(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("true_peak_dbtp = 0.1\n", "true_peak_dbtp"),
        ('[file]\nformat = "flac"\nbit_depth = 32\n', "32-bit float FLAC"),
        ('[file]\nformat = "wav"\nsample_rate_hz = 1000\n', "1000 Hz"),
        ("[louder]\nthan_lufs = -14.0\ntrue_peak_dbtp = -2.0\n", "give both, or neither"),
        ('checked = "soon"\n', "checked"),
    ],
)
def test_targets_that_contradict_themselves(
    target: Callable[..., NamedTarget], text: str, said: str
) -> None:
    with pytest.raises(DocumentError, match=said):
        target(text)
