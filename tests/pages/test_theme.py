"""The colours: told apart with any sight, and seen on their paper."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from mixmaster.pages.theme import DARK, DASHES, LIGHT, SERIES, Theme

# Machado, Oliveira, Fernandes (2009), severity 1.0, on linear sRGB.
SIGHTS = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# OKLab (B. Ottosson, 2020): linear sRGB to cone responses, and those to lightness and colour.
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(theme: Theme, role: str) -> npt.NDArray[np.float64]:
    share = np.array(theme.rgb(role)) / 255.0
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def oklab(rgb: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(TO_LAB @ np.cbrt(TO_CONES @ np.clip(rgb, 0.0, 1.0)))


def contrast(theme: Theme, one: str, other: str) -> float:
    weights = np.array([0.2126, 0.7152, 0.0722])
    a, b = sorted((float(weights @ linear(theme, role)) for role in (one, other)), reverse=True)
    return (a + 0.05) / (b + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("sight", SIGHTS)
def test_series_are_told_apart_with_any_sight(theme: Theme, sight: str) -> None:
    seen = [oklab(SIGHTS[sight] @ linear(theme, f"s{i}")) for i in range(SERIES)]
    for a, b in combinations(seen, 2):
        assert np.linalg.norm(a - b) > 0.07  # 0.02 is just noticed


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_curves_and_text_are_seen_on_their_paper(theme: Theme) -> None:
    for paper in ("paper", "panel"):
        for role in (*(f"s{i}" for i in range(SERIES)), "wave", "target", "fault"):
            assert contrast(theme, role, paper) >= 3.0  # WCAG 2.2, 1.4.11
        for role in ("ink", "muted", "target", "fault"):
            assert contrast(theme, role, paper) >= 4.5  # WCAG 2.2, 1.4.3: they are text, too


def test_no_two_series_have_the_same_dashes() -> None:
    assert len(DASHES) == len(set(DASHES)) == SERIES
