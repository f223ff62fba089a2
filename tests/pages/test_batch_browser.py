"""The page of a batch in Chromium: sorting, filtering, keys, small screens, and no surprises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.pages.batches import batch, many, output
from tests.pages.chromium import needs_chromium, opened
from tests.pages.subjects import HOSTILE_NAMES

from mixmaster.pages.batch.data import PageOutput
from mixmaster.pages.batch.page import batch_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("batch")
    some = [
        *many(12),
        output("Peaky", true_peak_dbtp=0.4),
        PageOutput("Broken", state="failed", why=("there is no stem",)),
    ]
    hostile = [
        output(name, name, why=(name,), state="stale", notes=(name,)) for name in HOSTILE_NAMES
    ]
    for name, outputs in (
        ("some.html", some),
        ("hostile.html", hostile),
        ("many.html", many(500)),
        ("none.html", []),
    ):
        page = batch_page(batch(*outputs, name=HOSTILE_NAMES[0]))
        (path / name).write_text(page, encoding="utf-8", errors="backslashreplace")
    return path


def songs(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('#table tbody .file')].map((each) => each.textContent)"
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_opens_without_a_word_and_nothing_sticks_out(
    browser: Browser, folder: Path, scheme: str, width: int
) -> None:
    for name in ("some.html", "hostile.html", "none.html"):
        page, seen = opened(
            browser,
            folder / name,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
        )
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.locator("img").count() == 0
        seen.nothing((folder / name).as_uri())
        page.close()


def test_headings_sort_and_what_has_no_figure_stays_last(browser: Browser, folder: Path) -> None:
    page, seen = opened(browser, folder / "some.html")
    assert songs(page)[:2] == ["Broken", "Peaky"]
    page.get_by_role("button", name="True peak").click()
    assert songs(page)[0] == "Peaky"
    heading = page.locator("#table").get_by_role("columnheader", name="True peak")
    assert heading.get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="True peak").press("Enter")
    assert songs(page)[-2:] == ["Peaky", "Broken"]
    page.get_by_role("button", name="Song", exact=True).click()
    assert songs(page)[2:6] == ["Song 0", "Song 0", "Song 1", "Song 1"]
    assert songs(page)[-1] == "Song 11"
    seen.quiet()
    page.close()


def test_finding_filtering_and_keys(browser: Browser, folder: Path) -> None:
    page, seen = opened(browser, folder / "some.html")
    page.keyboard.press("/")
    page.keyboard.type("song 1 WEB")
    page.wait_for_timeout(100)
    assert songs(page) == ["Song 1", "Song 10", "Song 11"]
    assert page.locator("#counted").text_content() == "3 of 26 shown"
    for expected in ("Song 1", "Song 10"):
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.textContent") == expected
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type(" and nothing like it")
    page.wait_for_timeout(100)
    assert songs(page) == []
    assert page.locator("#none").is_visible()
    page.keyboard.press("Escape")
    assert len(songs(page)) == 26
    page.get_by_label("1 off their limits").check(force=True)
    assert songs(page) == ["Peaky"]
    page.keyboard.press("Escape")
    page.locator("#target").select_option("cd")
    assert len(songs(page)) == 12
    seen.quiet()
    page.close()


def test_a_thousand_rows_come_as_they_are_scrolled_to_and_all_are_printed(
    browser: Browser, folder: Path
) -> None:
    page, seen = opened(browser, folder / "many.html")
    first = len(songs(page))
    assert 200 <= first < 1_000
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(150)
    assert len(songs(page)) > first
    page.locator("#find").fill("song 499")
    page.wait_for_timeout(100)
    assert songs(page) == ["Song 499", "Song 499"]
    page.keyboard.press("Escape")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert len(songs(page)) == 1_000
    seen.quiet()
    page.close()


def test_without_a_script_everything_is_there(browser: Browser, folder: Path) -> None:
    page, _ = opened(browser, folder / "some.html", java_script_enabled=False)
    assert page.locator("#table tbody tr").count() == 26
    assert page.locator(".tools").is_hidden()
    page.close()
