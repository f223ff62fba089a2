"""The release document: identifiers, the cover, and everything that is missing, all at once."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from tests.release.albums import album, cover, song

from mixmaster.errors import DocumentError
from mixmaster.release.album.art import read_art
from mixmaster.release.album.identifiers import check_digit, ean_13, gtin_problem, isrc_problem
from mixmaster.release.plan import ReleaseOptions, plan_release


# GS1's own examples: General Specifications 7.9.1 (GTIN-13), and the first UPC ever scanned.
@pytest.mark.parametrize("code", ["6291041500213", "036000291452", "4006381333931"])
def test_codes_of_the_world_pass(code: str) -> None:
    assert gtin_problem(code) is None
    assert check_digit(code[:-1]) == code[-1]


@pytest.mark.parametrize(
    ("code", "word"),
    [("036000291453", "check digit"), ("12345", "5 digits"), ("03600029145X", "no UPC")],
)
def test_a_mistyped_code_is_told_with_what_would_be_right(code: str, word: str) -> None:
    found = gtin_problem(code)
    assert found is not None
    assert word in found[0]


def test_a_upc_is_an_ean_that_begins_with_a_nought() -> None:
    assert ean_13("036000291452") == "0036000291452"


# ISO 3901's form; the first is the example of its Wikipedia article and of the IFPI handbook.
@pytest.mark.parametrize("code", ["US-RC1-76-07839", "usrc17607839", "QZ AB1 26 00001"])
def test_isrcs_pass_with_and_without_hyphens(code: str) -> None:
    assert isrc_problem(code) is None


@pytest.mark.parametrize("code", ["US-RC1-76-0783", "1SRC17607839", "USRC1760783X", ""])
def test_what_has_not_the_form_of_an_isrc_is_refused(code: str) -> None:
    assert isrc_problem(code) is not None


def problems(document: Path, **options: object) -> str:
    with pytest.raises(DocumentError) as caught:
        plan_release(document, ReleaseOptions(**options))  # type: ignore[arg-type]
    return str(caught.value)


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    document = album(
        tmp_path,
        'art = "small.png"',
        tracks='[[track]]\nmix = "gone.wav"\ntitle = "A"\nisrc = "XX"\n'
        '[[track]]\ntitle = "B"\nisrc = "QZAB12600002"\n'
        '[[track]]\nmix = "two.wav"\ntitle = "C"\nisrc = "QZ-AB1-26-00002"\ncrossfade_s = 1\n'
        "gap_s = 2\n",
        targets='"spotify", "distributor", "nowhere"',
    )
    cover(tmp_path / "small.png", 300, "L")
    document.write_text(document.read_text().replace("036000291452", "036000291450"))
    said = problems(document)
    for part in (
        "targets.3: 'nowhere'",
        "upc: '036000291450' ends in 0, its check digit would be 2",
        "art: is 300 x 300 pixels (640 x 640 or more; never scaled up: spotify)",
        "art: is 300 x 300 pixels (3000 x 3000 or more; never scaled up: distributor)",
        "art: has colours as shades of grey (save it as RGB: spotify, distributor)",
        "track.1.mix: ",
        "track.1.isrc: 'XX' has 2 characters",
        "track.2: has no source",
        "track.3.isrc: 'QZ-AB1-26-00002' is track.2's already",
        "track.3.crossfade_s: there is a gap, too",
        "track: no writers for tracks 1, 2, 3: needed by distributor",
        "track: no genre for tracks 1, 2, 3: needed by distributor",
    ):
        assert part in said, part


def test_what_each_target_needs_is_said_by_field_with_the_targets_names(tmp_path: Path) -> None:
    document = album(tmp_path, targets='"spotify", "tidal", "cd"')
    text = document.read_text().replace('upc = "036000291452"\n', "").replace("one.wav", "two2.wav")
    song(tmp_path / "two2.wav", 0.0, 3)
    document.write_text(text)
    said = problems(document)
    assert "upc: is missing: needed by spotify, tidal" in said
    assert "art: is missing: needed by spotify, tidal" in said


def test_a_draft_goes_on_and_says_what_it_lacks(tmp_path: Path) -> None:
    document = album(tmp_path, targets='"spotify", "distributor"')
    plan = plan_release(document, ReleaseOptions(draft=True))
    assert any("art: is missing" in text for text in plan.checked.lacks)
    assert any("distributor takes 30 s or more" in text for text in plan.checked.lacks)


def test_lengths_that_no_place_takes_are_found_before_any_work(tmp_path: Path) -> None:
    document = album(
        tmp_path,
        'genre = "Noise"\nart = "cover.png"',
        tracks='[[track]]\nmix = "one.wav"\ntitle = "A"\nwriters = ["B"]\n',
        targets='"distributor"',
    )
    cover(tmp_path / "cover.png", 3000)
    assert "'A' is 5.0 s long (distributor takes 30 s or more)" in problems(document)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('master = "one.wav"\npreset = "plain.toml"', "runs through no chain"),
        ('mix = "one.wav"\nrelimit = true', "approved master"),
        ('mix = "one.wav"\nversions = ["tv"]', "only a session has versions"),
        ('mix = "one.wav"\n[[track.alternate]]\nname = "main"\nmix = "two.wav"', "no name"),
        ('mix = "one.wav"\n[[track.alternate]]\nname = "tv"', "has no source"),
        ('mix = "one.wav"\nset = { "insert.nothing.x" = 1 }', "insert"),
        ('mix = "one.wav"\npreset = "nothing"', "no mastering preset"),
    ],
)
def test_contradictions_are_told(tmp_path: Path, text: str, word: str) -> None:
    head, _, rest = text.partition("[[track.alternate]]")
    tail = f"[[track.alternate]]{rest}" if rest else ""
    document = album(tmp_path, tracks=f'[[track]]\ntitle = "A"\n{head}\n{tail}\n')
    assert word in problems(document)


def test_two_tracks_of_one_file_are_one_recording_under_two_names(tmp_path: Path) -> None:
    document = album(
        tmp_path,
        tracks='[[track]]\nmix = "one.wav"\ntitle = "A"\n[[track]]\nmix = "./one.wav"\n'
        'title = "B"\n',
    )
    assert "is the same file as track.1.mix" in problems(document)


def test_a_picture_of_too_many_pixels_is_refused_by_its_header(tmp_path: Path) -> None:
    path = cover(tmp_path / "a.png", 64)
    data = bytearray(path.read_bytes())
    data[16:24] = (60_000).to_bytes(4, "big") * 2  # IHDR says 60,000 x 60,000
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    path.write_bytes(bytes(data))
    with pytest.raises(DocumentError, match="10,000 x 10,000 at most"):
        read_art(path, where="x")


@pytest.mark.parametrize("data", [b"", b"<html>", b"GIF89a" + bytes(64)])
def test_what_is_no_picture_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(DocumentError, match="no JPEG or PNG"):
        read_art(tmp_path / "a.jpg", where="x")


def test_a_picture_that_is_cut_short_is_told(tmp_path: Path) -> None:
    path = cover(tmp_path / "a.jpg", 400)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(DocumentError, match="damaged"):
        read_art(path, where="x")
