"""What answers say, and what they leave open: exact tests, and intervals that keep their word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mixmaster.results import Result

LEVEL: Final = 0.95
"""Of confidence, of every interval."""

SIGNIFICANT: Final = 0.05

FEWEST_TRIALS: Final = 10
"""Fewer tell little: with 9 trials 8 must be right."""

_NORMAL: Final = 1.959963984540054  # the normal distribution's 97.5th percentile
_STEPS: Final = 10_000
_CLOSE: Final = 1e-10
_ROUNDING: Final = 1e-10
_PRIOR_WINS: Final = 0.5
"""So often each has won and lost, spread over the others, before anything is told: without it a
version that never lost would be infinitely strong (Caron and Doucet, J. Comp. Graph. Stat. 21,
2012)."""


@dataclass(frozen=True, slots=True)
class Share(Result):
    """A share of trials, with its interval.

    Attributes:
        hits: How many.
        trials: Of how many.
        value: Their ratio.
        low: The interval's lower end, 0 to 1.
        high: Its upper end.
    """

    hits: float
    trials: int
    value: float
    low: float
    high: float


def guessing_p(correct: int, trials: int) -> float:
    """Return how likely so many right answers or more are by guessing: the binomial's tail, 1/2.

    Args:
        correct: Right answers.
        trials: All answers, at least one.
    """
    from scipy.special import betainc

    assert 0 <= correct <= trials
    if correct == 0:
        return 1.0
    # P(X >= k) = I_1/2(k, n - k + 1): Abramowitz and Stegun, 26.5.24.
    return float(betainc(correct, trials - correct + 1, 0.5))


def clopper_pearson(hits: int, trials: int) -> Share:
    """Return a share with its exact interval (Clopper and Pearson, Biometrika 26, 1934)."""
    from scipy.special import betaincinv

    assert 0 <= hits <= trials
    assert trials > 0
    tail = (1.0 - LEVEL) / 2.0
    low = 0.0 if hits == 0 else float(betaincinv(hits, trials - hits + 1, tail))
    high = 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, 1.0 - tail))
    return Share(hits, trials, hits / trials, low, high)


def wilson(hits: float, trials: int) -> Share:
    """Return a share with its score interval (Wilson, J. Am. Stat. Assoc. 22, 1927).

    Args:
        hits: May be halves: a tie is half a win.
        trials: At least one.
    """
    assert 0 <= hits <= trials
    share = hits / trials
    square = _NORMAL * _NORMAL / trials
    middle = (share + square / 2.0) / (1.0 + square)
    spread = math.sqrt(share * (1.0 - share) * square + square * square / 4.0) / (1.0 + square)
    return Share(hits, trials, share, max(0.0, middle - spread), min(1.0, middle + spread))


@dataclass(frozen=True, slots=True)
class Strength(Result):
    """How strong a version is in comparisons.

    Attributes:
        value: The chance to be preferred to a version of average strength, 0 to 1.
        low: The interval's lower end.
        high: Its upper end.
    """

    value: float
    low: float
    high: float


def bradley_terry(wins: npt.NDArray[np.float64]) -> tuple[Strength, ...]:
    """Return the strength of each version from how often each was preferred to each.

    The model of Bradley and Terry (Biometrika 39, 1952), fitted by Hunter's iteration (Annals of
    Statistics 32, 2004), with half a win and half a loss of each added. An average version is one
    of their geometric mean; the intervals are those of the fit's curvature around it.

    Args:
        wins: ``(versions, versions)``: element i, j is how often i was preferred to j; halves
            for ties.
    """
    count = len(wins)
    wins = wins + _PRIOR_WINS / (count - 1)
    np.fill_diagonal(wins, 0.0)
    games = wins + wins.T
    won = wins.sum(axis=1)
    strength = np.ones(count)
    for _ in range(_STEPS):
        together = strength[:, np.newaxis] + strength[np.newaxis, :]
        new = won / (games / together).sum(axis=1)
        new /= np.exp(np.log(new).mean())
        moved = float(np.abs(np.log(new / strength)).max())
        strength = new
        if moved < _CLOSE:
            break
    chances = strength[:, np.newaxis] / (strength[:, np.newaxis] + strength[np.newaxis, :])
    weights = games * chances * (1.0 - chances)
    information = np.diag(weights.sum(axis=1)) - weights
    deviation = np.sqrt(_pseudo_inverse(information)[0].diagonal())
    logs = np.log(strength)
    low, high = logs - _NORMAL * deviation, logs + _NORMAL * deviation
    return tuple(
        Strength(*(_chance(float(value)) for value in each))
        for each in zip(logs, low, high, strict=True)
    )


def _pseudo_inverse(matrix: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], int]:
    """Return the pseudo-inverse of a symmetric matrix whose rows add up to 0, and its rank.

    What all have in common cannot be told, so at least one eigenvalue is 0 but for rounding.
    """
    values, vectors = np.linalg.eigh(matrix)
    kept = values > _ROUNDING * values.max()
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    return inverse, int(kept.sum())


def _chance(log_odds: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * log_odds))


def equally_liked_p(wins: npt.NDArray[np.float64]) -> float | None:
    """Return how likely such a spread of wins is when all are liked alike; None without answers.

    Each answer then is a toss, so the surpluses of wins have a mean of 0 and a known covariance;
    their squared Mahalanobis length follows chi square (Durbin, Brit. J. Psych. 4, 1951, for
    unequal numbers of comparisons). A tie, half a win for both, varies less: p errs upward.

    Args:
        wins: As for ``bradley_terry``.
    """
    from scipy.special import gammaincc

    games = wins + wins.T
    if not games.any():
        return None
    surplus = wins.sum(axis=1) - games.sum(axis=1) / 2.0
    covariance = (np.diag(games.sum(axis=1)) - games) / 4.0
    inverse, degrees = _pseudo_inverse(covariance)
    statistic = float(surplus @ inverse @ surplus)
    return float(gammaincc(degrees / 2.0, statistic / 2.0))


def abx_verdict(correct: int, trials: int, *, planned: int | None = None) -> str:
    """Return an honest sentence about an ABX run.

    Args:
        correct: Right answers.
        trials: All answers.
        planned: How many were meant to be given; a run that was stopped early proves less.
    """
    if trials == 0:
        return "no trials"
    p = guessing_p(correct, trials)
    score = f"{correct} of {trials}, p = {p_text(p)}"
    stopped = ""
    if planned is not None and trials < planned:
        stopped = f"; stopped early, {planned} trials were planned, so p says too little"
    if trials < FEWEST_TRIALS:
        return f"too few trials to tell ({score}){stopped}"
    if p <= SIGNIFICANT:
        return f"a difference was heard ({score}){stopped}"
    return f"no evidence of an audible difference ({score}){stopped}"


def p_text(p: float) -> str:
    """Return a probability as people write it."""
    if p < 0.001:
        return f"{p:.0e}".replace("e-0", "e-")
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def mean_of(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean of ratings and its interval by Student's t; without one it is all there is.

    Args:
        values: At least one, 1 to 5.
    """
    from scipy.special import stdtrit

    found = np.asarray(values, dtype=np.float64)
    mean = float(found.mean())
    if found.size < 2:
        return mean, 1.0, 5.0
    deviation = float(found.std(ddof=1)) / math.sqrt(found.size)
    reach = float(stdtrit(found.size - 1, (1.0 + LEVEL) / 2.0)) * deviation
    return mean, max(1.0, mean - reach), min(5.0, mean + reach)
