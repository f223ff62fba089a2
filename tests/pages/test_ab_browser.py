"""The A/B page in Debian's Chromium: it plays, switches, loops, and keeps what is said."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.pages.ab_sessions import Made, drums, make, versions_of
from tests.pages.chromium import check, needs_chromium, opened, until, watched
from tests.pages.subjects import HOSTILE_NAMES

from mixmaster.pages.ab.data import RESULTS_SCHEMA
from mixmaster.pages.ab.page import write_ab_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_chromium

RATE = 44_100
NAMES = ("mix.wav", "transparent", "loud and dense")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("ab") / "page"
    made = make(folder, NAMES, versions_of(drums(12.0, RATE), 3), rate_hz=RATE, title="Night Drive")
    write_ab_page(made.session, made.folder)
    return made


@pytest.fixture
def page(browser: Browser, made: Made) -> Iterator[Page]:
    """A page of its own, with nothing kept, that says nothing and asks for its audio alone."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    seen = watched(page)
    page.goto((made.folder / "index.html").as_uri() + "#seed=5")
    yield page
    check(seen, made.folder.as_uri())
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_opens_without_a_word_and_fits(
    browser: Browser, made: Made, scheme: str, width: int
) -> None:
    page, seen = opened(
        browser,
        made.folder / "index.html",
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
    )
    assert page.evaluate("document.documentElement.scrollWidth") == width
    until(page, "document.querySelectorAll('#spectrum path.curve').length === 6")
    for canvas in ("wave", "curves", "ruler"):
        drawn = page.evaluate(
            f"""() => {{ const c = document.getElementById('{canvas}');
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            return d.some((v) => v > 0); }}"""
        )
        assert drawn, canvas
    for name in ("blind", "abx", "preference", "results"):
        page.locator(f"#tab-{name}").click()
        assert page.evaluate("document.documentElement.scrollWidth") == width
    check(seen, made.folder.as_uri())
    page.close()


def test_it_plays_and_switches_by_keys(page: Page) -> None:
    page.keyboard.press("Space")
    until(page, "AB.player.playing && AB.player.position() > 0.3 * AB.data.rate")
    assert page.locator("#play").get_attribute("aria-label") == "Pause"
    for key, number in (("2", 1), ("3", 2), ("1", 0), (".", 1), (",", 0)):
        page.keyboard.press(key)
        pressed = page.locator("#chips button[aria-pressed=true]")
        assert pressed.count() == 1
        assert NAMES[number] in pressed.inner_text()
        until(page, f"AB.player.levels.get('v{number + 1}')?.value > 0")
        on = page.evaluate("[...AB.player.levels.values()].filter((l) => l.value !== 0).length")
        assert on == 1
    until(page, f"document.getElementById('said').textContent === '1, {NAMES[0]}'")
    # All of them run on, started together: their sources end at the same frame.
    ends = page.evaluate("[...AB.player.runs.at(-1).chains.values()].map((chain) => chain.to)")
    assert len(ends) == 3
    assert len(set(ends)) == 1
    page.keyboard.press("Space")
    until(page, "!AB.player.playing")
    stood = page.evaluate("AB.player.position()")
    page.keyboard.press("ArrowRight")
    moved = page.evaluate("AB.player.position()")
    assert moved == pytest.approx(min(stood + 5 * RATE, 12 * RATE - 1), abs=1)
    page.keyboard.press("Shift+ArrowLeft")
    assert page.evaluate("AB.player.position()") == pytest.approx(moved - RATE, abs=1)


def test_a_click_seeks_a_stroke_loops_and_escape_clears(page: Page) -> None:
    box = page.locator("#wave").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + 40)
    assert page.evaluate("AB.player.position() / AB.data.rate") == pytest.approx(3.0, abs=0.05)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 40, steps=4)
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 40, steps=4)
    page.mouse.up()
    loop = page.evaluate("[AB.player.loop.from, AB.player.loop.to].map((f) => f / AB.data.rate)")
    assert loop == pytest.approx([6.0, 9.0], abs=0.05)
    assert page.locator("#loop-told").inner_text() == "0:06.0 to 0:09.0"
    page.keyboard.press("Escape")
    assert page.evaluate("AB.player.loop") is None
    page.keyboard.press("l")
    loop = page.evaluate("[AB.player.loop.from, AB.player.loop.to].map((f) => f / AB.data.rate)")
    assert loop == pytest.approx([12.0 * 0.6, 12.0 * 0.85], abs=0.001)
    page.keyboard.press("Escape")
    page.evaluate("AB.player.seek(2 * AB.data.rate)")
    page.keyboard.press("i")
    page.evaluate("AB.player.seek(5 * AB.data.rate)")
    page.keyboard.press("o")
    loop = page.evaluate("[AB.player.loop.from, AB.player.loop.to].map((f) => f / AB.data.rate)")
    assert loop == pytest.approx([2.0, 5.0])
    page.keyboard.press("+")
    until(page, "!document.getElementById('zoom-out').disabled")
    page.keyboard.press("z")
    until(page, "document.getElementById('zoom-out').disabled")


def test_levels_and_differences_are_told(page: Page, made: Made) -> None:
    cell = page.locator("table.versions tbody tr").nth(2).locator("td[data-value]").first
    heard = made.session.versions[2].heard.integrated_lufs
    delivered = made.session.versions[2].original.integrated_lufs
    assert heard is not None
    assert delivered is not None
    assert cell.inner_text() == f"−{abs(heard):.1f}"
    page.keyboard.press("m")
    assert cell.inner_text() == f"−{abs(delivered):.1f}"
    page.keyboard.press("m")
    page.keyboard.press("2")
    page.keyboard.press("d")
    pair = made.session.pairs[0]
    assert pair.difference_db is not None
    told = page.locator("#difference-told").inner_text()
    assert told.startswith(f"−{abs(pair.difference_db):.1f} dB against the versions")
    assert page.evaluate("[...AB.player.gains().values()]") == pytest.approx([1.0, -1.0])
    page.keyboard.press("d")
    assert page.evaluate("AB.player.sound.kind") == "one"


def test_notes_ratings_and_the_winner_survive_a_reload_and_a_file(
    page: Page, tmp_path: Path
) -> None:
    page.evaluate("AB.player.seek(4.5 * AB.data.rate)")
    page.keyboard.press("2")
    page.keyboard.press("n")
    page.keyboard.type("harsh <b>here</b>")
    page.get_by_role("button", name="Add the note").click()
    page.get_by_role("radio", name="4 stars").nth(1).check(force=True)
    page.get_by_role("button", name="Choose: transparent").click()
    dialog = page.locator("#winner")
    assert "mixmaster master mix.wav -m preset-1.toml" in dialog.inner_text()
    dialog.get_by_role("button", name="Close").click()
    page.reload()
    assert page.locator(".notelist .said").inner_text() == "harsh <b>here</b>"
    assert page.get_by_role("radio", name="4 stars").nth(1).is_checked()
    assert page.get_by_role("button", name="Chosen: transparent").count() == 1

    page.locator("#tab-results").click()
    page.get_by_label("Listener").fill("Ada L.")
    page.get_by_label("Listener").blur()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    path = tmp_path / "results.json"
    download.value.save_as(path)
    saved = json.loads(path.read_text(encoding="utf-8"))
    assert saved["schema"] == RESULTS_SCHEMA
    assert saved["listener"] == "Ada L."
    assert saved["ratings"] == {"v2": 4}
    assert saved["chosen"] == "v2"
    assert saved["notes"] == [{"version": "v2", "time_s": 4.5, "text": "harsh <b>here</b>"}]
    assert download.value.suggested_filename.startswith(f"ab-results-{saved['session']}-ada-l-")

    page.get_by_role("button", name="Delete all of it").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    until(page, "AB.isEmpty()")
    page.locator("input[type=file]").set_input_files(path)
    until(page, "AB.state.chosen === 'v2'")
    assert page.evaluate("AB.state.notes.length") == 1
    for change, said in (
        ({"session": "0" * 16}, "another comparison"),
        ({"schema": "else"}, "not a results file"),
        ({"ratings": {"v2": 9}}, "damaged"),
        ({"notes": [None]}, "damaged"),
    ):
        path.write_text(json.dumps({**saved, **change}), encoding="utf-8")
        page.locator("input[type=file]").set_input_files(path)
        page.get_by_role("button", name="Replace it").click()
        until(page, f"document.querySelector('.told[role=status]').textContent.includes('{said}')")
    assert page.evaluate("AB.state.ratings") == {"v2": 4}


def test_markup_in_names_stays_text(browser: Browser, tmp_path: Path) -> None:
    signals = versions_of(drums(4.0, 8_000), 6)
    title = HOSTILE_NAMES[0]
    made = make(tmp_path / "page", HOSTILE_NAMES[:6], signals, rate_hz=8_000, title=title)
    write_ab_page(made.session, made.folder)
    page, seen = opened(browser, made.folder / "index.html")
    chips = page.locator("#chips bdi")
    assert chips.all_text_contents() == list(HOSTILE_NAMES[:6])
    for i in range(6):
        page.keyboard.press(str(i + 1))
        page.keyboard.press("d")
    page.get_by_role("button", name="Choose").nth(1).click()
    page.keyboard.press("Escape")
    page.evaluate("AB.keep((s) => s.notes.push({version: 'v1', time_s: 1, text: AB.name('v2')}))")
    page.locator("#tab-results").click()
    assert page.locator("img").count() == 0
    assert page.locator("body script").count() == 2
    check(seen, made.folder.as_uri())
    page.close()


def test_thirty_versions_and_a_silent_one(browser: Browser, tmp_path: Path) -> None:
    base = drums(3.5, 8_000)
    signals = [*(versions_of(base, 5) * 6)[:29], np.zeros_like(base)]
    names = [f"version {i + 1} with a name that takes some room.wav" for i in range(30)]
    made = make(tmp_path / "page", names, signals, rate_hz=8_000)
    write_ab_page(made.session, made.folder)
    page, seen = opened(browser, made.folder / "index.html", viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.keyboard.press("Space")
    until(page, "AB.player.playing && AB.library.held.size === 30")
    assert page.evaluate("AB.player.context.sampleRate") == 8_000
    for _ in range(29):
        page.keyboard.press(".")
    assert page.evaluate("AB.current") == 29
    assert page.evaluate("AB.player.audible()") == ["v30"]
    chip = page.locator("#chips button").nth(29)
    box = chip.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    check(seen, made.folder.as_uri())
    page.close()


def test_what_is_in_memory_is_bounded(page: Page) -> None:
    page.evaluate(
        """async () => {
            AB.small = new AB.Library(AB.data, 0);
            for (let i = 0; i < 2; i++) for (const id of AB.order) await AB.small.load(id, i);
        }"""
    )
    assert page.evaluate("AB.small.room") == 2 * 3 + 2
    page.evaluate("AB.small.room = 3")
    page.evaluate("AB.small.want([['v1', 1]])")
    page.evaluate("AB.small.load('v1', 0)")
    page.evaluate("async () => { AB.small.held.delete('v3/1'); await AB.small.load('v3', 1); }")
    held = page.evaluate("[...AB.small.held.keys()]")
    assert len(held) == 3
    assert "v1/1" in held


def test_any_server_will_do_and_missing_audio_is_said(browser: Browser, made: Made) -> None:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    handler = functools.partial(Quiet, directory=str(made.folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}"
        page = browser.new_page()
        seen = watched(page)
        page.goto(f"{root}/index.html")
        page.keyboard.press("Space")
        until(page, "AB.player.playing")
        check(seen, root)
        page.route("**/audio/*", lambda route: route.abort())
        page.reload()
        page.keyboard.press("Space")
        until(page, "!document.getElementById('trouble').hidden")
        assert "audio is missing" in page.locator("#trouble").inner_text()
        assert not page.evaluate("AB.player.playing")
        page.close()
        server.shutdown()


def test_without_scripts_the_figures_are_there(browser: Browser, made: Made) -> None:
    page, seen = opened(browser, made.folder / "index.html", java_script_enabled=False)
    assert page.locator("table.versions tbody tr").count() == 3
    assert page.get_by_text("Listening needs JavaScript").is_visible()
    assert not page.locator("#dock").is_visible()
    check(seen, made.folder.as_uri())
    page.close()


def test_tab_reaches_everything_and_shows_where_one_is(page: Page) -> None:
    reached = set()
    for _ in range(45):
        page.keyboard.press("Tab")
        element = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
            const l = e.labels?.[0]?.querySelector('span') ?? e;
            const ring = [s, getComputedStyle(l), getComputedStyle(e.parentElement ?? e)]
                .some((one) => one.outlineStyle !== 'none');
            return [e.tagName, e.id || e.className, ring,
                (e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent
                 || e.getAttribute('aria-labelledby') || '').trim() !== '']; }"""
        )
        if element[0] in {"BODY", "HTML"}:
            break
        assert element[2], f"{element} has no ring"
        assert element[3], f"{element} has no name"
        reached.add(element[1])
    assert {"skip", "tab-open", "board", "loop-loudest", "difference-hear", "play"} <= reached
