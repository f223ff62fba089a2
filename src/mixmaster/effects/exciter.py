"""Exciter: harmonics of the highs, added to the untouched sound."""

from __future__ import annotations

from typing import ClassVar, Literal

from mixmaster.arrays import Block
from mixmaster.documents.base import parameter
from mixmaster.dsp import filters
from mixmaster.dsp.decay import ring_out_samples
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.dsp.polyphase import LATENCY_SAMPLES, PolyphaseOversampler
from mixmaster.dsp.shaping import RoundShape
from mixmaster.dsp.sos import SosFilter
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Family, Processor
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.effects.moving import Moving
from mixmaster.effects.saturation import steepness
from mixmaster.effects.saturation_colour import TUBE_BIAS

_SLOPE_DB_PER_OCTAVE = 12


class Exciter(KeylessEffect):
    """Air and presence that an EQ cannot give: there was nothing there to lift.

    What lies above ``frequency_hz`` is driven into a saturating curve, and what the curve would
    take off its peaks is added to the sound instead: harmonics, and a little more of the highs
    themselves where they are loud. All that is added lies above ``frequency_hz``; quiet passages
    and everything below stay as they were. ``amount`` 0 is the identity.
    """

    blends_itself: ClassVar[bool] = True
    family: ClassVar[Family] = "colour"
    summary: ClassVar[str] = "Exciter: adds harmonics of the highs, for air and presence."

    effect: Literal["exciter"] = parameter("exciter", "The effect's name: exciter.")
    frequency_hz: float = parameter(
        3_500.0,
        "Where the highs begin: 2000 to 3500 for presence, 4000 to 7000 for air.",
        low=500.0,
        high=16_000.0,
    )
    drive_db: float = parameter(
        24.0,
        "How hard the highs are driven: they are quieter than the mix, so 18 to 30 is usual; more "
        "reaches quieter highs, and makes more harmonics of loud ones.",
        low=0.0,
        high=48.0,
        automatable=True,
    )
    amount: float = parameter(
        0.0,
        "How much of it is added: 0.1 to 0.3 is felt, 0.5 heard, 1 an effect. 0 is off.",
        low=0.0,
        high=1.0,
        automatable=True,
    )
    colour: Literal["bright", "warm"] = parameter(
        "bright",
        "Which harmonics: bright adds odd ones, for edge; warm adds the octave too, for silk.",
    )
    oversampling: Literal[1, 2, 4, 8, 16] = parameter(
        4,
        "How many times the sample rate the curve runs at: more keeps the highs free of false "
        "tones and costs time. 4 suits most.",
    )

    def prepare(self, context: Context) -> Processor:
        """Return the exciter; the identity if ``amount`` is 0.

        Raises:
            DocumentError: For highs that begin at or above the Nyquist frequency.
        """
        if not self.frequency_hz < 0.5 * context.sample_rate_hz:
            raise misfit(
                context.where,
                f"{self.frequency_hz:g} Hz cannot exist at {context.sample_rate_hz} Hz",
                f"below {0.5 * context.sample_rate_hz:g} Hz",
                "frequency_hz",
            )
        if self.amount == 0.0 and "amount" not in context.automated:
            return BypassProcessor()
        return ExciterProcessor(self, context)


class ExciterProcessor(Processor):
    """The plain signal, delayed, plus what the curve would take off its highs.

    Args:
        settings: Not neutral.
        context: The rate and the channels.
    """

    latency_samples = LATENCY_SAMPLES

    def __init__(self, settings: Exciter, context: Context) -> None:
        rate_hz, channels = context.sample_rate_hz, context.channels
        shape = RoundShape(TUBE_BIAS if settings.colour == "warm" else 0.0)
        highs = filters.high_pass(settings.frequency_hz, _SLOPE_DB_PER_OCTAVE, rate_hz)
        self._before, self._after = SosFilter(highs, channels), SosFilter(highs, channels)
        self._oversampler = PolyphaseOversampler(settings.oversampling, channels, rate_hz, shape)
        self._drive_db = Moving("drive_db", settings.drive_db, context)
        self._drive_after = Moving("drive_db", settings.drive_db, context, LATENCY_SAMPLES)
        self._amount = Moving("amount", settings.amount, context, LATENCY_SAMPLES)
        self._plain = DelayLine(channels, LATENCY_SAMPLES)
        self.tail_samples = LATENCY_SAMPLES + 2 * ring_out_samples(highs)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the excited block."""
        highs = self._before.process(block)
        highs *= steepness("tape", self._drive_db.at(at))
        out = self._oversampler.process(highs)
        out *= -self._amount.at(at) / steepness("tape", self._drive_after.at(at))
        out = self._after.process(out)
        out += self._plain.process(block)
        return out
