"""A release's page and delivery notes: whole, self-contained, and deaf to hostile words."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.pages.chromium import needs_chromium, opened, until
from tests.release.proof_releases import TITLES, build, cover

from mixmaster.pages.release.cover import cover_address
from mixmaster.pages.release.notes import release_notes
from mixmaster.pages.release.page import release_page
from mixmaster.pages.release.texts import address, shown
from mixmaster.release.proof.answers import Fault
from mixmaster.release.proof.checking import check_release
from mixmaster.release.proof.record import LimitsRecord
from mixmaster.release.proof.showing import page_release

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    '"><svg onload=alert(3)> {{ 7 * 7 }} {% raw %}',
    "\u202egnp.exe \u2067right-to-left\u2069 \u05e9\u05dc\u05d5\u05dd \U0001f3b9",
    "javascript:alert(4) ../../etc/passwd\x07",
    "A" * 10_000,
)


@dataclasses.dataclass(frozen=True)
class Made:
    plain: Path
    hostile: Path
    red: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("pages")
    limits = LimitsRecord(integrated_lufs=-12.8, tolerance_lu=0.5, true_peak_dbtp=-1.0)
    record, proofs = build(root / "plain", limits=limits)
    words: dict[str, Any] = {
        "title": HOSTILE[0],
        "artist": HOSTILE[1],
        "label": HOSTILE[2],
        "genre": "G" * 3_000,
    }
    build(root / "hostile", titles=HOSTILE, containers=("flac",), album=words, tags=False)
    red = root / "red"
    red.mkdir()
    bad = Fault("true_peak", "true peak -0.62 dBTP, over the -1 that are accepted")
    worse = (
        dataclasses.replace(proofs[0], faults=(bad,)),
        dataclasses.replace(proofs[1], unchecked=("its sound could not be decoded",)),
        *proofs[2:],
    )
    release = page_release(record, worse, cover=cover())
    (red / "index.html").write_text(release_page(release), encoding="utf-8")
    (red / "notes.html").write_text(release_notes(release), encoding="utf-8")
    return Made(root / "plain", root / "hostile", red)


class _Parsed(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def parsed(html: str) -> _Parsed:
    found = _Parsed()
    found.feed(html)
    return found


def html_of(folder: Path, name: str = "index.html") -> str:
    return (folder / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["index.html", "notes.html"])
def test_pages_allow_their_own_style_and_script_alone(made: Made, name: str) -> None:
    for folder in (made.plain, made.hostile):
        html = html_of(folder, name)
        page = parsed(html)
        (policy,) = [m["content"] for t, m in page.elements if t == "meta" and "http-equiv" in m]
        assert policy is not None
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert ("media-src" in policy) is (name == "index.html")
        nonces = {a.get("nonce") for t, a in page.elements if t in {"script", "style"}}
        assert len(nonces) == 1
        assert not [a for _, a in page.elements if any(k.startswith("on") for k in a)]
        assert not [a for _, a in page.elements if "style" in a]
        links = [a.get("href") or a.get("src") or "" for _, a in page.elements]
        schemes = {link.split(":")[0] for link in links if ":" in link}
        assert schemes <= {"data"}
        scripts = sum(tag == "script" for tag, _ in page.elements)
        assert scripts == (2 if name == "index.html" else 0)


def test_every_file_has_its_line_and_every_track_its_own(made: Made) -> None:
    html = html_of(made.plain)
    assert html.count('<tbody class="file green"') == 6
    for title in TITLES:
        assert html.count(f"<bdi>{title}</bdi>") >= 3
    for text in ("QZAB12600002", "Low Tide", "0036000291452", "−12.80 ± 0.5", "≤ −1"):
        assert text in html
    notes = html_of(made.plain, "notes.html")
    for line in (made.plain / "checksums.sha256").read_text().splitlines():
        if not line.endswith((".html", ".csv")):
            assert line[:64] in notes
    for text in (
        "gap 2 s",
        "Recorded by Ines Vale",
        "Ada Quay, Ben Moor",
        "BHR-007",
        "explicit",
    ):
        assert text in notes
    assert "ALAC was not made: it needs PyAV." in notes


def test_what_is_not_green_says_why(made: Made) -> None:
    for name in ("index.html", "notes.html"):
        html = html_of(made.red, name)
        assert "true peak -0.62 dBTP, over the -1 that are accepted" in html
        assert "its sound could not be decoded" in html
    html = html_of(made.red)
    assert "1 of 7 files red" in html
    assert html.count('<tbody class="file red"') == 1
    assert html.count('<tbody class="file unchecked"') == 1


def test_hostile_releases_are_proven_as_any(made: Made) -> None:
    assert check_release(made.hostile).passes


def test_addresses_of_files_mean_nothing_but_places() -> None:
    assert address("a b/100% #1?.flac") == "a%20b/100%25%20%231%3F.flac"
    assert shown("\u202egnp.exe\u202c") == "gnp.exe"
    assert shown("a\x00b\nc\ud800") == "a b c "
    assert shown("x" * 500, 10) == "xxxxxxxxxx… (500 characters in all)"


def test_a_cover_that_is_none_is_left_out() -> None:
    assert cover_address(cover()).startswith("data:image/jpeg;base64,")
    for data in (b"", b"GIF89a" + bytes(50), cover()[:90], b"<svg onload=alert(1)>"):
        assert cover_address(data) == ""


def visible_rows(page: Page) -> int:
    return int(page.evaluate("[...document.querySelectorAll('tbody.file:not([hidden])')].length"))


@needs_chromium
@pytest.mark.parametrize("width", [390, 820, 1280])
def test_pages_fit_and_are_silent(browser: Browser, made: Made, width: int) -> None:
    for folder in (made.plain, made.hostile):
        for name in ("index.html", "notes.html"):
            scheme = "dark" if width == 820 else "light"
            size = {"width": width, "height": 900}
            page, seen = opened(browser, folder / name, viewport=size, color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth") == width
            seen.nothing((folder / name).as_uri())
            page.close()


@needs_chromium
def test_hostile_words_stay_words(browser: Browser, made: Made) -> None:
    page, seen = opened(browser, made.hostile / "index.html")
    assert page.locator("h1").inner_text() == HOSTILE[0]
    assert page.locator(".artist").inner_text() == HOSTILE[1]
    titles = page.locator(".tracks th[scope=row] bdi").all_inner_texts()
    assert titles[:3] == list(HOSTILE[:3])
    assert titles[5].startswith("A" * 400)
    assert page.locator("svg:not(.chart):not(.panel)").count() == 0
    assert page.locator("img").count() == 1  # the cover
    page.locator("button[data-src]").first.click()
    assert page.locator("#playing").inner_text() == HOSTILE[0]
    page.close()
    seen.quiet()


@needs_chromium
def test_the_player_plays_the_files_beside_it(browser: Browser, made: Made) -> None:
    page, seen = opened(browser, made.plain / "index.html")
    assert not page.locator("#dock").is_visible()
    page.keyboard.press("n")
    until(page, "document.getElementById('sound').currentTime > 0.2")
    assert page.locator("#playing").inner_text() == "First Light"
    assert page.locator("#from").inner_text() == "Flac, FLAC 24 bit / 48 kHz"
    page.keyboard.press(" ")
    until(page, "document.getElementById('sound').paused")
    at = page.evaluate("document.getElementById('sound').currentTime")
    # The same track for another target goes on where this one was.
    page.locator("button[data-src]").nth(3).focus()
    page.keyboard.press("Enter")
    until(page, "document.getElementById('sound').src.endsWith('01%20Track.mp3')")
    until(page, f"document.getElementById('sound').currentTime >= {at}")
    assert page.locator("tbody.playing").count() == 1
    page.keyboard.press("p")
    until(page, "document.getElementById('sound').src.endsWith('03%20Track.flac')")
    until(page, "document.getElementById('sound').readyState > 0")
    assert page.locator("#problem").inner_text() == ""
    page.close()
    seen.quiet()
    played = {url.rpartition("/plain/")[2] for url in seen.requests}
    assert played == {
        "index.html",
        "flac/01%20Track.flac",
        "flac/03%20Track.flac",
        "mp3/01%20Track.mp3",
    }


@needs_chromium
def test_a_file_that_is_gone_is_told_of(browser: Browser, made: Made) -> None:
    page, _ = opened(browser, made.red / "index.html")
    page.locator("button[data-src]").first.click()
    until(page, "document.getElementById('problem').textContent !== ''")
    assert "not where it was" in page.locator("#problem").inner_text()
    page.close()


@needs_chromium
def test_the_filter_shows_a_target_and_what_is_not_green(browser: Browser, made: Made) -> None:
    page, seen = opened(browser, made.red / "index.html")
    assert visible_rows(page) == 6
    page.locator(".filter input[type=radio]").nth(2).check(force=True)
    assert visible_rows(page) == 3
    assert page.locator(".level:visible").count() == 1
    page.locator(".filter input[type=checkbox]").check()
    assert visible_rows(page) == 0
    assert page.locator("#none").is_visible()
    page.locator(".filter input[type=radio]").first.check(force=True)
    assert visible_rows(page) == 2
    assert page.locator("#counted").inner_text() == "2 of 6 files are shown"
    page.close()
    seen.quiet()


@needs_chromium
def test_paper_has_all_files_and_no_player(browser: Browser, made: Made) -> None:
    for name in ("index.html", "notes.html"):
        page, _ = opened(browser, made.plain / name)
        page.emulate_media(media="print")
        for part in (".dock", ".filter", "button"):
            assert page.locator(f"{part}:visible").count() == 0
        pdf = page.pdf(prefer_css_page_size=True)
        assert pdf.startswith(b"%PDF")
        (width,) = {int(found) for found in re.findall(rb"/MediaBox \[0 0 (\d+)", pdf)}
        # A4 in points: across, so that each file keeps to its line; notes upright.
        assert width == pytest.approx(841.9 if name == "index.html" else 595.3, abs=2.0)
        page.close()
