"""What effects with a dry and a wet path share: cuts on the wet path, and the mix of both."""

from __future__ import annotations

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.base import MisfitError
from mixmaster.dsp import filters
from mixmaster.effects.base import Context
from mixmaster.effects.keyless import misfit
from mixmaster.errors import Problem

CUT_SLOPE_DB_PER_OCTAVE = 12


def check_cuts(low_cut_hz: float | None, high_cut_hz: float | None) -> None:
    """Refuse cuts that leave nothing between them.

    Raises:
        MisfitError: If the low cut does not lie below the high cut.
    """
    if low_cut_hz is not None and high_cut_hz is not None and not low_cut_hz < high_cut_hz:
        raise MisfitError(
            [
                Problem(
                    "low_cut_hz",
                    f"{low_cut_hz:g} Hz does not lie below high_cut_hz, {high_cut_hz:g} Hz",
                    "nothing would be left between",
                )
            ]
        )


def cuts(low_cut_hz: float | None, high_cut_hz: float | None, context: Context) -> Block:
    """Return the sections of a low and a high cut, ``(sections, 6)``; none for None.

    Raises:
        DocumentError: For a cut at or above the Nyquist frequency.
    """
    rate_hz = context.sample_rate_hz
    rows = [np.zeros((0, 6))]
    for key, cut_hz, make in (
        ("low_cut_hz", low_cut_hz, filters.high_pass),
        ("high_cut_hz", high_cut_hz, filters.low_pass),
    ):
        if cut_hz is None:
            continue
        if not cut_hz < 0.5 * rate_hz:
            raise misfit(
                context.where,
                f"{cut_hz:g} Hz cannot exist at {rate_hz} Hz",
                f"below {0.5 * rate_hz:g} Hz",
                key,
            )
        rows.append(make(cut_hz, CUT_SLOPE_DB_PER_OCTAVE, rate_hz))
    return np.concatenate(rows)


def blend(dry: Block, wet: Block, mix: float | Block) -> Block:
    """Return ``wet`` blended in place with ``dry``: 0 is dry, 1 wet; a number, or ``(frames,)``."""
    if isinstance(mix, float) and mix == 1.0:
        return wet
    wet *= mix
    wet += (1.0 - mix) * dry
    return wet
