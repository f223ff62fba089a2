"""What one target asks for, everything settled."""

from __future__ import annotations

from dataclasses import dataclass

from mixmaster.audio.sink import FileSpec
from mixmaster.effects.limiter import Limiter
from mixmaster.errors import RefusedError
from mixmaster.mastering.aims import Aims
from mixmaster.mastering.analysis import Hearing
from mixmaster.mastering.dialogue import Speech
from mixmaster.mastering.edges import Extent
from mixmaster.mastering.options import MasterOptions, NamedTarget
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.programme import Programme
from mixmaster.mastering.target import Edges, Target


@dataclass(frozen=True, slots=True)
class Request:
    """What one target asks for, everything settled.

    Attributes:
        name: The target's short name, for errors.
        aims: The loudness; none leaves it as ``idle_gain_db`` makes it.
        idle_gain_db: The gain where no loudness is asked for: undoes the gain before the chain.
        to_ceiling: Where no loudness is asked for, bring the highest true peak to the ceiling.
        ceiling_dbtp: None: nothing is limited.
        limiter: The chain's delivery limiter; None for gain alone.
        most_reduction_db: The most that the limiter may take away at any moment; None for any.
        least_plr_lu: The lowest peak-to-loudness ratio that is allowed; None for any.
        target: For its further rules.
        spec: The file.
        passage: First frame and the one after the last of what is written; None for all.
        extent: What is written where there is no passage: trimmed, faded, padded.
        channels: Of the mix.
        dual_mono: Count a mono signal twice.
        threads: How many may work.
        dialogue_share: How much of the programme holds speech, 0 to 1; None where nobody asked.
    """

    name: str
    aims: Aims
    idle_gain_db: float
    to_ceiling: bool
    ceiling_dbtp: float | None
    limiter: Limiter | None
    most_reduction_db: float | None
    least_plr_lu: float | None
    target: Target
    spec: FileSpec
    passage: tuple[int, int | None] | None
    extent: Extent
    channels: int
    dual_mono: bool
    threads: int
    dialogue_share: float | None = None

    @property
    def wanted_lufs(self) -> float | None:
        """The integrated loudness that is asked for, of the whole or of its dialogue."""
        return self.aims.integrated_lufs

    @property
    def copies(self) -> int:
        """On how many channels each channel of the mix is written."""
        return self.spec.channels // self.channels


@dataclass(frozen=True, slots=True)
class Settling:
    """What every target's request of one job has in common.

    Attributes:
        preset: The chain.
        options: What the run was told.
        input_gain_db: The gain before the chain.
        sample_rate_hz: The mix's rate.
        channels: The mix's channels.
        threads: How many may work.
    """

    preset: MasteringPreset
    options: MasterOptions
    input_gain_db: float
    sample_rate_hz: int
    channels: int
    threads: int

    def request(
        self,
        named: NamedTarget,
        programme: Programme,
        passage: tuple[int, int | None] | None,
        speech: Speech | None,
    ) -> Request:
        """Settle what a target asks for: its document, the preset, and what the run was told.

        Args:
            named: The target.
            programme: The chain's output at the delivery's rate.
            passage: What of it is written, in frames; None for all.
            speech: Where somebody speaks, if that was told.

        Raises:
            RefusedError: When the target is measured on dialogue, and nobody said where it is.
        """
        options, target = self.options, named.target
        share = None
        if target.dialogue is not None and speech is not None:
            share = programme.model().plain(Hearing(measure=speech.share))
        aims = self._aims(named, speech, share)
        loudness = aims.integrated_lufs
        if loudness is None and (plain := programme.loudness_lufs()) is not None:
            loudness = plain - self.input_gain_db
        ceiling = options.ceiling_dbtp
        if ceiling is None:
            ceiling = target.ceiling_dbtp(loudness)
        limiter = None if target.gain_only else self.preset.delivery_limiter()
        return Request(
            name=named.name,
            aims=aims,
            idle_gain_db=-self.input_gain_db,
            to_ceiling=target.gain_only and not aims,
            ceiling_dbtp=ceiling,
            limiter=limiter,
            most_reduction_db=_least(
                None if limiter is None else limiter.max_gain_reduction_db,
                options.max_gain_reduction_db,
            ),
            least_plr_lu=_most(self.preset.min_plr_lu, target.min_plr_lu, options.min_plr_lu),
            target=target,
            spec=target.file.spec(self.sample_rate_hz, self.channels),
            passage=passage,
            extent=programme.extent(self._edges(target)),
            channels=self.channels,
            dual_mono=options.dual_mono,
            threads=self.threads,
            dialogue_share=share,
        )

    def _aims(self, named: NamedTarget, speech: Speech | None, share: float | None) -> Aims:
        options, target = self.options, named.target
        rule = target.dialogue
        if rule is not None and speech is None:
            raise RefusedError(
                named.name,
                f"{target.name} is measured on dialogue, and nothing says where that is",
                "give the dialogue's own stem: --dialogue FILE",
            )
        integrated, short_term = target.integrated_lufs, target.short_term_lufs
        if rule is None:
            speech = None
        elif share is not None and share < rule.least_share:
            integrated, speech = rule.programme_lufs, None
        if options.loudness_lufs is not None or options.short_term_lufs is not None:
            integrated, short_term = options.loudness_lufs, options.short_term_lufs
            speech = None if integrated is None else speech
        elif (
            integrated is None
            and short_term is None
            and target.true_peak_dbtp is not None  # a premaster keeps the level of the mix
            and not target.gain_only
        ):
            integrated = self.preset.integrated_lufs
        return Aims(integrated, short_term, speech)

    def _edges(self, target: Target) -> Edges:
        """Return the target's edges with what the run was told in their place."""
        told = {
            name: value
            for name in Edges.model_fields
            if (value := getattr(self.options, name)) is not None
        }
        return target.edges.model_copy(update=told)


def _least(*values: float | None) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _most(*values: float | None) -> float | None:
    return max((value for value in values if value is not None), default=None)
