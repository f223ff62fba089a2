"""The statistics of the page's tests against SciPy, and the fairness of its shuffles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import binom, binomtest, chisquare
from tests.pages.chromium import needs_chromium

from mixmaster.pages.framing import source

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.add_script_tag(content="const AB = {};" + source("mixmaster.pages.ab", "chance.js"))
    yield page
    page.close()


def test_the_p_value_is_the_exact_binomials(page: Page) -> None:
    cases = [(k, n) for n in range(1, 41) for k in range(n + 1)]
    cases += [(k, n) for n in (100, 500, 1_000) for k in (0, 1, n // 2, n // 2 + 20, n)]
    found = page.evaluate("cases => cases.map(([k, n]) => AB.atLeast(k, n))", cases)
    for (k, n), p in zip(cases, found, strict=True):
        wanted = binomtest(k, n, 0.5, alternative="greater").pvalue
        assert p == pytest.approx(wanted, rel=1e-12, abs=1e-300), (k, n)


def test_power_and_the_hits_needed_are_the_binomials(page: Page) -> None:
    for n in (5, 10, 12, 16, 20, 25, 30):
        needed = page.evaluate("n => AB.hitsNeeded(n)", n)
        assert binom.sf(needed - 1, n, 0.5) <= 0.05 < binom.sf(needed - 2, n, 0.5)
        for p in (0.5, 0.7, 0.9):
            power = page.evaluate("([n, p]) => AB.power(n, p)", [n, p])
            assert power == pytest.approx(binom.sf(needed - 1, n, p), rel=1e-10)
    # Four right of four still come by chance in more than one test of twenty.
    assert page.evaluate("AB.hitsNeeded(4)") is None


def test_the_interval_is_wilsons(page: Page) -> None:
    for k, n in ((0, 5), (3, 5), (9, 16), (16, 16), (40, 100)):
        low, high = page.evaluate("([k, n]) => AB.wilson(k, n)", [k, n])
        wanted = binomtest(k, n).proportion_ci(0.95, method="wilson")
        assert (low, high) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def test_shuffles_repeat_with_their_seed_and_favour_no_order(page: Page) -> None:
    shuffle = "seed => AB.random(seed).shuffled(['a', 'b', 'c']).join('')"
    assert page.evaluate(shuffle, 7) == page.evaluate(shuffle, 7)
    orders: list[str] = page.evaluate(
        "() => Array.from({length: 6000}, (_, i) => "
        "AB.random(i).shuffled(['a', 'b', 'c']).join(''))"
    )
    counts = Counter(orders)
    assert len(counts) == 6
    assert chisquare(list(counts.values())).pvalue > 1e-4
    # And X: as often A as B, and neither depends on the one before.
    coins = np.array(
        page.evaluate(
            "() => Array.from({length: 400}, (_, i) => { const c = AB.random(i);"
            "return Array.from({length: 16}, () => c.coin() ? 1 : 0); })"
        )
    )
    assert binomtest(int(coins.sum()), coins.size).pvalue > 1e-4
    same = coins[:, 1:] == coins[:, :-1]
    assert binomtest(int(same.sum()), same.size).pvalue > 1e-4


@pytest.mark.parametrize("count", range(2, 10))
def test_preference_rounds_are_balanced(page: Page, count: int) -> None:
    ids = [f"v{i}" for i in range(count)]
    cycle = count if count % 2 else count - 1

    def pairs(rounds: int, seed: int) -> list[list[Any]]:
        found: list[list[Any]] = page.evaluate(
            "([ids, rounds, seed]) => AB.rounds(ids, rounds, AB.random(seed))",
            [ids, rounds, seed],
        )
        return found

    for seed in range(5):
        whole = pairs(cycle, seed)
        met = Counter(frozenset(pair) for pair in whole)
        assert len(met) == count * (count - 1) // 2
        assert set(met.values()) == {1}
        # In part of a cycle all have met equally often, but for who sat out.
        some = Counter(v for pair in pairs(max(1, cycle // 2), seed) for v in pair)
        if count % 2 == 0:
            assert len(set(some.values())) == 1
        firsts = Counter(pair[0] for pair in pairs(2 * cycle, seed))
        meetings = 2 * (count - 1)
        assert all(abs(firsts[v] - meetings / 2) <= 1 for v in ids)
        assert pairs(cycle, seed) == whole
    assert pairs(cycle, 1) != pairs(cycle, 2) or count == 2
