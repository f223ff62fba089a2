"""The statistics are scipy's, and the definitions'."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from mixmaster.comparing.chance import (
    abx_verdict,
    bradley_terry,
    clopper_pearson,
    equally_liked_p,
    guessing_p,
    mean_of,
    wilson,
)


@pytest.mark.parametrize("trials", [1, 7, 16, 100, 3_000])
def test_guessing_is_the_binomials_tail(trials: int) -> None:
    for correct in {0, 1, trials // 2, trials - 1, trials}:
        expected = scipy.stats.binomtest(correct, trials, 0.5, alternative="greater").pvalue
        assert guessing_p(correct, trials) == pytest.approx(expected, rel=1e-9)
    by_hand = sum(math.comb(16, k) for k in range(12, 17)) / 2**16
    assert guessing_p(12, 16) == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize(("hits", "trials"), [(0, 5), (5, 5), (3, 10), (9, 16), (77, 100)])
def test_intervals_are_scipys(hits: int, trials: int) -> None:
    test = scipy.stats.binomtest(hits, trials)
    exact, score = test.proportion_ci(method="exact"), test.proportion_ci(method="wilson")
    ours = clopper_pearson(hits, trials)
    assert (ours.low, ours.high) == pytest.approx((exact.low, exact.high), abs=1e-9)
    ours = wilson(hits, trials)
    assert (ours.low, ours.high) == pytest.approx((score.low, score.high), abs=1e-9)
    assert ours.value == hits / trials


def test_strengths_are_the_maximum_of_the_likelihood() -> None:
    rng = np.random.default_rng(3)
    wins = rng.integers(0, 9, (5, 5)).astype(float)
    np.fill_diagonal(wins, 0.0)

    def loss(logs: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        apart = logs[:, None] - logs[None, :]
        counted = (wins + 0.5 / 4.0) * (1.0 - np.eye(5))
        return float((counted * np.logaddexp(0.0, -apart)).sum())

    best = scipy.optimize.minimize(loss, np.zeros(5), tol=1e-12).x
    best -= best.mean()
    found = bradley_terry(wins)
    assert [s.value for s in found] == pytest.approx(scipy.special.expit(best), abs=1e-4)
    assert all(s.low < s.value < s.high for s in found)


def test_one_that_always_wins_has_a_finite_strength() -> None:
    wins = np.zeros((3, 3))
    wins[0, 1] = wins[0, 2] = 30.0
    first, second, third = bradley_terry(wins)
    assert 0.5 < first.value < 1.0
    assert first.low > second.high
    assert second == third
    none = bradley_terry(np.zeros((3, 3)))
    assert [s.value for s in none] == [0.5] * 3


def test_two_versions_are_a_sign_test() -> None:
    wins = np.array([[0.0, 14.0], [6.0, 0.0]])
    # (14 - 10)^2 / (20 / 4), one degree of freedom.
    expected = scipy.stats.chi2.sf(16.0 / 5.0, 1)
    assert equally_liked_p(wins) == pytest.approx(expected, rel=1e-9)
    assert equally_liked_p(np.zeros((2, 2))) is None


def test_the_spread_of_wins_keeps_its_level() -> None:
    rng = np.random.default_rng(11)
    small = 0
    for _ in range(400):
        games = rng.binomial(12, 0.5, (4, 4)).astype(float)
        wins = np.triu(games, 1) + np.tril(12.0 - games.T, -1)
        p = equally_liked_p(wins)
        assert p is not None
        small += p <= 0.05
    # 20 are expected; more than 36 or less than 7 have a chance of some 1 in 1000.
    assert 7 <= small <= 36


def test_means_of_ratings_are_students() -> None:
    values = [4, 3, 3, 4, 2, 4]
    expected = scipy.stats.t.interval(0.95, 5, np.mean(values), scipy.stats.sem(values))
    mean, low, high = mean_of(values)
    assert mean == pytest.approx(np.mean(values))
    assert (low, high) == pytest.approx(expected, abs=1e-9)
    assert mean_of([5]) == (5.0, 1.0, 5.0)


@pytest.mark.parametrize(
    ("correct", "trials", "planned", "said"),
    [
        (9, 16, 16, "no evidence of an audible difference (9 of 16, p = 0.40)"),
        (14, 16, 16, "a difference was heard (14 of 16, p = 0.002)"),
        (12, 16, 16, "a difference was heard (12 of 16, p = 0.038)"),
        (11, 16, 16, "no evidence of an audible difference (11 of 16, p = 0.11)"),
        (5, 5, 5, "too few trials to tell (5 of 5, p = 0.031)"),
        (0, 0, 16, "no trials"),
        (20, 20, 20, "a difference was heard (20 of 20, p = 1e-6)"),
    ],
)
def test_verdicts_are_honest(correct: int, trials: int, planned: int, said: str) -> None:
    assert abx_verdict(correct, trials, planned=planned) == said


def test_a_run_that_was_broken_off_says_so() -> None:
    said = abx_verdict(10, 10, planned=16)
    assert said.startswith("a difference was heard (10 of 10, p = 1e-3); stopped early, 16 trials")


def test_versions_that_were_never_compared_do_not_mix_in() -> None:
    # Two pairs that have nothing to do with each other: two sign tests, two degrees of freedom.
    wins = np.zeros((4, 4))
    wins[0, 1], wins[1, 0] = 9.0, 3.0
    wins[2, 3], wins[3, 2] = 5.0, 15.0
    expected = scipy.stats.chi2.sf(9.0 / 3.0 + 25.0 / 5.0, 2)
    assert equally_liked_p(wins) == pytest.approx(expected, rel=1e-9)
