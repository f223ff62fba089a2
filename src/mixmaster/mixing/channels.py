"""What acts on each strip and bus: fader and VCAs, pan and spread, mutes, still or moving."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mixmaster.dsp.curves import Curve
from mixmaster.mixing.automation import Moves
from mixmaster.mixing.moving import Level, MovingPan
from mixmaster.mixing.preset import Bus, MixPreset, Strip
from mixmaster.mixing.routing import MIX
from mixmaster.mixing.stem_names.names import spread_pans


@dataclass(frozen=True, slots=True)
class Instance:
    """One stem on a strip.

    Attributes:
        id: Such as ``strip.kick/01_Kick In``.
        strip: The strip's name in the preset.
        channels: 1 or 2.
        staging_gain_db: What gain staging solved for the strip.
        moved_samples: By how much aligning moves it later; earlier, on top of its delay, if
            negative: then it is its source that begins later.
        trim_db: Its own gain, on top of the strip's trim.
        polarity: Whether it is turned upside down, besides what its strip does.
        delay_ms: Its own delay, on top of the strip's.
        pan: Where it lies; None for where its strip puts it.
    """

    id: str
    strip: str
    channels: int
    staging_gain_db: float = 0.0
    moved_samples: int = 0
    trim_db: float = 0.0
    polarity: bool = False
    delay_ms: float = 0.0
    pan: float | None = None

    @property
    def head(self) -> dict[str, float | bool]:
        """What acts on this stem alone, as a session says it; empty where nothing does."""
        said: dict[str, float | bool] = {}
        if self.trim_db:
            said["trim_db"] = self.trim_db
        if self.polarity:
            said["polarity"] = True
        if self.delay_ms:
            said["delay_ms"] = self.delay_ms
        if self.pan is not None:
            said["pan"] = self.pan
        return said


@dataclass(frozen=True, slots=True)
class Channel:
    """A strip's instance or a bus, with all that acts on it.

    Attributes:
        id: The node's id.
        strip: The strip that an instance belongs to; None for a bus.
        channels: At the pre point.
        settings: What the preset says of it.
        level: The fader with its VCAs.
        pan: Where it lies.
        width: The stereo width.
        mutes: Curves of its own mutes, its VCAs' included.
    """

    id: str
    strip: str | None
    channels: int
    settings: Strip | Bus
    level: Level
    pan: MovingPan | float
    width: Curve | float
    mutes: tuple[Curve, ...]


class Channels:
    """Finds what acts on the channels of a preset.

    Args:
        preset: The preset.
        instances: The stems, in the order in which they are summed.
        moves: What automation moves.
    """

    def __init__(self, preset: MixPreset, instances: Sequence[Instance], moves: Moves) -> None:
        self._preset = preset
        self._instances = instances
        self._moves = moves
        self._vcas = self._members()
        self._pan_offsets = self._all_pan_offsets()

    def channel(
        self, node: str, channels: int, settings: Strip | Bus, strip: str | None = None
    ) -> Channel:
        """Return a strip's instance or a bus, with all that acts on it.

        Args:
            node: Its id.
            channels: At the pre point.
            settings: What the preset says of it.
            strip: The strip that an instance belongs to; None for a bus.
        """
        owner = None if strip is None else f"strip.{strip}"
        fader = self._moves.curve(node, "gain_db", owner)
        db = 0.0 if fader is not None else settings.gain_db
        curves = [] if fader is None else [fader]
        vca_db = 0.0
        for name in self._vcas.get(owner or node, ()):
            moving = self._moves.curve(f"vca.{name}", "gain_db")
            if moving is not None:
                curves.append(moving)
            else:
                vca_db += self._preset.vca[name].gain_db
        pan_curve = self._moves.curve(node, "pan", owner)
        offset, pan = self._pan_offsets.get(node, (0.0, settings.pan))
        return Channel(
            id=node,
            strip=strip,
            channels=channels,
            settings=settings,
            level=Level(db + vca_db, tuple(curves)),
            pan=pan if pan_curve is None else MovingPan(pan_curve, offset),
            width=self._moves.curve(node, "width", owner) or settings.width,
            mutes=tuple(self.mute_curves(node, owner)),
        )

    def route_of(self, settings: Strip | Bus) -> Iterator[str]:
        """Yield the buses that an output passes on its way to the mix."""
        at = settings.output
        while at != MIX:
            yield at
            at = self._preset.bus[at].output

    def mute_curves(self, node: str, owner: str | None = None) -> Iterator[Curve]:
        """Yield the moving mutes of a strip or bus: its own, and its VCAs'."""
        own = self._moves.curve(node, "mute", owner)
        if own is not None:
            yield own
        for name in self._vcas.get(owner or node, ()):
            moving = self._moves.curve(f"vca.{name}", "mute")
            if moving is not None:
                yield moving

    def is_mute(self, node: str, strip: str | None, settings: Strip | Bus) -> bool:
        """Return whether a strip or bus is silent throughout."""
        owner = None if strip is None else f"strip.{strip}"
        if settings.mute and self._moves.curve(node, "mute", owner) is None:
            return True
        return any(
            self._preset.vca[name].mute and self._moves.curve(f"vca.{name}", "mute") is None
            for name in self._vcas.get(owner or node, ())
        )

    def _members(self) -> dict[str, list[str]]:
        """Return the VCAs of every strip and bus that has one."""
        found: dict[str, list[str]] = {}
        for name, vca in self._preset.vca.items():
            for member in vca.members:
                (node,) = self._preset.find(member)
                found.setdefault(node, []).append(name)
        return found

    def _all_pan_offsets(self) -> dict[str, tuple[float, float]]:
        """Return how far each instance lies from its strip's pan, and where that is.

        The mono instances of a strip are spread; a stereo one keeps the strip's pan. One that has
        a pan of its own lies there; the others stay where they are without it.
        """
        found: dict[str, tuple[float, float]] = {}
        for name, strip in self._preset.strip.items():
            mine = [instance for instance in self._instances if instance.strip == name]
            mono = [instance for instance in mine if instance.channels == 1]
            offsets = spread_pans(len(mono), 0.0, strip.spread)
            pans = spread_pans(len(mono), strip.pan, strip.spread)
            found |= {instance.id: (0.0, strip.pan) for instance in mine}
            found |= {
                instance.id: place
                for instance, place in zip(mono, zip(offsets, pans, strict=True), strict=True)
            }
            found |= {
                instance.id: (instance.pan - strip.pan, instance.pan)
                for instance in mine
                if instance.pan is not None
            }
        return found
