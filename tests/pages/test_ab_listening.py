"""Blind listening, ABX and preference on the A/B page, by the keyboard alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scipy.stats import binomtest
from tests.pages.ab_sessions import Made, drums, make, versions_of
from tests.pages.chromium import check, needs_chromium, until, watched

from mixmaster.pages.ab.page import write_ab_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_chromium

RATE = 8_000
NAMES = ("Zebra Premaster", "Quokka Warm", "Okapi Loud", "Ibex Punchy")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("ab") / "page"
    signals = versions_of(drums(10.0, RATE), 4)
    made = make(folder, NAMES, signals, rate_hz=RATE, title="Night Drive")
    write_ab_page(made.session, made.folder)
    return made


@pytest.fixture
def page(browser: Browser, made: Made) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    seen = watched(page)
    page.goto((made.folder / "index.html").as_uri() + "#seed=5")
    yield page
    check(seen, made.folder.as_uri())
    context.close()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called so."""
    for _ in range(80):
        focused = page.evaluate(
            """() => { const e = document.activeElement;
            return e.getAttribute('aria-label') ?? e.labels?.[0]?.textContent ?? e.textContent; }"""
        )
        if focused.strip().startswith(name):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} was not reached")


def go(page: Page, tab: str) -> None:
    """Go to a way of listening with Tab and the arrows."""
    page.evaluate("document.activeElement.blur()")
    tab_to(page, "Open")
    for _ in range(5):
        if page.evaluate("document.activeElement.textContent") == tab:
            return
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(30)
    raise AssertionError(tab)


def hidden(page: Page, made: Made) -> None:
    """Assert that nothing that can be seen, read aloud or inspected in the page tells a name."""
    text: str = page.evaluate(
        """() => [document.title, ...[...document.querySelectorAll('body, body *:not(script)')]
            .flatMap((e) => [...[...e.childNodes].filter((n) => n.nodeType === 3)
                .map((n) => n.textContent), ...[...e.attributes].map((a) => a.value),
                e.value ?? ''])].join('\\n')"""
    )
    for version in made.session.versions:
        assert version.name not in text
        assert Path(version.audio.file).stem not in text
    assert not re.search(r"\bv[1-4]\b", page.evaluate("document.getElementById('dock').innerHTML"))


def results(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.evaluate("JSON.stringify(AB.resultsDocument())"))
    return found


def test_a_blind_test_by_the_keyboard_alone(page: Page, made: Made) -> None:
    # What was said before tells nothing afterwards.
    page.keyboard.press("3")
    page.keyboard.press("d")
    page.get_by_role("button", name="Choose").nth(1).click()
    page.keyboard.press("Escape")
    go(page, "Blind")
    tab_to(page, "Shuffle and hide the names")
    page.keyboard.press("Enter")
    hidden(page, made)
    order = page.evaluate("AB.state.running.order")
    assert sorted(order) == ["v1", "v2", "v3", "v4"]
    page.keyboard.press("Space")
    until(page, "AB.player.playing")
    for digit, stars in (("1", 2), ("2", 5), ("3", 3)):
        page.keyboard.press(digit)
        assert page.evaluate("AB.player.sound.id") == order[int(digit) - 1]
        page.keyboard.press(f"Shift+Digit{stars}")
        hidden(page, made)
    page.keyboard.press("2")
    page.keyboard.press("f")
    until(page, "document.getElementById('said').textContent === 'B preferred'")
    # A reload neither ends it nor tells anything.
    page.reload()
    hidden(page, made)
    assert page.evaluate("AB.state.running.order") == order
    tab_to(page, "Reveal the names")
    page.keyboard.press("Enter")
    preferred = made.session.versions[int(order[1][1:]) - 1].name
    assert page.locator(".verdict").inner_text() == f"You preferred B: {preferred}."
    blind = results(page)["blind"]
    assert blind == [
        {
            "level": "matched",
            "seed": 5,
            "order": order,
            "ratings": {order[0]: 2, order[1]: 5, order[2]: 3},
            "favourite": order[1],
        }
    ]
    assert results(page)["ratings"] == blind[0]["ratings"]


def abx(page: Page, answers: list[str]) -> None:
    """Answer trials: "right", "wrong", or "A" whatever it is."""
    for answer in answers:
        page.keyboard.press("3")
        x = page.evaluate("AB.player.sound.id === AB.state.running.first ? 1 : 2")
        key = {"right": x, "wrong": 3 - x, "A": 1}[answer]
        page.keyboard.press(f"Shift+Digit{key}")


def test_abx_counts_as_scipy_does_and_takes_nothing_back(page: Page, made: Made) -> None:
    go(page, "ABX")
    tab_to(page, "Start")
    page.keyboard.press("Enter")
    hidden(page, made)
    # No answer before X was heard.
    page.keyboard.press("Shift+Digit1")
    assert page.evaluate("AB.state.running.trials") == []
    pattern = ["right"] * 4 + ["wrong"] + ["right"] * 3
    abx(page, pattern)
    hits = pattern.count("right")
    p = binomtest(hits, 8, 0.5, alternative="greater").pvalue
    score = page.locator("#abx-score").inner_text()
    assert score.startswith(f"{hits} of 8 right, p = {p:.3f}")
    # Neither a reload nor going back takes an answer back, and X stays what it is.
    page.keyboard.press("3")
    x = page.evaluate("AB.player.sound.id")
    page.reload()
    assert page.get_by_role("heading", name="Trial 9 of 16").count() == 1
    page.keyboard.press("3")
    assert page.evaluate("AB.player.sound.id") == x
    hidden(page, made)
    abx(page, ["right"] * 6 + ["wrong"] * 2)
    p = binomtest(hits + 6, 16, 0.5, alternative="greater").pvalue
    verdict = page.locator("#abx-verdict").inner_text()
    assert verdict == f"A difference was heard ({hits + 6} of 16, p = {p:.3f})."
    run = results(page)["abx"]
    assert len(run) == 1
    assert (run[0]["first"], run[0]["second"], run[0]["planned"]) == ("v1", "v2", 16)
    assert run[0]["seed"] == 5
    assert sum(t["x"] == t["answer"] for t in run[0]["trials"]) == hits + 6
    assert "Someone who only guesses" in page.locator(".honest").first.inner_text()


def test_abx_says_honestly_that_nothing_was_shown_or_that_it_was_broken_off(page: Page) -> None:
    go(page, "ABX")
    tab_to(page, "Start")
    page.keyboard.press("Enter")
    abx(page, ["right", "wrong"] * 8)
    verdict = page.locator("#abx-verdict").inner_text()
    assert verdict == "No evidence of an audible difference (8 of 16, p = 0.60)."
    assert "no proof that there is none" in page.locator(".honest").first.inner_text()
    page.get_by_role("button", name="Another test").click()
    tab_to(page, "Start")
    page.keyboard.press("Enter")
    # Another order, or one could learn it; as reproducible as the first.
    assert page.evaluate("AB.state.running.seed") == 6
    abx(page, ["A"] * 3)
    page.get_by_role("button", name="Stop here").click()
    page.get_by_role("button", name="Stop", exact=True).click()
    until(page, "AB.state.running === null")
    told = page.locator("#panel").inner_text()
    assert re.search(r"Too few trials to tell \(\d of 3\)", told)
    assert "Broken off after 3 of 16" in told
    assert "test 2 of this pair" in told
    runs = results(page)["abx"]
    assert [len(run["trials"]) for run in runs] == [16, 3]
    assert [run["seed"] for run in runs] == [5, 6]


def test_a_seed_repeats_a_test_and_chance_does_not(browser: Browser, made: Made) -> None:
    orders = []
    for fragment in ("#seed=9", "#seed=9", ""):
        page = browser.new_page()
        page.goto((made.folder / "index.html").as_uri() + fragment)
        page.evaluate("AB.forget()")
        go(page, "ABX")
        page.get_by_role("button", name="Start").click()
        abx(page, ["A"] * 8)
        run = page.evaluate("AB.state.running")
        orders.append((run["seed"], tuple(trial["x"] for trial in run["trials"])))
        page.close()
    assert orders[0] == orders[1]
    assert orders[0][0] == 9
    assert orders[2][0] != 9


def test_a_switch_to_x_tells_nothing_but_its_sound(page: Page) -> None:
    go(page, "ABX")
    tab_to(page, "Start")
    page.keyboard.press("Enter")
    states = set()
    for _ in range(6):
        page.keyboard.press("3")
        states.add(
            page.evaluate(
                """() => [document.getElementById('chips').innerHTML,
                document.getElementById('difference') === null,
                document.getElementById('curves').hidden,
                getComputedStyle(document.querySelector('.meter') ?? document.body).display]
                .join('|')"""
            )
        )
        page.keyboard.press("Shift+Digit1")
    assert len(states) == 1
    # Levels do not change in a test, and no difference is heard.
    page.keyboard.press("m")
    page.keyboard.press("d")
    assert page.evaluate("AB.player.level") == "matched"
    assert page.evaluate("AB.player.sound.kind") == "one"


def test_a_preference_test_by_the_keyboard_alone(page: Page, made: Made) -> None:
    go(page, "Preference")
    tab_to(page, "Start")
    page.keyboard.press("Enter")
    hidden(page, made)
    total = 6  # four versions, all pairs once
    for i in range(total):
        page.keyboard.press("Shift+Digit1")
        assert page.evaluate("AB.state.running.answers.length") == i, "both are to be heard first"
        page.keyboard.press("1")
        first = page.evaluate("AB.player.sound.id")
        page.keyboard.press("2")
        second = page.evaluate("AB.player.sound.id")
        # v3 before all, and no preference between the others.
        answer = 1 if first == "v3" else 2 if second == "v3" else 0
        if i == 2:
            page.reload()
            hidden(page, made)
            page.keyboard.press("1")
            assert page.evaluate("AB.player.sound.id") == first
            page.keyboard.press("2")
        page.keyboard.press(f"Shift+Digit{answer}")
    answers = results(page)["preferences"]
    assert len(answers) == total
    met = Counter(frozenset((one["first"], one["second"])) for one in answers)
    assert set(met.values()) == {1}
    assert all(
        one["preferred"] == ("v3" if "v3" in {one["first"], one["second"]} else None)
        for one in answers
    )
    firsts = Counter(one["first"] for one in answers)
    assert max(firsts.values()) <= 2
    top = page.locator("table.standing tbody tr").first.inner_text()
    assert "Okapi Loud" in top
    low, high = binomtest(3, 3).proportion_ci(0.95, method="wilson")
    assert f"100 % ({100 * low:.0f} to {100 * high:.0f})" in top
    # Three wins of three are not enough to be sure: the interval begins at 44 %.
    assert "No clear preference" in page.locator(".verdict").inner_text()
