"""The console: a mix preset and the stems it was given, as a graph for the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mixmaster.documents.addresses import insert_ids, item_names
from mixmaster.effects.base import Effect
from mixmaster.engine.graph import Feed, Graph, Insert, Node
from mixmaster.mixing.names import spread_pans
from mixmaster.mixing.panning import post_matrix
from mixmaster.mixing.preset import Bus, MixPreset, Send, Strip
from mixmaster.mixing.routing import MIX
from mixmaster.units import db_to_gain, ms_to_samples


@dataclass(frozen=True, slots=True)
class Instance:
    """One stem on a strip.

    Attributes:
        id: Such as ``strip.kick/01_Kick In``.
        strip: The strip's name in the preset.
        channels: 1 or 2.
        staging_gain_db: What gain staging solved for the strip.
    """

    id: str
    strip: str
    channels: int
    staging_gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance ended up, for the table of the dry run.

    Attributes:
        id: The instance's id.
        input_gain_db: Polarity aside, all gain before the inserts: staging and trim.
        fader_db: The fader with its VCAs; None when muted.
        pan: Where it lies, -1 to +1.
        route: The buses on its way to the mix.
        sends: Bus and level, such as ``plate -12.0``.
    """

    id: str
    input_gain_db: float
    fader_db: float | None
    pan: float
    route: tuple[str, ...]
    sends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Out:
    """What a node sends on: its channels at the pre point, its fader and its pan."""

    node: str
    channels: int
    fader: float
    pan: float


class Console:
    """Builds the graph of a preset over instances.

    Args:
        preset: The preset, already checked: routes lead somewhere and nothing circles.
        instances: The stems, in the order in which they are summed.
        sample_rate_hz: The session's rate.
    """

    def __init__(
        self, preset: MixPreset, instances: Sequence[Instance], sample_rate_hz: int
    ) -> None:
        self._preset = preset
        self._instances = instances
        self._rate = sample_rate_hz
        self._vca_db, self._vca_mute = self._vcas()
        self._pans = self._all_pans()
        self._feeds: dict[str, list[Feed]] = {MIX: [], **{f"bus.{b}": [] for b in preset.bus}}
        self._keys = _Keys(preset, instances)

    def graph(self) -> Graph:
        """Return the graph, with what nothing hears left out."""
        nodes = [self._strip(instance) for instance in self._instances]
        buses = [self._bus(name, bus) for name, bus in self._preset.bus.items()]
        mix = self._preset.mix
        gain = db_to_gain(mix.gain_db)
        post = ((gain, 0.0), (0.0, gain))
        buses.append(Node(MIX, channels=2, post=post, inserts=self._inserts(MIX, mix.insert)))
        fed = self._fed()
        nodes += [replace(bus, feeds=fed.get(bus.id, ())) for bus in buses]
        return Graph.build(nodes, MIX, self._rate, self._preset.tempo_bpm)

    def _fed(self) -> dict[str, tuple[Feed, ...]]:
        """Return every bus's feeds that are heard and carry anything."""
        heard = {bus: self._heard(feeds, bus) for bus, feeds in self._feeds.items()}
        alive: set[str] = {instance.id for instance in self._instances}
        while True:
            more = {
                bus
                for bus, feeds in heard.items()
                if bus not in alive and any(feed.source in alive for feed in feeds)
            }
            if not more:
                break
            alive |= more
        return {
            bus: tuple(feed for feed in feeds if feed.source in alive)
            for bus, feeds in heard.items()
        }

    def places(self) -> list[Place]:
        """Return where every instance is, in the order given."""
        found = []
        for instance in self._instances:
            strip = self._preset.strip[instance.strip]
            node = f"strip.{instance.strip}"
            route, at = [], strip.output
            while at != MIX:
                route.append(at)
                at = self._preset.bus[at].output
            names = item_names("send", strip.send)
            muted = strip.mute or node in self._vca_mute
            found.append(
                Place(
                    id=instance.id,
                    input_gain_db=instance.staging_gain_db + strip.trim_db,
                    fader_db=None if muted else strip.gain_db + self._vca_db.get(node, 0.0),
                    pan=self._pans[instance.id],
                    route=(*route, MIX),
                    sends=tuple(
                        f"{name} {send.gain_db:+.1f}"
                        for name, send in zip(names, strip.send, strict=True)
                        if not send.mute
                    ),
                )
            )
        return found

    def _vcas(self) -> tuple[dict[str, float], set[str]]:
        gains: dict[str, float] = {}
        muted: set[str] = set()
        for vca in self._preset.vca.values():
            for member in vca.members:
                (node,) = self._preset.find(member)
                gains[node] = gains.get(node, 0.0) + vca.gain_db
                if vca.mute:
                    muted.add(node)
        return gains, muted

    def _all_pans(self) -> dict[str, float]:
        """Spread the mono instances of each strip; a stereo one keeps the strip's pan."""
        pans: dict[str, float] = {}
        for name, strip in self._preset.strip.items():
            mine = [instance for instance in self._instances if instance.strip == name]
            mono = [instance for instance in mine if instance.channels == 1]
            spread = spread_pans(len(mono), strip.pan, strip.spread)
            pans |= {instance.id: strip.pan for instance in mine}
            pans |= {instance.id: pan for instance, pan in zip(mono, spread, strict=True)}
        return pans

    def _strip(self, instance: Instance) -> Node:
        strip = self._preset.strip[instance.strip]
        name = f"strip.{instance.strip}"
        pan = self._pans[instance.id]
        fader = db_to_gain(strip.gain_db + self._vca_db.get(name, 0.0))
        law = self._preset.mix.pan_law
        if not (strip.mute or name in self._vca_mute):
            self._route(_Out(instance.id, instance.channels, fader, pan), strip)
        head = db_to_gain(instance.staging_gain_db + strip.trim_db)
        return Node(
            id=instance.id,
            channels=instance.channels,
            post=post_matrix(instance.channels, gain=fader, pan=pan, width=strip.width, law=law),
            head_gain=-head if strip.polarity else head,
            delay_samples=round(ms_to_samples(strip.delay_ms, self._rate)),
            inserts=self._inserts(instance.id, strip.insert, name),
            has_source=True,
        )

    def _bus(self, name: str, bus: Bus) -> Node:
        node = f"bus.{name}"
        fader = db_to_gain(bus.gain_db + self._vca_db.get(node, 0.0))
        if not (bus.mute or node in self._vca_mute):
            self._route(_Out(node, 2, fader, bus.pan), bus)
        return Node(
            id=node,
            channels=2,
            post=post_matrix(2, gain=fader, pan=bus.pan, width=bus.width, law="unity"),
            inserts=self._inserts(node, bus.insert),
        )

    def _route(self, out: _Out, settings: Strip | Bus) -> None:
        """Add a node's output and sends to the feeds of the buses they go to."""
        self._feeds[_bus_id(settings.output)].append(Feed(out.node))
        for send in settings.send:
            if not send.mute:
                self._feeds[_bus_id(send.to)].append(self._send(out, settings, send))

    def _send(self, out: _Out, settings: Strip | Bus, send: Send) -> Feed:
        gain = db_to_gain(send.gain_db)
        if send.position == "post" and send.pan is None:
            return Feed(out.node, gain=gain)
        matrix = post_matrix(
            out.channels,
            gain=1.0,
            pan=out.pan if send.pan is None else send.pan,
            width=settings.width,
            law=self._preset.mix.pan_law,
        )
        gain *= out.fader if send.position == "post" else 1.0
        return Feed(out.node, point="pre", gain=gain, matrix=matrix)

    def _inserts(
        self, node: str, effects: Sequence[Effect], strip: str | None = None
    ) -> tuple[Insert, ...]:
        """Return the inserts with their ids; a key that names their own strip is no key."""
        inserts = []
        for name, effect in zip(insert_ids(effects), effects, strict=True):
            key: tuple[Feed, ...] | None = None
            if effect.key is not None:
                (source,) = self._preset.find(effect.key)
                if source not in {node, strip}:
                    key = self._keys.feeds(source)
            inserts.append(Insert(f"{node}.insert.{name}", effect, key))
        return tuple(inserts)

    def _heard(self, feeds: list[Feed], into: str) -> list[Feed]:
        """Return the feeds that solo leaves audible; all of them when nothing is soloed.

        A feed is heard when a soloed strip or bus lies upstream of it or downstream: a soloed
        strip keeps its groups and returns, a soloed group its strips, a soloed return what is
        sent to it and nothing else.
        """
        soloed = {f"strip.{n}" for n, strip in self._preset.strip.items() if strip.solo}
        soloed |= {f"bus.{n}" for n, bus in self._preset.bus.items() if bus.solo}
        if not soloed:
            return feeds
        return [
            feed
            for feed in feeds
            if soloed & self._reach(feed.source, up=True) or soloed & self._reach(into, up=False)
        ]

    def _reach(self, node: str, *, up: bool) -> set[str]:
        """Return the strips and buses at ``node`` and before it (``up``), or at and after it."""
        found: set[str] = set()
        waiting = [node]
        while waiting:
            at = waiting.pop()
            if at in found:
                continue
            found.add(at)
            if up:
                waiting += [feed.source for feed in self._feeds.get(at, ())]
            else:
                waiting += [
                    bus
                    for bus, feeds in self._feeds.items()
                    if any(feed.source == at for feed in feeds)
                ]
        return {at.partition("/")[0] for at in found}


class _Keys:
    """What a key that names a strip or a bus means: a strip is the sum of its instances.

    A key listens after the fader, and also to a strip that is muted or not soloed, so that a
    silent trigger track can drive a compressor.
    """

    def __init__(self, preset: MixPreset, instances: Sequence[Instance]) -> None:
        self._of: Mapping[str, list[str]] = {
            f"strip.{name}": [i.id for i in instances if i.strip == name] for name in preset.strip
        }

    def feeds(self, source: str) -> tuple[Feed, ...]:
        """Return the feeds of a key; none, which is silence, when the strip has no stem."""
        return tuple(Feed(node) for node in self._of.get(source, [source]))


def _bus_id(name: str) -> str:
    return MIX if name == MIX else f"bus.{name}"
