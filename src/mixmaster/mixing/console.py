"""The console: a mix preset and the stems it was given, as a graph for the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mixmaster.documents.addresses import insert_ids, item_names
from mixmaster.documents.tempo import TempoMap
from mixmaster.dsp.curves import Curve
from mixmaster.effects.base import Effect
from mixmaster.engine.graph import Feed, Graph, Insert, Matrix, Node
from mixmaster.engine.resources import locate
from mixmaster.mixing import solo
from mixmaster.mixing.automation import Moves
from mixmaster.mixing.channels import Channel, Channels, Instance
from mixmaster.mixing.moving import Level, MovingGain, MovingPan, MovingPost
from mixmaster.mixing.panning import post_matrix
from mixmaster.mixing.preset import Bus, MixPreset, PanLaw, Send, Strip
from mixmaster.mixing.routing import MIX
from mixmaster.units import db_to_gain, ms_to_samples


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance ended up, for the table of the dry run.

    Attributes:
        id: The instance's id.
        input_gain_db: Polarity aside, all gain before the inserts: staging and trim.
        fader_db: The fader with its VCAs, at the song's zero if it moves; None when muted.
        pan: Where it lies, -1 to +1, likewise.
        route: The buses on its way to the mix.
        sends: Bus and level, such as ``plate -12.0``.
    """

    id: str
    input_gain_db: float
    fader_db: float | None
    pan: float
    route: tuple[str, ...]
    sends: tuple[str, ...]


class Console:
    """Builds the graph of a preset over instances.

    Args:
        preset: The preset, already checked: routes lead somewhere and nothing circles.
        instances: The stems, in the order in which they are summed.
        sample_rate_hz: The session's rate.
        moves: What automation moves.
        tempo_map: The tempo over the song; the preset's throughout if None.
    """

    def __init__(
        self,
        preset: MixPreset,
        instances: Sequence[Instance],
        sample_rate_hz: int,
        *,
        moves: Moves | None = None,
        tempo_map: TempoMap | None = None,
    ) -> None:
        self._preset = preset
        self._instances = instances
        self._rate = sample_rate_hz
        self._moves = moves or Moves()
        self._tempo_map = tempo_map
        self._channels = Channels(preset, instances, self._moves)
        self._feeds: dict[str, list[Feed]] = {MIX: [], **{f"bus.{b}": [] for b in preset.bus}}
        self._nodes_of: Mapping[str, list[str]] = {
            f"strip.{name}": [i.id for i in instances if i.strip == name] for name in preset.strip
        }

    def graph(self) -> Graph:
        """Return the graph, with what nothing hears left out."""
        nodes = [self._strip(instance) for instance in self._instances]
        buses = [self._bus(name, bus) for name, bus in self._preset.bus.items()]
        buses.append(self._mix())
        keys = {
            feed.source
            for node in (*nodes, *buses)
            for insert in node.inserts
            for feed in insert.key or ()
        }
        heard = solo.heard(self._feeds, self._soloed(), output=MIX, keys=keys)
        fed = solo.carrying(heard, [instance.id for instance in self._instances])
        nodes += [replace(bus, feeds=fed.get(bus.id, ())) for bus in buses]
        tempo_bpm = self._preset.tempo_bpm
        if self._tempo_map is not None:
            tempo_bpm = self._tempo_map.tempo_bpm_at(0.0)
        return Graph.build(nodes, MIX, self._rate, tempo_bpm, self._tempo_map)

    def places(self) -> list[Place]:
        """Return where every instance is, in the order given."""
        found = []
        for instance in self._instances:
            strip = self._preset.strip[instance.strip]
            channel = self._channels.channel(instance.id, instance.channels, strip, instance.strip)
            muted = self._channels.is_mute(instance.id, instance.strip, strip)
            names = item_names("send", strip.send)
            pan = channel.pan
            db = channel.level.db
            db += sum(float(curve.values(0, 1)[0]) for curve in channel.level.curves)
            found.append(
                Place(
                    id=instance.id,
                    input_gain_db=instance.staging_gain_db + strip.trim_db + instance.trim_db,
                    fader_db=None if muted else db,
                    pan=pan if isinstance(pan, float) else float(pan.values(0, 1)[0]),
                    route=(*self._channels.route_of(strip), MIX),
                    sends=tuple(
                        f"{name} {send.gain_db:+.1f}"
                        for name, send in zip(names, strip.send, strict=True)
                        if not send.mute
                    ),
                )
            )
        return found

    def _soloed(self) -> set[str]:
        """Return what is soloed, with all that has its output in a soloed group."""
        preset = self._preset
        channels: dict[str, Strip | Bus] = {
            **{f"strip.{name}": strip for name, strip in preset.strip.items()},
            **{f"bus.{name}": bus for name, bus in preset.bus.items()},
        }
        found = {node for node, settings in channels.items() if settings.solo}
        if not found:
            return found
        found |= {
            node
            for node, settings in channels.items()
            if any(f"bus.{bus}" in found for bus in self._channels.route_of(settings))
        }
        return found | {f"strip.{name}" for name, strip in preset.strip.items() if strip.solo_safe}

    def _strip(self, instance: Instance) -> Node:
        strip = self._preset.strip[instance.strip]
        channel = self._channels.channel(instance.id, instance.channels, strip, instance.strip)
        if not self._channels.is_mute(instance.id, instance.strip, strip):
            self._route(channel)
        head = db_to_gain(instance.staging_gain_db + strip.trim_db + instance.trim_db)
        delay_ms = strip.delay_ms + instance.delay_ms
        post, motion = self._post(channel, self._preset.mix.pan_law)
        return Node(
            id=instance.id,
            channels=instance.channels,
            post=post,
            motion=motion,
            head_gain=-head if strip.polarity != instance.polarity else head,
            delay_samples=max(
                0, round(ms_to_samples(delay_ms, self._rate)) + instance.moved_samples
            ),
            inserts=self._inserts(instance.id, strip.insert, f"strip.{instance.strip}"),
            has_source=True,
        )

    def _bus(self, name: str, bus: Bus) -> Node:
        node = f"bus.{name}"
        channel = self._channels.channel(node, 2, bus)
        if not self._channels.is_mute(node, None, bus):
            self._route(channel)
        post, motion = self._post(channel, "unity")
        return Node(
            id=node,
            channels=2,
            post=post,
            motion=motion,
            inserts=self._inserts(node, bus.insert),
        )

    def _mix(self) -> Node:
        mix = self._preset.mix
        gain = db_to_gain(mix.gain_db)
        fader = self._moves.curve(MIX, "gain_db")
        return Node(
            MIX,
            channels=2,
            post=((gain, 0.0), (0.0, gain)),
            motion=None if fader is None else MovingGain(2, Level(curves=(fader,))),
            inserts=self._inserts(MIX, mix.insert),
        )

    @staticmethod
    def _post(channel: Channel, law: PanLaw) -> tuple[Matrix, MovingPost | None]:
        """Return the post point's matrix, and what takes its place if it moves."""
        pan, width = channel.pan, channel.width
        post = post_matrix(
            channel.channels,
            gain=db_to_gain(channel.level.db),
            pan=pan if isinstance(pan, float) else 0.0,
            width=width if isinstance(width, float) else 1.0,
            law=law,
        )
        if isinstance(pan, float) and isinstance(width, float) and not channel.level.moves:
            return post, None
        return post, MovingPost(channel.channels, channel.level, pan, width, law)

    def _route(self, channel: Channel) -> None:
        """Add a channel's output and sends to the feeds of the buses they go to."""
        settings = channel.settings
        muting = MovingGain(2, Level(mutes=channel.mutes)) if channel.mutes else None
        self._feeds[_bus_id(settings.output)].append(Feed(channel.id, motion=muting))
        if not settings.send:
            return
        # A muted group is silent with all that makes it up, what that sends elsewhere included.
        buses = list(self._channels.route_of(settings))
        if any(
            self._channels.is_mute(f"bus.{name}", None, self._preset.bus[name]) for name in buses
        ):
            return
        mutes = list(channel.mutes)
        for name in buses:
            mutes += self._channels.mute_curves(f"bus.{name}")
        names = item_names("send", settings.send)
        for name, send in zip(names, settings.send, strict=True):
            mute = self._send_curve(channel, name, "mute")
            if mute is not None or not send.mute:
                muting_curves = (*mutes, *([] if mute is None else [mute]))
                feed = self._send(channel, name, send, muting_curves)
                self._feeds[_bus_id(send.to)].append(feed)

    def _send(self, channel: Channel, name: str, send: Send, mutes: tuple[Curve, ...]) -> Feed:
        curve = self._send_curve(channel, name, "gain_db")
        pan_curve = self._send_curve(channel, name, "pan")
        level = Level(
            0.0 if curve is not None else send.gain_db, () if curve is None else (curve,), mutes
        )
        if send.position == "post" and send.pan is None and pan_curve is None:
            motion = MovingGain(2, level) if level.moves else None
            return Feed(channel.id, gain=db_to_gain(level.db), motion=motion)
        pan = channel.pan if send.pan is None else send.pan
        pan = pan if pan_curve is None else MovingPan(pan_curve)
        law = self._preset.mix.pan_law
        width = channel.width
        matrix = post_matrix(
            channel.channels,
            gain=1.0,
            pan=pan if isinstance(pan, float) else 0.0,
            width=width if isinstance(width, float) else 1.0,
            law=law,
        )
        gain = db_to_gain(level.db)
        if send.position == "post":
            fader = channel.level
            gain *= db_to_gain(fader.db)
            level = Level(level.db + fader.db, (*level.curves, *fader.curves), mutes)
        moving = (
            MovingPost(channel.channels, level, pan, width, law)
            if level.moves or not (isinstance(pan, float) and isinstance(width, float))
            else None
        )
        return Feed(channel.id, point="pre", gain=gain, matrix=matrix, motion=moving)

    def _send_curve(self, channel: Channel, name: str, parameter: str) -> Curve | None:
        owner = None if channel.strip is None else f"strip.{channel.strip}"
        return self._moves.curve(channel.id, f"send.{name}.{parameter}", owner)

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
                    key = self._key(source, effect.key_position)
            moving = self._moves.below(node, f"insert.{name}", strip)
            insert = f"{node}.insert.{name}"
            files = locate(effect, insert, self._preset.origin)
            inserts.append(Insert(insert, effect, key, moving, files))
        return tuple(inserts)

    def _key(self, source: str, position: Literal["pre", "post"]) -> tuple[Feed, ...]:
        """Return the feeds of a key; none, which is silence, when the strip has no stem.

        A strip is the sum of its instances. It is heard also where it is muted or not soloed, so
        that a silent trigger track can drive a compressor.
        """
        return tuple(Feed(node, position) for node in self._nodes_of.get(source, [source]))


def _bus_id(name: str) -> str:
    return MIX if name == MIX else f"bus.{name}"
