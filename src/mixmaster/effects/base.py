"""The contract of an effect: declared settings that prepare a streaming processor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from mixmaster.arrays import BLOCK_FRAMES, Block
from mixmaster.documents.base import MisfitError, Settings, parameter
from mixmaster.errors import Problem


@dataclass(frozen=True, slots=True)
class Context:
    """What a processor is prepared for.

    Attributes:
        sample_rate_hz: The rate at which it will run.
        channels: Channels of every block it will be given.
        max_block_frames: The longest block it will be given.
        tempo_bpm: The session's tempo, for times given in beats.
        resources: What the effect needs from files, already read (impulse responses), by name.
        seed: Where random numbers start; draw them per absolute frame, never per block.
        where: The insert's id, such as ``strip.kick/01_Kick In.insert.eq``, for errors.
        automated: The parameters that automation will move, by the names under which
            `BlockContext.automation` brings their values; empty for most inserts.
    """

    sample_rate_hz: int
    channels: int
    max_block_frames: int = BLOCK_FRAMES
    tempo_bpm: float = 120.0
    resources: Mapping[str, Block] = field(default_factory=dict)
    seed: int = 0
    where: str = ""
    automated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BlockContext:
    """What a processor is told with each block.

    Attributes:
        start_frame: The block's first frame, counted from the session's zero.
        key: The side-chain, ``(channels, frames)``; None means the block itself.
        automation: Values per frame, ``(frames,)``, by the parameter's address within the
            effect: ``threshold_db``, ``bands.1.gain_db``. Exactly those of `Context.automated`,
            each within its declared range.
        tempo_bpm: The tempo at the session's zero; see `Effect` for one that changes.
    """

    start_frame: int = 0
    key: Block | None = None
    automation: Mapping[str, Block] = field(default_factory=dict)
    tempo_bpm: float = 120.0


class Processor(ABC):
    """A prepared effect: keeps state from block to block.

    ``process`` must not write into the block it is given; it may return that very block.
    Blocks arrive in order, without gaps, their lengths multiples of 4,096 except the last;
    however they are cut, the output must be the same bytes.

    Attributes:
        latency_samples: How many frames the output lags behind the input.
        tail_samples: How long the output may go on, after the input's end and the latency,
            before it stays below -120 dBFS of a full-scale input.
        settle_samples: How much of the signal before a passage it must have heard, beyond its
            tail, for its state to be as if it had heard all of it (within -80 dB).
        phase_sos: The all-pass sections, ``(sections, 6)``, that the whole signal goes through
            beside all else, as that of a crossover does; None for none. A dry path goes through
            them too, or what is added to it would cancel.
        hears_itself: Whether a detector inside listens to the block without reporting a gain: a
            key takes the block's place there, and nowhere else.
    """

    latency_samples: int = 0
    tail_samples: int = 0
    settle_samples: int = 0
    phase_sos: Block | None = None
    hears_itself: bool = False

    @abstractmethod
    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the processed block, ``(channels, frames)``, of the same length."""

    def gain_curve(self) -> Block | None:
        """Return the linear gain applied to the last block, ``(frames,)``; None if not dynamics.

        Effects that work on bands return one for each, ``(bands, frames)``. Aligned with the
        block that ``process`` returned, so that a recorded curve can be replayed on another
        signal (stems that sum to their mix).
        """
        return None

    def gain_reduction_db(self) -> Block | None:
        """Return the reduction of the last block in dB, >= 0, at any regular rate; or None."""
        return None

    @property
    def is_dynamics(self) -> bool:
        """Whether this processor reports a gain reduction."""
        return type(self).gain_reduction_db is not Processor.gain_reduction_db

    def replay(self, block: Block, gain: Block) -> Block:
        """Return ``block`` with this processor's latency and a recorded ``gain`` applied.

        Args:
            block: ``(channels, frames)``, in step with the recorded run's blocks.
            gain: What ``gain_curve`` gave then.
        """
        del block, gain
        raise TypeError(f"{type(self).__name__} has no gain curve to replay")


Family = Literal[
    "tone", "dynamics", "colour", "modulation", "space", "stereo", "repair", "plugin", "level"
]
"""What an effect is for, in the order in which people are shown the rack."""


class Effect(Settings, ABC):
    """The settings of an effect; a subclass declares ``effect: Literal["name"]`` and the rest.

    A subclass in a file of this room that declares its ``effect``, ``family`` and ``summary`` is
    in the rack: presets, schema and reference find it by that (`effects.registry`).

    ``revision`` counts changes of sound: a change is a new revision, and a preset or manifest
    that names an old one keeps the old sound. An effect with ``follows_tempo`` follows a
    tempo that changes while audio plays: where one does, `BlockContext.automation` brings it
    ``tempo_bpm`` and ``song_quarters`` (quarter notes since bar 1), frame by frame, and
    `Context.automated` names them. No file that it needs may last longer than
    ``longest_resource_s``. One with ``blends_itself`` reads ``amount`` on its own; all others
    are blended with their input by `effects.insertion.prepare_insert`.
    """

    current_revision: ClassVar[int] = 1
    follows_tempo: ClassVar[bool] = False
    family: ClassVar[Family]
    summary: ClassVar[str] = ""
    longest_resource_s: ClassVar[float] = 900.0
    blends_itself: ClassVar[bool] = False

    id: str | None = parameter(
        None, "The insert's own name, for --set and meters; the effect's name if silent."
    )
    bypass: bool = parameter(False, "Leave the insert out, keeping its latency.")
    amount: float = parameter(
        1.0,
        "How much of the insert is heard: 1 is all of it, 0.5 half of it beside half of the sound "
        "that it was given, 0 is that sound alone. Both stay in step, so nothing hollows out.",
        low=0.0,
        high=1.0,
    )
    key: str | None = parameter(
        None, "The strip or bus that the detector listens to; its own signal if silent."
    )
    key_position: Literal["pre", "post"] = parameter(
        "post",
        "Where the key is taken: post is after its fader and pan, so that riding the fader rides "
        "the detector; pre is before them, so that it hears the same at any fader.",
    )
    revision: int | None = parameter(
        None, "Which revision of the effect's sound is meant; the newest if silent.", low=1
    )

    @model_validator(mode="after")
    def _has_a_known_revision(self) -> Self:
        if self.sound_revision > self.current_revision:
            reason = (
                f"revision {self.revision} is newer than this version's {self.current_revision}"
            )
            raise MisfitError([Problem("revision", reason, "install a newer mixmaster")])
        return self

    @model_validator(mode="after")
    def _takes_its_key_somewhere(self) -> Self:
        if self.key is None and self.key_position != "post":
            reason = "there is no key that it could be the position of"
            raise MisfitError([Problem("key_position", reason, "name the key, or leave it out")])
        return self

    @classmethod
    def effect_name(cls) -> str:
        """Return the name by which documents ask for the effect: ``compressor``."""
        return str(cls.model_fields["effect"].default)

    @property
    def sound_revision(self) -> int:
        """The revision that is heard: the one that the settings name, or the newest."""
        return self.current_revision if self.revision is None else self.revision

    @property
    def is_reproducible(self) -> bool:
        """Whether the same job gives the same bytes, as all but plugins do."""
        return True

    def resource_files(self) -> Mapping[str, str]:
        """Return the audio files that the effect needs, as the document names them, by name.

        Who prepares the effect reads them, converted to the session's rate, into
        `Context.resources` under the same names.
        """
        return {}

    @abstractmethod
    def prepare(self, context: Context) -> Processor:
        """Return a processor for ``context``.

        Raises:
            DocumentError: For settings that make no sense at this rate or channel count, such
                as a band above the Nyquist frequency.
        """


class BypassProcessor(Processor):
    """The identity."""

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the very block."""
        del at
        return block
