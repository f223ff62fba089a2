"""Which item of one list became which of another, where items have no ids, such as bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

ALIKE = 0.5
"""Two items that are less alike are two items: one went, another came."""


def paired(one: Sequence[Any], two: Sequence[Any]) -> list[tuple[int | None, int | None]]:
    """Return which position of the first list belongs to which of the second, in order.

    The alignment of two sequences (Needleman and Wunsch, 1970) whose pairs are alike, so that the
    sum of their likeness is largest; a position that has no partner stands with None.

    Args:
        one: Models.
        two: Others.
    """
    head = 0
    while head < min(len(one), len(two)) and one[head] == two[head]:
        head += 1
    tail = 0
    while tail < min(len(one), len(two)) - head and one[-1 - tail] == two[-1 - tail]:
        tail += 1
    found: list[tuple[int | None, int | None]] = [(at, at) for at in range(head)]
    middle = _aligned(one[head : len(one) - tail], two[head : len(two) - tail])
    found += [(None if a is None else a + head, None if b is None else b + head) for a, b in middle]
    return found + [(len(one) - at, len(two) - at) for at in range(tail, 0, -1)]


def _aligned(one: Sequence[Any], two: Sequence[Any]) -> list[tuple[int | None, int | None]]:
    # best[i][j] is the largest sum for the ends of the lists from i and j on.
    best = [[0.0] * (len(two) + 1) for _ in range(len(one) + 1)]
    like = [[likeness(a, b) for b in two] for a in one]
    for i in reversed(range(len(one))):
        for j in reversed(range(len(two))):
            both = like[i][j] + best[i + 1][j + 1] if like[i][j] >= ALIKE else 0.0
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    found: list[tuple[int | None, int | None]] = []
    i = j = 0
    while i < len(one) and j < len(two):
        if like[i][j] >= ALIKE and best[i][j] == like[i][j] + best[i + 1][j + 1]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            found.append((i, None))
            i += 1
        else:
            found.append((None, j))
            j += 1
    found += [(at, None) for at in range(i, len(one))]
    return found + [(None, at) for at in range(j, len(two))]


def likeness(one: Any, two: Any) -> float:
    """Return how alike two models are, 0 to 1: the mean over their parameters.

    Equal ones count 1, numbers of one sign their ratio. A word that differs, such as the shape of a
    band, makes them two things: 0.
    """
    if type(one) is not type(two) or not isinstance(one, BaseModel):
        return float(one == two)
    marks = []
    for name in type(one).model_fields:
        a, b = getattr(one, name), getattr(two, name)
        if a == b:
            marks.append(1.0)
        elif isinstance(a, str) or isinstance(b, str):
            return 0.0
        elif _is_number(a) and _is_number(b) and a * b > 0:
            marks.append(min(a / b, b / a))
        else:
            marks.append(0.0)
    return sum(marks) / max(1, len(marks))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
