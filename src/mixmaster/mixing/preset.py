"""The mix preset: strips found by name or role, buses, VCAs, the mix bus and the versions."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from mixmaster.documents.base import Document, MisfitError, Settings, items, parameter
from mixmaster.effects.registry import AnyEffect
from mixmaster.errors import Problem
from mixmaster.mixing import routing
from mixmaster.mixing.routing import MIX
from mixmaster.mixing.stem_names import patterns, roles

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
"""A strip's, bus's, VCA's or version's name: part of an id, so lower case and without dots."""

PanLaw = Literal["constant_power", "compromise", "linear", "unity"]

MIN_GAIN_DB = -144.0
MAX_GAIN_DB = 36.0

Position = float | str
"""Seconds, or a bar and a beat as text."""

VersionGain = Annotated[float, Field(ge=MIN_GAIN_DB, le=MAX_GAIN_DB)]

_FADER = "The fader, dB; 0 leaves the level alone, -6 is half as loud in amplitude."
_PAN = "-1 is left, 0 the centre, +1 right; a stereo source is balanced, never collapsed."
_WIDTH = "0 is mono, 1 as recorded, 2 doubles the sides; stereo sources only."
_INSERTS = "The effects, in order; each has an id, its effect's name if it does not give one."
_SENDS = "Copies to buses, such as a reverb's."


class Send(Settings):
    """A copy of a strip or bus to a bus."""

    to: str = parameter(..., "The bus that receives the copy.")
    gain_db: float = parameter(
        0.0, "How much of it, dB.", low=MIN_GAIN_DB, high=MAX_GAIN_DB, automatable=True
    )
    position: Literal["pre", "post"] = parameter(
        "post", "post follows the fader, as a reverb should; pre does not, as a cue mix should."
    )
    pan: float | None = parameter(
        None,
        "Where the copy lies; where the source lies if silent.",
        low=-1.0,
        high=1.0,
        automatable=True,
    )
    mute: bool = parameter(False, "Keep the send but send nothing.", automatable=True)


class Strip(Settings):
    """A channel strip; every stem that matches gets an instance of its own."""

    match: tuple[str, ...] = items(
        "Patterns of the stems' names: runs of words, * and ? inside a word, {a,b} for either.",
        most=256,
    )
    roles: tuple[str, ...] = items(
        "Roles whose patterns are matched too; the strip's own name, where it is a role, if both "
        "match and roles are silent.",
        most=64,
    )
    notes: str = parameter("", "What the strip is set up for, and why so.")
    input_lufs: float | None = parameter(
        None,
        "Gain staging: the gated loudness to which the strip's stems, as one group, are brought "
        "before the inserts, LUFS, so that thresholds mean something. Off if silent.",
        low=-60.0,
        high=0.0,
    )
    max_input_gain_db: float = parameter(
        24.0, "The most that gain staging may raise a stem, dB.", low=0.0, high=60.0
    )
    polarity: bool = parameter(False, "Turn the signal upside down.")
    trim_db: float = parameter(
        0.0, "Gain before staging's target and the inserts, dB.", low=-60.0, high=60.0
    )
    delay_ms: float = parameter(
        0.0, "Delay at the input, ms: to line up microphones.", low=0.0, high=1000.0
    )
    align_to: str | None = parameter(
        None,
        "A strip to line up with, such as overheads: each stem is moved, earlier or later, by the "
        "delay measured between the two, up to 20 ms. delay_ms comes on top. Off if silent.",
    )
    gain_db: float = parameter(0.0, _FADER, low=MIN_GAIN_DB, high=MAX_GAIN_DB, automatable=True)
    pan: float = parameter(0.0, _PAN, low=-1.0, high=1.0, automatable=True)
    width: float = parameter(1.0, _WIDTH, low=0.0, high=2.0, automatable=True)
    spread: float = parameter(
        0.0,
        "Pans several mono stems evenly from -spread to +spread about pan, in the order of their "
        "names; one alone stays at pan.",
        low=0.0,
        high=1.0,
    )
    pair: bool = parameter(
        True, "Two mono stems named L and R become one stereo stem; false keeps them apart."
    )
    mute: bool = parameter(
        False,
        "Silence, sends included; a detector that has it as its key hears it all the same.",
        automatable=True,
    )
    solo: bool = parameter(
        False, "Only what is soloed is heard, with its groups and returns; keys stay as they are."
    )
    solo_safe: bool = parameter(
        False, "Heard even while others are soloed: a guide track. Returns need none."
    )
    output: str = parameter(MIX, "The bus that the strip goes to; mix is the mix bus.")
    insert: tuple[AnyEffect, ...] = items(_INSERTS, most=64)
    send: tuple[Send, ...] = items(_SENDS, most=64)


class Bus(Settings):
    """A group or an effect return: what is sent to it is summed and processed."""

    notes: str = parameter("", "What the bus is for.")
    gain_db: float = parameter(0.0, _FADER, low=MIN_GAIN_DB, high=MAX_GAIN_DB, automatable=True)
    pan: float = parameter(0.0, _PAN, low=-1.0, high=1.0, automatable=True)
    width: float = parameter(1.0, _WIDTH, low=0.0, high=2.0, automatable=True)
    mute: bool = parameter(
        False,
        "Silence, with all that has its output here, sends included; a detector that has it as "
        "its key hears it all the same.",
        automatable=True,
    )
    solo: bool = parameter(
        False,
        "Only what is soloed is heard: of a group all that has its output there, with its returns; "
        "of a return what is sent to it.",
    )
    output: str = parameter(MIX, "The bus that this one goes to; mix is the mix bus.")
    insert: tuple[AnyEffect, ...] = items(_INSERTS, most=64)
    send: tuple[Send, ...] = items(_SENDS, most=64)


class Vca(Settings):
    """A fader that moves other faders: its dB are added to theirs, sends included."""

    members: tuple[str, ...] = items(
        "Strips and buses; strip.bass or bus.bass where one of each has the name.", least=1
    )
    gain_db: float = parameter(
        0.0,
        "Added to each member's fader, dB.",
        low=MIN_GAIN_DB,
        high=MAX_GAIN_DB,
        automatable=True,
    )
    mute: bool = parameter(False, "Silence every member, sends included.", automatable=True)


class MixBus(Settings):
    """The stereo bus that everything ends in; its output is the premaster."""

    pan_law: PanLaw = parameter(
        "constant_power",
        "What the centre loses against the sides: constant_power 3 dB, compromise 4.5 dB, linear "
        "6 dB; unity nothing: mono stems go to both sides at full level, and pan only takes away.",
    )
    gain_db: float = parameter(0.0, _FADER, low=MIN_GAIN_DB, high=MAX_GAIN_DB, automatable=True)
    insert: tuple[AnyEffect, ...] = items(_INSERTS, most=64)


class TimedMute(Settings):
    """A stretch of time in which something is silent, such as a word."""

    mute: tuple[str, ...] = items("Strips and buses that are silent meanwhile.", least=1)
    start: Position = parameter(
        ..., "Where the silence begins: seconds, or a bar and a beat, such as '17:2.5'."
    )
    end: Position = parameter(..., "Where it ends.")


class Version(Settings):
    """An alternate of the mix, such as an instrumental: what it does otherwise than the mix.

    What it mutes is silent whatever automation says, sends and returns included; detectors hear it
    all the same.
    """

    description: str = parameter("", "What it is, for people; manifests say it.")
    mute: tuple[str, ...] = items(
        "Strips and buses that are left out; strip.bass or bus.bass where one of each has the name."
    )
    solo: tuple[str, ...] = items(
        "Strips and buses that alone are heard, with their groups and returns, whatever else is "
        "soloed in the mix."
    )
    gain_db: dict[str, VersionGain] = parameter(
        {},
        "What is added to faders, dB, by strip, bus or VCA (vca.rhythm): lead_vocal = 1.0 is a "
        "vocal up; sends follow.",
    )
    timed_mute: tuple[TimedMute, ...] = items(
        "Stretches of silence: words that a clean version leaves out.", most=1024
    )
    bypass: tuple[str, ...] = items("Inserts that are left out: mix.insert.limiter ...", most=256)
    dynamics: Literal["anew", "main"] = parameter(
        "anew",
        "anew: compressors and the like on buses and the mix hear this version itself. main: their "
        "gain follows the mix's, moment by moment, so that the version can be cut into it "
        "unnoticed, or laid under a voice that then sounds as in the mix.",
    )


class MixPreset(Document):
    """A mix that is reusable over songs: it names roles, not files."""

    kind: Literal["mix"] = parameter(..., "What the document is: mix.")
    tempo_bpm: float = parameter(
        120.0, "The song's tempo, quarter notes a minute: delays count in it.", low=20.0, high=400.0
    )
    strip: dict[Name, Strip] = parameter({}, "The channel strips, by name.")
    bus: dict[Name, Bus] = parameter({}, "Groups and effect returns, by name.")
    vca: dict[Name, Vca] = parameter({}, "Faders over faders, by name.")
    mix: MixBus = parameter(MixBus(), "The mix bus.")
    version: dict[Name, Version] = parameter({}, "Alternates of the mix, by name.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """Check what no single key can tell: names, routes, cycles, ids, patterns."""
        problems = [*routing.problems(self), *self._pattern_problems()]
        if problems:
            raise MisfitError(problems)
        return self

    def patterns(self) -> dict[str, tuple[str, ...]]:
        """Return every strip's patterns, those of its roles included, for `names.assign`."""
        return {name: self._patterns_of(name) for name in self.strip}

    def find(self, name: str) -> list[str]:
        """Return the ids that ``name`` may mean: ``bass`` may be ``strip.bass`` and ``bus.bass``.

        One id means exactly that; none or several are an error where the name is used.
        """
        return routing.find(self, name)

    def _patterns_of(self, name: str) -> tuple[str, ...]:
        strip = self.strip[name]
        named = strip.roles
        if not named and not strip.match and name in roles.vocabulary():
            named = (name,)
        found = [pattern for role in named for pattern in roles.vocabulary()[role].match]
        return (*strip.match, *found)

    def _pattern_problems(self) -> list[Problem]:
        """Check roles and patterns: known, readable, and none of them in two strips."""
        problems = [
            problem
            for name, strip in self.strip.items()
            for problem in roles.problems(name, strip.match, strip.roles)
        ]
        return problems or patterns.clashes(self.patterns())
