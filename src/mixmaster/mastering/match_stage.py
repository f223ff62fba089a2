"""The match stage: moves a master toward a profile, by as much as it is told.

What it does can only be said once the programme is known where the stage stands, so the settings
are no filter yet: ``mastering/matching.py`` measures the stage's input and puts a
``MatchFilter`` in its place.
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.base import items, parameter
from mixmaster.dsp.convolver import Convolver
from mixmaster.dsp.linear_phase import padded_kernel, symmetric_kernel
from mixmaster.dsp.match import curve_db
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Processor
from mixmaster.effects.keyless import KeylessEffect
from mixmaster.units import db_to_gain


class Match(KeylessEffect):
    """Tone, width and low end moved toward a profile, measured at the stage's own input.

    The correction is linear-phase, at least a third octave smooth, level below 40 Hz and above
    16 kHz, and as loud as its input, so that what comes after it finds the level it was set for.
    """

    summary: ClassVar[str] = "Match: moves tone, width and low end toward a profile or reference."
    blends_itself: ClassVar[bool] = True

    effect: Literal["match"] = parameter("match", "The effect's name: match.")
    profile: str | None = parameter(
        None,
        "The profile to move toward, by name (neutral, or your own) or as a .toml file in the "
        "preset's folder. Silent: the one that --reference or --profile brings.",
    )
    tone: float = parameter(
        1.0,
        "How far the tonal balance moves toward the profile's: 0.3 to 0.6 is a nudge, 1 all the "
        "way, 0 leaves it.",
        low=0.0,
        high=1.0,
    )
    width: float = parameter(
        0.5,
        "How far the stereo width of each octave moves; boosted sides bring up what was hidden "
        "there, so half of the way is often enough.",
        low=0.0,
        high=1.0,
    )
    low_end: float = parameter(
        1.0,
        "How far a bass that is wider than the profile's is brought into the middle; it is never "
        "widened.",
        low=0.0,
        high=1.0,
    )
    aim: Literal["curve", "tolerance"] = parameter(
        "curve",
        "Where it moves to: the profile's own curve, or just inside its tolerance, which leaves "
        "alone what is right already.",
    )
    max_db: float = parameter(
        6.0,
        "The most that any band of middle or sides is raised or lowered: 2 to 4 keeps the mix's "
        "character, 6 is a lot.",
        low=0.0,
        high=12.0,
    )
    max_plr_loss_db: float = parameter(
        1.0,
        "The most that the peak-to-loudness ratio may lose, beside what a change of tone alone "
        "makes of it (less bass is lower peaks): all amounts are lowered until it holds.",
        low=0.1,
        high=12.0,
    )

    def prepare(self, context: Context) -> Processor:
        """Not to be called: a match has to be solved first."""
        raise AssertionError(f"{context.where} was not solved")


class MatchFilter(KeylessEffect):
    """A solved match: what middle and sides go through. No document names it."""

    effect: Literal["match_filter"] = parameter("match_filter", "The effect's name.")
    mid_db: tuple[float, ...] = items("The coefficients of the middle's curve.")
    side_db: tuple[float, ...] = items("Of the sides'; of mono the middle's again.")
    gain_db: float = parameter(0.0, "The level, so that the match is as loud as its input.")

    def prepare(self, context: Context) -> Processor:
        """Return the filter; the identity where it has nothing to do."""
        if not any((*self.mid_db, *self.side_db, self.gain_db)):
            return BypassProcessor()
        return MatchProcessor(self, context)


class MatchProcessor(Processor):
    """Middle and sides through a linear-phase kernel each; left and right where they share one.

    Args:
        settings: Solved.
        context: One or two channels.
    """

    def __init__(self, settings: MatchFilter, context: Context) -> None:
        rate_hz = context.sample_rate_hz
        one = context.channels == 1 or settings.mid_db == settings.side_db
        curves = [settings.mid_db] if one else [settings.mid_db, settings.side_db]
        gain = db_to_gain(settings.gain_db)
        kernels = [gain * _kernel(tuple(each), rate_hz) for each in curves]
        taps = max(kernel.size for kernel in kernels)
        self._split = not one
        self._convolver = Convolver(
            np.stack([padded_kernel(kernel, taps) for kernel in kernels]), context.channels
        )
        self.latency_samples = (taps - 1) // 2
        self.tail_samples = self.latency_samples
        self.settle_samples = self.latency_samples

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the matched block, ``(channels, frames)``."""
        del at
        if not self._split:
            return self._convolver.process(block)
        middle, side = self._convolver.process(
            np.stack((block[0] + block[1], block[0] - block[1])) * 0.5
        )
        return np.stack((middle + side, middle - side))


@lru_cache(maxsize=8)  # a solved match runs at least twice
def _kernel(coefficients_db: tuple[float, ...], sample_rate_hz: int) -> Block:
    """Return the kernel of one curve, ``(taps,)``."""
    coefficients = np.array(coefficients_db)
    kernel = symmetric_kernel(lambda hz: db_to_gain(curve_db(coefficients, hz)), sample_rate_hz)
    assert kernel is not None  # a third octave at 40 Hz is far from too narrow
    kernel.flags.writeable = False
    return kernel
