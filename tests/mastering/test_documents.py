"""Mastering presets and targets: what ships is sound, what contradicts itself is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from mixmaster.documents.finding import list_presets
from mixmaster.errors import DocumentError
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import NamedTarget, load_preset, load_target

# Integrated loudness, ceiling, format, bits, rate. Sources: FACTS of the places, see the presets.
TARGETS = {
    "spotify": (-14.0, -1.0, "flac", 24, "source"),
    "spotify-loud": (-11.0, -2.0, "flac", 24, "source"),
    "spotify-quiet": (-19.0, -1.0, "flac", 24, "source"),
    "apple-music": (-16.0, -1.0, "wav", 24, "source"),
    "youtube": (-14.0, -1.0, "wav", 24, "source"),
    "tidal": (-14.0, -1.0, "flac", 24, "source"),
    "amazon-music": (-14.0, -2.0, "flac", 24, "source"),
    "deezer": (-15.0, -1.0, "flac", 24, "source"),
    "soundcloud": (-14.0, -1.0, "wav", 24, "source"),
    "streaming": (None, -1.0, "wav", 24, "source"),
    "podcast": (-16.0, -1.0, "wav", 24, "source"),
    "ebu-r128": (-23.0, -1.0, "wav", 24, 48_000),
    "ebu-r128-live": (-23.0, -1.0, "wav", 24, 48_000),
    "ebu-r128-lossy": (-23.0, -2.0, "wav", 24, 48_000),
    "ebu-r128-s1": (-23.0, -1.0, "wav", 24, 48_000),
    "ebu-r128-s2": (-18.0, -1.0, "wav", 24, 48_000),
    "atsc-a85": (-24.0, -2.0, "wav", 24, 48_000),
    "netflix": (-27.0, -2.0, "wav", 24, 48_000),
    "aes-speech": (-18.0, -1.0, "wav", 24, "source"),
    "aes-track": (-16.0, -1.0, "wav", 24, "source"),
    "aes-album": (-14.0, -1.0, "wav", 24, "source"),
    "cd": (None, -0.3, "wav", 16, 44_100),
    "distributor": (None, -0.3, "wav", 16, 44_100),
    "sync-library": (None, -1.0, "wav", 24, 48_000),
    "video": (None, -1.0, "wav", 24, 48_000),
    "download-flac": (None, -1.0, "flac", 24, "source"),
    "download-alac": (None, -1.0, "alac", 24, "source"),
    "download-mp3": (None, -1.0, "mp3", None, 44_100),
    "download-aac": (None, -1.0, "aac", None, 44_100),
    "download-opus": (None, -1.0, "opus", None, 48_000),
    "download-vorbis": (None, -1.0, "vorbis", None, "source"),
    "podcast-mp3": (-16.0, -1.0, "mp3", None, "source"),
    "promo": (None, -1.0, "mp3", None, 44_100),
    "vinyl": (None, -3.0, "wav", 24, "source"),
    "premaster": (None, None, "wav", 32, "source"),
}


def test_every_target_that_ships_is_in_this_table() -> None:
    assert {found.name for found in list_presets("target") if found.origin == "shipped"} == set(
        TARGETS
    )


def test_every_target_stands_in_the_docs() -> None:
    docs = Path(__file__).parents[2] / "docs" / "mastering.md"
    rows = [line.split("|")[1].strip() for line in docs.read_text().splitlines() if "| " in line]
    assert set(TARGETS) <= set(rows)


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
    assert len(target.description.split()) >= 4


def test_what_places_do_beside_a_loudness_is_in_their_documents() -> None:
    spotify = load_target("spotify").target
    assert [(way.name, way.integrated_lufs, way.quiet) for way in spotify.playback] == [
        ("normal", -14.0, "raised"),
        ("loud", -11.0, "limited"),
        ("quiet", -19.0, "raised"),
    ]
    loud = spotify.playback[1].limiter
    assert loud is not None
    assert (loud.ceiling_dbfs, loud.attack_ms, loud.release_ms) == (-1.0, 5.0, 100.0)
    assert load_target("youtube").target.playback[0].quiet == "left"
    assert load_target("apple-music").target.playback[0].quiet == "raised"
    assert load_target("tidal").target.playback[0].album == "loudest"
    tolerances = {"podcast": 1.0, "ebu-r128-live": 1.0, "ebu-r128-s2": 2.0, "atsc-a85": 2.0}
    for name, tolerance_lu in {**tolerances, "netflix": 2.0, "ebu-r128": 0.5}.items():
        assert load_target(name).target.tolerance_lu == tolerance_lu
    short = load_target("ebu-r128-s1").target
    assert short.short_term_lufs == -18.0
    film = load_target("netflix").target.dialogue
    assert film is not None
    assert (film.least_share, film.programme_lufs) == (0.15, -24.0)
    vinyl = load_target("vinyl").target
    assert vinyl.gain_only
    assert vinyl.medium == "vinyl"
    assert load_target("distributor").target.file.channels == "stereo"


@pytest.mark.parametrize("name", ["amazon-music", "deezer", "soundcloud", "tidal", "netflix"])
def test_what_is_not_certain_is_said_in_words(name: str) -> None:
    assert len(load_target(name).target.unsure.split()) > 8


OWN_LUFS = {
    "transparent": -14.0,
    "warm": -12.0,
    "loud": -9.0,
    "open": -14.0,
    "vinyl-premaster": -14.0,
    "podcast": -16.0,
    "voice": -16.0,
    "broadcast": -23.0,
    "lo-fi": -14.0,
    "hip-hop": -9.0,
    "classical": -18.0,
}


def test_every_preset_that_ships_is_in_this_table() -> None:
    shipped = {each.name for each in list_presets("mastering") if each.origin == "shipped"}
    assert shipped == set(OWN_LUFS)


@pytest.mark.parametrize("name", OWN_LUFS)
def test_presets_end_in_the_delivery_limiter_and_have_a_loudness(name: str) -> None:
    preset = load_preset(name)
    assert preset.integrated_lufs == OWN_LUFS[name]
    # Thresholds mean nothing without a level that they are meant for.
    dynamics = {"compressor", "multiband", "dynamic_eq", "saturation"}
    needs_level = any(effect.effect_name() in dynamics for effect in preset.insert)
    assert (preset.input_lufs is not None) >= needs_level
    assert preset.delivery_limiter() is not None
    assert len(preset.chain()) == len(preset.insert) - 1
    assert len(preset.description.split()) > 8


@pytest.mark.parametrize("name", ["open", "vinyl-premaster", "classical"])
def test_what_says_that_it_does_not_compress_does_not(name: str) -> None:
    kinds = {effect.effect_name() for effect in load_preset(name).insert}
    assert not kinds & {"compressor", "multiband", "saturation", "clipper"}


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
        ("gain_only = true\n", "must stop somewhere"),
        ("[dialogue]\nleast_share = 0.2\n", "loudness of the dialogue"),
        ('[[playback]]\nintegrated_lufs = -14.0\nquiet = "limited"\n', "goes with quiet"),
        ('[[streams]]\ncodec = "mp3"\n', "lossy codec has a bit rate"),
        ("[louder]\nthan_lufs = -14.0\ntrue_peak_dbtp = -2.0\n", "give both, or neither"),
        ('checked = "soon"\n', "checked"),
    ],
)
def test_targets_that_contradict_themselves(
    target: Callable[..., NamedTarget], text: str, said: str
) -> None:
    with pytest.raises(DocumentError, match=said):
        target(text)
