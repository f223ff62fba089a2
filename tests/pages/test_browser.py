"""The page in Debian's Chromium: no error, no request, curves, keys, and names that stay text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.pages.chromium import needs_chromium, opened
from tests.pages.subjects import HOSTILE_NAMES, renamed, subject
from tests.pages.test_page import TARGET

from mixmaster.pages.page import report_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages")
    kinds = ("stereo", "mono", "5.1", "silence", "one sample", "faults")
    hostile = [renamed(subject(k), n) for k, n in zip(kinds, HOSTILE_NAMES, strict=False)]
    for name, files in (
        ("one.html", [subject("faults")]),
        ("hostile.html", hostile),
        ("many.html", [renamed(subject("stereo"), f"{i}.wav") for i in range(8)]),
    ):
        (path / name).write_text(report_page(files, target=TARGET), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_opens_without_a_word_and_asks_for_nothing(
    browser: Browser, folder: Path, scheme: str, width: int
) -> None:
    names = ("one.html", "hostile.html") if scheme == "dark" else ("one.html", "many.html")
    for name in names:
        page, seen = opened(
            browser,
            folder / name,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
        )
        assert page.evaluate("document.documentElement.scrollWidth") == width
        shown = page.locator("svg.chart:visible")
        assert shown.count() == page.locator("svg.chart").count() / 2
        expected = "chart narrow" if width < 640 else "chart wide"
        assert expected in (shown.first.get_attribute("class") or "")
        seen.nothing((folder / name).as_uri())
        page.close()


def test_dark_and_light_are_the_same_page_in_other_colours(browser: Browser, folder: Path) -> None:
    shades = {}
    for scheme in ("light", "dark"):
        page, _ = opened(browser, folder / "one.html", color_scheme=scheme)
        body = "getComputedStyle(document.body)"
        curve = "getComputedStyle(document.querySelector('.chart.wide .l-s0'))"
        shades[scheme] = [
            sum(map(int, page.evaluate(f"{style}.{key}.match(/\\d+/g).slice(0, 3)")))
            for style, key in ((body, "backgroundColor"), (body, "color"), (curve, "stroke"))
        ]
        page.close()
    (paper, ink, line), (dark_paper, dark_ink, dark_line) = shades["light"], shades["dark"]
    assert paper > 700
    assert ink < 200
    assert dark_ink > 600
    assert dark_paper < 150
    assert line < paper / 2
    assert dark_line > dark_paper * 3


def test_the_curves_are_there(browser: Browser, folder: Path) -> None:
    page, _ = opened(browser, folder / "one.html", viewport={"width": 1280, "height": 900})
    sizes = page.evaluate(
        """() => [...document.querySelectorAll('.chart.wide .panel path.l-s0,'
            + '.chart.wide .panel path.f-wave')]
            .map((path) => [path.getTotalLength(), path.getBBox().width, path.getBBox().height])"""
    )
    # Two channels with peaks and RMS, short-term loudness, correlation, spectrum, difference.
    assert len(sizes) >= 8
    for length, width, height in sizes:
        assert length > 100.0
        assert width > 20.0
        assert height > 1.0
    spectrum = page.locator("section[aria-label=Spectrum] .chart.wide .panel path.l-s0").first
    assert spectrum.evaluate("path => path.getBBox().width") > 700.0


def test_names_with_markup_stay_text(browser: Browser, folder: Path) -> None:
    page, seen = opened(browser, folder / "hostile.html")
    headings = page.locator("article h2").all_inner_texts()
    assert headings == list(HOSTILE_NAMES[:6])
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    seen.nothing((folder / "hostile.html").as_uri())


def test_the_keys_move_a_cursor_and_zoom(browser: Browser, folder: Path) -> None:
    page, seen = opened(browser, folder / "one.html", viewport={"width": 1280, "height": 1000})
    figure = page.locator("figure[data-seconds]").nth(1)
    figure.focus()
    read = page.locator(".read")
    assert not read.is_visible()
    for _ in range(100):  # half of the 200 steps that a length has
        page.keyboard.press("ArrowRight")
    assert read.is_visible()
    assert read.locator("b").first.inner_text() == "0:06.00"
    cursors = page.locator(".chart.wide .cursor")
    places = cursors.evaluate_all("all => all.map(c => Number(c.getAttribute('x1')))")
    assert places == pytest.approx([46.0 + 802.0 / 2.0] * 3)
    page.keyboard.press("+")
    panel = page.locator(".chart.wide g.zoom").first
    assert "scale(2 1)" in (panel.get_attribute("transform") or "")
    assert page.locator(".chart.wide.zoomed").count() == 3
    page.keyboard.press("0")
    assert panel.get_attribute("transform") is None
    page.keyboard.press("Escape")
    assert not read.is_visible()
    seen.nothing((folder / "one.html").as_uri())


def test_everything_can_be_reached_with_tab_and_shows_where_one_is(
    browser: Browser, folder: Path
) -> None:
    page, _ = opened(browser, folder / "one.html")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.className + '/' + document.activeElement.tagName")
        )
        if page.evaluate("document.activeElement.tagName") != "BODY":
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
    assert {"skip/A", "picture/FIGURE", "/SUMMARY", "/BUTTON"} <= reached


def test_files_can_be_hidden_from_the_charts_that_they_share(
    browser: Browser, folder: Path
) -> None:
    page, _ = opened(browser, folder / "hostile.html")
    curves = page.locator("[data-part='file-1']")
    assert curves.count() > 0
    page.locator("input[data-toggle='file-1']").focus()
    page.keyboard.press("Space")
    assert set(curves.evaluate_all("all => all.map(g => g.getAttribute('visibility'))")) == {
        "hidden"
    }


def test_without_scripts_the_page_is_whole(browser: Browser, folder: Path) -> None:
    page, seen = opened(browser, folder / "one.html", java_script_enabled=False)
    # With scripts off, Playwright's locators still work.
    assert page.locator("svg.chart.wide").first.is_visible()
    assert page.locator(".tools").count() == 0
    page.locator("summary", has_text="Long-term spectrum as a table").click()
    assert page.get_by_role("rowheader", name="1k", exact=True).first.is_visible()
    assert seen.requests == [(folder / "one.html").as_uri()]


def test_an_injected_script_does_not_run(browser: Browser, folder: Path) -> None:
    # Were the escape ever to fail, the policy holds: no script without the nonce.
    html = (folder / "one.html").read_text(encoding="utf-8")
    broken = html.replace("<main", "<script>alert(1)</script><img src=x onerror=alert(2)><main")
    path = folder / "broken.html"
    path.write_text(broken, encoding="utf-8")
    page, seen = opened(browser, path)
    page.wait_for_timeout(200)
    assert seen.dialogs == []
    assert page.locator("img").evaluate("image => image.naturalWidth") == 0
    for directive in ("script-src", "img-src"):
        blocked = [text for text in seen.console if directive in text]
        assert any("Content Security Policy" in text for text in blocked)
