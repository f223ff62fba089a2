"""From names to words: index, camelCase, junk, sides; nothing crashes on any name."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.mixing.stem_names.words import bare_name, natural, printable, side_of, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("01_Kick In", "kick in"),
        ("KickIn", "kick in"),
        ("kick-in", "kick in"),
        ("EGtrL", "e gtr l"),
        ("ElecGtr1DT", "elec gtr 1 dt"),
        ("DIBass", "di bass"),
        ("Tom1", "tom 1"),
        ("BGV2", "bgv 2"),
        ("808", "808"),
        ("808 Kick", "808 kick"),
        ("12 808", "808"),
        ("12 String", "12 string"),
        ("1-04 Kick", "kick"),
        ("Track 03 - Vox", "vox"),
        ("Audio 7", "audio 7"),
        ("01", "01"),
        ("01 02", "02"),
        ("Kick_48k_24bit", "kick"),
        ("Kick_48kHz 24-bit float", "kick"),
        ("Vox final v2", "vox"),
        ("Vox (Bounced)", "vox"),
        ("Vox Comp 2024-05-17", "vox"),
        ("Vox 20240517", "vox"),
        ("VoxFinal", "vox"),
        ("Loop 96bpm", "loop"),
        ("Final", "final"),
        ("Mono Room", "mono room"),
        ("Bàss [DI]", "bass di"),
        ("ＫＩＣＫ", "kick"),
        ("Große Trommel", "grosse trommel"),
        ("--help", "help"),
        ("$(x)", "x"),
        ("a\nb", "a b"),
        ("...", ""),
        ("キック", "キック"),
    ],
)
def test_the_words_of_a_name(name: str, words: str) -> None:
    assert " ".join(word.text for word in words_of(name)) == words


@pytest.mark.parametrize(
    ("file_name", "bare"),
    [
        ("Kick.wav", "Kick"),
        ("OH.L.WAV", "OH.L"),
        ("OH.L", "OH.L"),
        ("Kick.aif.flac", "Kick"),
        (".wav", ".wav"),
        ("Mr. Smith", "Mr. Smith"),
    ],
)
def test_only_suffixes_of_audio_files_are_dropped(file_name: str, bare: str) -> None:
    assert bare_name(file_name) == bare


@pytest.mark.parametrize(
    ("left", "right", "base"),
    [
        ("03_OH.L", "04_OH.R", "03_OH"),
        ("OH L", "OH R", "OH"),
        ("OH-L", "OH-R", "OH"),
        ("oh_l", "oh_r", "oh"),
        ("OH (L)", "OH (R)", "OH"),
        ("OH [Left]", "OH [Right]", "OH"),
        ("OHL", "OHR", "OH"),
        ("EGtrL", "EGtrR", "EGtr"),
        ("Gtr L 1", "Gtr R 1", "Gtr 1"),
        ("Left Guitar", "Right Guitar", "Guitar"),
        ("OH_L_48k", "OH_R_48k", "OH_48k"),
    ],
)
def test_halves_of_a_pair_share_a_key_and_a_base(left: str, right: str, base: str) -> None:
    one, other = side_of(left), side_of(right)
    assert one is not None
    assert other is not None
    assert (one.side, other.side) == ("left", "right")
    assert one.key == other.key
    assert one.base == base


@pytest.mark.parametrize("name", ["Kick", "ohl", "vocal", "Snare", "L", "left", "01_R", ""])
def test_what_is_no_half_has_no_side(name: str) -> None:
    assert side_of(name) is None


def test_different_parts_have_different_keys() -> None:
    keys = {s.key for n in ("Gtr 1 L", "Gtr 2 L", "Gtr L", "L Gtr", "OHL") if (s := side_of(n))}
    assert len(keys) == 5


def test_numbers_sort_as_numbers() -> None:
    names = ["Tom 10", "tom 2", "Tom 1", "Kick", "2", "10"]
    assert sorted(names, key=natural) == ["2", "10", "Kick", "Tom 1", "tom 2", "Tom 10"]


def test_what_cannot_be_printed_is_escaped() -> None:
    assert printable("a\nb\x1b[0m") == "a\\nb\\x1b[0m"
    assert printable("b\udcffd") == "b\\udcffd"
    assert printable("Große キック") == "Große キック"


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_name_breaks_the_words(name: str) -> None:
    found = words_of(name)
    assert all(0 <= word.start < word.end <= len(name) for word in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert bool(found) == any(c.isalnum() for c in name)
    side = side_of(name)
    assert side is None or side.base
    assert printable(name).isprintable()
    natural(name)
