"""Words on a disc: what ISO 8859-1 cannot hold is respelt and told; CD-Text, byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.release.discs import md5

from mixmaster.release.cd.cdtext import cd_text
from mixmaster.release.cd.reading_cdtext import read_cd_text
from mixmaster.release.cd.sheet import Words
from mixmaster.release.cd.text import disc_text, disc_words

# CD-Text as cue2ddp 1.1 wrote it: checksums recorded by the ddp-reverse-eng project (exp/021, 024,
# 025, 031), and for all six kinds the packs of exp/091 that exp/092 confirms.
RECORDED = [
    (
        "9e722863db6c7287828f321a48caac99",
        Words("T"),
        [Words("A"), Words("B", songwriter="Writer Two")],
    ),
    (
        "60149b1d73a8ea162f53227da034399e",
        Words("A disc title that is quite a bit longer than fifteen characters", "P"),
        [Words("Another long track title, over thirty chars", "Q")],
    ),
    ("665cfffec87796d5236091b226f63deb", Words("Disc"), [Words("One"), Words("Two")]),
    ("304998a5d6126f1c9525bf83d1ca0a1c", Words("Café Déjà Vu", "Björk"), [Words("Über")]),
    (
        "e32d4f200b75c6951613106447b65a01",
        Words(
            "Disc Title",
            "Disc Performer",
            "Disc Songwriter",
            "Disc Composer",
            "Disc Arranger",
            "Disc Message",
        ),
        [
            Words("One", "", "", "Composer One", "Arranger One", "Message One"),
            Words("Two", "Performer Two", "", "Composer Two"),
        ],
    ),
]


@pytest.mark.parametrize(("digest", "disc", "tracks"), RECORDED)
def test_packs_are_those_that_cue2ddp_writes(digest: str, disc: Words, tracks: list[Words]) -> None:
    data = cd_text(disc, tracks)
    assert md5(data) == digest
    found, found_tracks, problems = read_cd_text(data)
    assert (found, list(found_tracks.values()), problems) == (disc, tracks, ())


@pytest.mark.parametrize(
    ("given", "written", "lost"),
    [
        ("Café – Déjà Vu", "Café - Déjà Vu", False),
        ("Cafe\u0301", "Café", False),
        ("Þór ß ÿ £ ½ ©", "Þór ß ÿ £ ½ ©", False),
        ('“Quoted” "twice"', "'Quoted' 'twice'", False),
        ("L’été…", "L'été...", False),
        ("Łódź Ţară Đorđe Œuvre", "Lódz Tara Dorde OEuvre", False),
        ("Щедрик", "Shchedrik", False),
        ("Ζορμπάς", "Zormpas", False),
        ("ﬁve™ №5 €", "fiveTM No.5 EUR", False),
        ("日本", "??", True),
        ("Rock 🎸!", "Rock ?!", True),
        ("👩🏽‍🎤", "??", True),
        ("\u202eevil\u202c", "evil", False),
        ("two\r\nlines\tand\0more", "two lines and more", False),
        ("soft\u00adhyphen\u200b\ufeff", "softhyphen", False),
        ("a\u00a0b", "a b", False),
        ("x" * 10_000, "x" * 80, True),
        ("   ", "", False),
    ],
)
def test_texts_become_what_a_disc_can_hold(given: str, written: str, *, lost: bool) -> None:
    assert disc_text(given) == (written, lost)


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_printable_latin_1(text: str) -> None:
    written, _ = disc_text(text)
    assert len(written) <= 80
    assert written == written.strip()
    assert '"' not in written
    assert all(0x20 <= byte < 0x7F or byte > 0xA0 for byte in written.encode("latin-1"))
    # Nothing that is written already is changed again.
    assert disc_text(written) == (written, False)


def test_what_was_changed_is_told() -> None:
    words, changes = disc_words(Words("Straße", "Чайковский", message="🎻"), "track 3")
    assert words == Words("Straße", "Chaikovskii", message="?")
    assert [(each.where, each.given, each.lost) for each in changes] == [
        ("track 3 performer", "Чайковский", False),
        ("track 3 message", "🎻", True),
    ]


LATIN = st.text(st.characters(codec="latin-1", exclude_characters="\0\t"), max_size=80)
SAID = st.builds(Words, LATIN, LATIN, LATIN, LATIN, LATIN, LATIN)


@settings(max_examples=100, deadline=None)
@given(SAID, st.lists(SAID, min_size=1, max_size=4))
def test_packs_come_back(disc: Words, tracks: list[Words]) -> None:
    data = cd_text(disc, tracks)
    if not data:
        assert {*tracks, disc} == {Words()}
        return
    found, found_tracks, problems = read_cd_text(data)
    assert (found, list(found_tracks.values()), problems) == (disc, tracks, ())


def test_every_flipped_bit_is_found() -> None:
    data = cd_text(Words("Album", "Artist"), [Words("One"), Words("A second, longer title")])
    for place in range(len(data)):
        for bit in (0x01, 0x80):
            damaged = bytearray(data)
            damaged[place] ^= bit
            *_, problems = read_cd_text(bytes(damaged))
            assert any("CRC" in problem for problem in problems), place


def test_lost_packs_and_strange_ends_are_found() -> None:
    data = cd_text(Words("Album"), [Words("A title that takes more than one pack")])
    assert read_cd_text(data + b"\0")[2] == ()  # as Sonoris ends it
    assert read_cd_text(data[18:])[2]
    assert read_cd_text(data[:-18])[2]
    assert read_cd_text(data[:-5])[2]
    assert read_cd_text(b"")[2]


def test_a_tab_stands_for_the_string_before() -> None:
    """GNU libcdio, "CD Text Format": a lone TAB repeats the string of the track before."""
    data = cd_text(Words("Album", "Artist"), [Words("One", "Same"), Words("Two", "\t")])
    _, tracks, problems = read_cd_text(data)
    assert tracks[2].performer == "Same"
    assert problems == ()
