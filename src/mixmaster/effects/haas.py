"""The Haas effect: one side a little later, heard as width and place instead of as an echo.

H. Haas, "Über den Einfluss eines Einfachechos auf die Hörsamkeit von Sprache", Acustica 1, 1951
(in English in JAES 20, 1972): up to about 35 ms a repetition is not heard as such, and the sound
seems to come from where it arrives first.

The price is paid in mono: a centred sound folds down to (1 + g e^(-j w T)) / 2, a comb whose
notches lie at odd multiples of 1 / (2 T), 20 lg((1 - g) / 2) deep: without end for a delayed side
as loud as the other (g = 1), 14 dB down at g = -4.4 dB. On average over frequency 3 dB are
lost. A level, a high cut and a low end that stays undelayed make the notches shallower.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp import filters
from mixmaster.dsp.decay import SILENCE, ring_out_samples
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.effects.wet import cuts
from mixmaster.units import db_to_gain, ms_to_samples


class Haas(KeylessEffect):
    """One side later. Without delay, gain and cut it is the identity, bit for bit.

    The time is rounded to a whole sample.
    """

    family: ClassVar[Family] = "stereo"
    summary: ClassVar[str] = "Haas: widens by delaying one side; check it in mono."

    effect: Literal["haas"] = parameter("haas", "The effect's name: haas.")
    delay_ms: float = parameter(
        0.0,
        "How much later the one side is: 5 to 12 is wide and tight, 15 to 30 wide and loose, more "
        "becomes an echo. In mono it is a comb: the first notch at 500 / delay_ms Hz.",
        low=0.0,
        high=50.0,
    )
    side: Literal["left", "right"] = parameter(
        "right",
        "Which side is late; the sound seems to come from the other one.",
    )
    gain_db: float = parameter(
        0.0,
        "Level of the late side: 2 to 5 more brings the sound back to the middle, 3 to 6 less "
        "moves it further over and keeps mono cleaner.",
        low=-24.0,
        high=12.0,
        automatable=True,
    )
    high_cut_hz: float | None = parameter(
        None,
        "Darkens the late side above this frequency (12 dB/octave): 4000 to 8000 hides it, and "
        "spares the highs the comb in mono. Off if silent.",
        low=500.0,
        high=20_000.0,
    )
    keep_below_hz: float | None = parameter(
        None,
        "Leaves everything below this frequency undelayed on both sides, so that bass and body "
        "survive mono: 150 to 300. Off if silent.",
        low=40.0,
        high=1_000.0,
    )

    def prepare(self, context: Context) -> Processor:
        """Return the delay of one side; the identity if neutral.

        Raises:
            DocumentError: For other than two channels, unless neutral, or a high cut at or above
                the Nyquist frequency.
        """
        colour = cuts(None, self.high_cut_hz, context)
        delay = round(ms_to_samples(self.delay_ms, context.sample_rate_hz))
        silent = delay == 0 and self.gain_db == 0.0 and not len(colour)
        if silent and not context.automated:
            return BypassProcessor()
        if context.channels != 2:
            raise misfit(
                context.where,
                f"one side cannot be delayed on {context.channels} channels",
                "a stereo strip or bus; a mono stem becomes stereo on a bus",
            )
        return HaasProcessor(self, delay, colour, context)


class HaasProcessor(Processor):
    """One channel through delay, gain and cut; the other only turned, if the lows stay.

    Args:
        settings: Not neutral, or moved by automation.
        delay: In samples.
        colour: The sections of the cut, ``(sections, 6)``.
        context: Two channels.
    """

    def __init__(self, settings: Haas, delay: int, colour: Block, context: Context) -> None:
        self._late = 0 if settings.side == "left" else 1
        self._gain = db_to_gain(settings.gain_db)
        self._moved = "gain_db" in context.automated
        self._delay = DelayLine(1, delay)
        self._cut = SosFilter(colour, 1) if len(colour) else None
        self._turns: SosFilter | None = None
        self._high: SosFilter | None = None
        quiet = SILENCE / (4.0 * max(1.0, db_to_gain(12.0) if self._moved else self._gain))
        self.tail_samples = delay + (ring_out_samples(colour, quiet) if len(colour) else 0)
        if settings.keep_below_hz is not None:
            corner_hz, rate_hz = settings.keep_below_hz, context.sample_rate_hz
            turn = filters.all_pass(corner_hz, filters.BUTTERWORTH_Q, rate_hz)
            high = filters.linkwitz_riley_high(corner_hz, rate_hz)
            self._turns, self._high = SosFilter(turn, 2), SosFilter(high, 1)
            self.tail_samples += ring_out_samples(high, quiet)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block, ``(2, frames)``, with one side late."""
        late = slice(self._late, self._late + 1)
        heard = block[late]
        low: Block | None = None
        out = block.copy()
        if self._turns is not None and self._high is not None:
            # Linkwitz-Riley: the low half is the all-pass less the high half.
            out = self._turns.process(block)
            heard = self._high.process(heard)
            low = out[late] - heard
        heard = self._delay.process(heard)
        if self._cut is not None:
            heard = self._cut.process(heard)
        heard = heard * (db_to_gain(at.automation["gain_db"]) if self._moved else self._gain)
        out[late] = heard if low is None else heard + low
        return np.ascontiguousarray(out)
