"""How far tracks of an album lie from each other, and which lies too far: robust, and for few.

With 2 to 20 tracks a standard deviation is worth little, and one odd track makes it large enough
to hide itself. So the middle is the median, and the spread the median distance from it, brought
to that of a normal distribution (1.4826) and corrected for few values (C. Croux and P. Rousseeuw,
"Time-Efficient Algorithms for Two Highly Robust Estimators of Scale", COMPSTAT 1992). Of few values
even that is a guess: it is weighed against what is usual between the tracks of an album as four
tracks would be, and never taken for less than half of that: what nobody hears is no outlier.

An outlier is further than 2.5 spreads from the middle (C. Leys et al., "Detecting Outliers: Do Not
Use Standard Deviation Around the Mean, Use Absolute Deviation Around the Median", J. Exp. Soc.
Psychol. 49, 2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from pydantic import with_config

from mixmaster.release.levels.sound import FigureName
from mixmaster.release.levels.strict import STRICT
from mixmaster.results import Result

OUTSIDE: Final = 2.5
"""So many spreads from the middle, a track is an outlier."""

USUAL: Final[dict[FigureName, float]] = {
    "loudness": 1.0,
    "low_end": 2.0,
    "tilt": 1.0,
    "tone": 1.0,
    "width": 2.5,
    "low_side": 6.0,
    "vocal": 1.0,
}
"""What tracks of an album usually spread by, LU or dB: house figures, no standard has any."""

_NORMAL: Final = 1.4826
_SMALL: Final = {2: 1.196, 3: 1.495, 4: 1.363, 5: 1.206, 6: 1.200, 7: 1.140, 8: 1.129, 9: 1.107}
_AS_MANY: Final = 4.0
_LEAST_SHARE: Final = 0.5
FEWEST: Final = 3
"""Of fewer tracks nobody knows which one is odd, unless the anchor is chosen."""


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Spread(Result):
    """Where the tracks lie by one figure.

    Attributes:
        middle: The median.
        scale: The spread, as a standard deviation would be.
        count: Of how many tracks.
    """

    middle: float
    scale: float
    count: int


def spread_of(name: FigureName, values: Sequence[float]) -> Spread | None:
    """Return the spread of a figure over tracks; None of none."""
    count = len(values)
    if not count:
        return None
    usual = USUAL[name]
    middle = float(np.median(values))
    if count < FEWEST:
        return Spread(middle, usual, count)
    few = _SMALL.get(count, count / (count - 0.8))
    own = _NORMAL * few * float(np.median(np.abs(np.array(values) - middle)))
    weighed = (_AS_MANY * usual**2 + count * own**2) / (_AS_MANY + count)
    return Spread(middle, max(float(np.sqrt(weighed)), _LEAST_SHARE * usual), count)
