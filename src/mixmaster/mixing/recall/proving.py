"""A revision proved: which strips of a mix sound otherwise than before, when, and by how much.

Both mixes run at once, strip by strip; the dynamics of buses and mix take their gain from the old
mix's, so that a louder vocal does not make everything else a little quieter, and what was not
touched nulls.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from mixmaster.arrays import Block
from mixmaster.documents.differences import Difference, Kind, value_difference
from mixmaster.documents.loading import validate
from mixmaster.engine.graph import Feed, Graph, Node
from mixmaster.engine.recorded import Recorded, as_recorded
from mixmaster.engine.render import render_all
from mixmaster.engine.variants import Keep, Variants
from mixmaster.errors import UsageError
from mixmaster.mixing.measuring import Progress
from mixmaster.mixing.plan import MixPlan
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.recall.apart import session_differences
from mixmaster.mixing.routing import MIX
from mixmaster.mixing.run import MIXED_BLOCK_FRAMES
from mixmaster.mixing.sessions.session import Session
from mixmaster.mixing.stems import StemSource
from mixmaster.results import Result
from mixmaster.units import db_to_power, power_to_db

NULL_DBFS = -120.0
"""A strip nulls where less than this is left in every tenth of a second, RMS."""

_SLICES_A_SECOND = 10


@dataclass(frozen=True, slots=True)
class StripProof(Result):
    """What became of one stem.

    Attributes:
        id: Its instance: ``strip.kick/01_Kick In``.
        nulls: Whether it sounds as before.
        asked: Whether a change of it was asked for.
        start_s: Where the first change begins; None where it nulls.
        stop_s: Where the last one ends.
        level_db: How much louder it is in between; None where one of the two is silent.
        residual_dbfs: What is left there, RMS; None where it nulls.
    """

    id: str
    nulls: bool
    asked: bool
    start_s: float | None = None
    stop_s: float | None = None
    level_db: float | None = None
    residual_dbfs: float | None = None


@dataclass(frozen=True, slots=True)
class Proof(Result):
    """What became of a mix.

    Attributes:
        differences: Of the settings, in words.
        strips: Of each stem, in the order of the mix.
    """

    differences: tuple[Difference, ...]
    strips: tuple[StripProof, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing changed that nobody asked for."""
        return all(each.nulls or each.asked for each in self.strips)


def prove(
    old: tuple[Recorded, MixPlan],
    new: tuple[Recorded, MixPlan],
    *,
    expect: Collection[str] = (),
    progress: Progress | None = None,
) -> Proof:
    """Compare two mixes, setting by setting and strip by strip.

    A change of a strip was asked for where a setting differs that it goes through: its own, its
    stem's file, a VCA's, a bus's on its way, the mix bus's. With ``expect`` only what that names.

    Args:
        old: A mix's manifest and its plan, see `recall.plan_again`.
        new: The revised mix's.
        expect: Strips, stems, buses or ``mix`` whose change is wanted.
        progress: Told what is being done.

    Raises:
        UsageError: For mixes that have no common time, and for an id that neither has.
        SignalError: When an effect or a stem turns out not to be finite.
    """
    one, two = old[1], new[1]
    for recorded, _ in (old, new):
        if "version" in recorded.settings:
            reason = "it is the manifest of a version"
            raise UsageError(recorded.where, reason, "compare the mixes themselves")
    _require_common_time(one, two)
    with as_recorded(f"{old[0].where} or {new[0].where}"):
        revised = _revised(old, new)
        told = [*_of_documents(old, new), *_of_stems(one, two, revised)]
        touched = set(expect) or _touched(_meant(told, old, new), (old, new), revised)
    known = {node for plan in (one, two) for node in _nodes(plan)}
    for name in expect:
        if name not in known:
            raise UsageError("--expect", f"neither mix has '{name}'", "strip.kick, bus.drums, mix")
    ways = {
        name: set().union(*(_way(plan.graph, name) for plan in (one, two)))
        for name in dict.fromkeys([*one.sources, *two.sources])
    }
    tallies = _render(one, two, revised, list(ways), progress or (lambda _what, _share: None))
    strips = tuple(
        tallies[name].proof(name, asked=not way.isdisjoint(touched)) for name, way in ways.items()
    )
    return Proof(tuple(told), strips)


class _Tally:
    """Powers of what a strip was, is, and of the difference, in slices of 100 ms."""

    def __init__(self, rate: int, start: int) -> None:
        self._rate = rate
        self._start = start
        self._frames = rate // _SLICES_A_SECOND
        self._kept = np.zeros((3, 2, 0))
        self._powers: list[Block] = []

    def add(self, before: Block, after: Block) -> None:
        block = np.stack([before, after, after - before])
        block = np.concatenate([self._kept, block], axis=2)
        whole = block.shape[2] // self._frames * self._frames
        self._take(block[:, :, :whole])
        self._kept = block[:, :, whole:]

    def _take(self, block: Block) -> None:
        if block.shape[2]:
            cut = np.square(block).reshape(3, 2, -1, self._frames)
            self._powers.append(cut.mean(axis=(1, 3)))

    def proof(self, name: str, *, asked: bool) -> StripProof:
        if self._kept.shape[2]:
            missing = self._frames - self._kept.shape[2]
            self._take(np.pad(self._kept, ((0, 0), (0, 0), (0, missing))))
        powers = np.concatenate(self._powers or [np.zeros((3, 0))], axis=1)
        changed = np.flatnonzero(powers[2] > db_to_power(NULL_DBFS))
        if not changed.size:
            return StripProof(name, nulls=True, asked=asked)
        first, last = int(changed[0]), int(changed[-1]) + 1
        was, now, left = (float(each) for each in powers[:, first:last].mean(axis=1))
        start_s = self._start / self._rate
        return StripProof(
            name,
            nulls=False,
            asked=asked,
            start_s=start_s + first / _SLICES_A_SECOND,
            stop_s=start_s + last / _SLICES_A_SECOND,
            level_db=power_to_db(now / was) if was > 0.0 and now > 0.0 else None,
            residual_dbfs=power_to_db(left),
        )


def _render(
    one: MixPlan, two: MixPlan, revised: set[str], names: Sequence[str], tell: Progress
) -> dict[str, _Tally]:
    variants = Variants(one.graph)
    main = variants.add_main()
    assert main == 0
    before = {
        name: variants.add_part(f"old {name}", _only(name)) for name in names if name in one.stems
    }
    heard = {name: _only(name) for name in names if name in two.stems}
    after = variants.add_parts_of("new", two.graph, heard, fresh=revised)
    sources: dict[str, StemSource] = dict(one.stems)
    for node, like in variants.sources.items():
        own = two.stems.get(like, one.stems.get(like))
        assert own is not None
        sources[node] = replace(own, notes=[], _open=[])
    graph = variants.graph()
    sources = {node: source for node, source in sources.items() if node in graph.by_id}
    rate = one.sample_rate_hz
    start = 0 if one.passage is None else one.passage.start
    tallies = {name: _Tally(rate, start) for name in names}
    rendering = render_all(
        graph,
        sources,
        passage=one.passage,
        threads=one.threads,
        block_frames=MIXED_BLOCK_FRAMES,
    )
    done = 0
    try:
        for blocks in rendering.blocks:
            silence = np.zeros_like(blocks[0])
            for name, tally in tallies.items():
                pair = (before.get(name), after.get(name))
                was, now = (silence if at is None else blocks[at] for at in pair)
                tally.add(was, now)
            done += blocks[0].shape[1]
            tell("comparing the strips", done / max(1, rendering.total_frames))
    finally:
        rendering.close()
        for source in sources.values():
            source.close()
    return tallies


def _only(name: str) -> Keep:
    """Return what keeps all that comes from one stem, wherever it goes."""

    def keep(node: Node, feed: Feed) -> bool:
        del node
        return feed.source == name or not feed.source.startswith("strip.")

    return keep


def _way(graph: Graph, name: str) -> set[str]:
    """Return all that a stem goes through, itself, its strip and the mix included."""
    passed = {name}
    for node in graph.nodes:
        if any(feed.source in passed for feed in node.feeds):
            passed.add(node.id)
    return {*passed, name.partition("/")[0], MIX}


def _nodes(plan: MixPlan) -> Iterator[str]:
    yield MIX
    yield from plan.sources
    yield from (name.partition("/")[0] for name in plan.sources)
    yield from (f"bus.{name}" for name in plan.preset.bus)


def _require_common_time(one: MixPlan, two: MixPlan) -> None:
    for what, first, second in (
        ("sample rate", one.sample_rate_hz, two.sample_rate_hz),
        ("tempo", one.graph.tempo_bpm, two.graph.tempo_bpm),
        ("tempo map", one.tempo_map, two.tempo_map),
        ("passage", one.passage, two.passage),
    ):
        if first != second:
            reason = f"the {what} of the two differs, so that they cannot run side by side"
            raise UsageError("", reason, "mixmaster null compares any two files")


def _revised(old: tuple[Recorded, MixPlan], new: tuple[Recorded, MixPlan]) -> set[str]:
    """Return the stems of the new mix that are other audio than the old mix's, or new."""
    was, now = (dict(_content(recorded, plan)) for recorded, plan in (old, new))
    return {name for name, content in now.items() if was.get(name) != content}


def _content(recorded: Recorded, plan: MixPlan) -> Iterator[tuple[str, object]]:
    strips: Mapping[str, Sequence[str]] = recorded.settings["strips"]
    hashes = iter(each.sha256 for each in recorded.inputs)
    regions = recorded.settings.get("regions", {})
    takes = {each.name: each.sha256 for each in recorded.inputs}
    for name, files in strips.items():
        content = list(islice(hashes, len(files)))
        laid = [regions.get(file) for file in files]
        used = takes if any(laid) else {}
        yield name, (content, laid, used, plan.sources[name].skipped_frames)


def _of_documents(old: tuple[Recorded, MixPlan], new: tuple[Recorded, MixPlan]) -> list[Difference]:
    one, two = (_document(recorded, plan.preset) for recorded, plan in (old, new))
    return session_differences(one, two)


def _meant(
    told: Sequence[Difference], old: tuple[Recorded, MixPlan], new: tuple[Recorded, MixPlan]
) -> list[Difference]:
    """Return the differences that somebody has written.

    An effect that sounds otherwise since a newer version is told, but nobody asked for it.
    """
    written = [
        _document(recorded, validate(MixPreset, recorded.settings["preset"], where=recorded.where))
        for recorded, _ in (old, new)
    ]
    addresses = {each.address for each in session_differences(written[0], written[1])}
    return [
        each for each in told if not each.address.endswith(".revision") or each.address in addresses
    ]


def _document(recorded: Recorded, preset: MixPreset) -> tuple[Session, MixPreset]:
    table = {
        "format": 1,
        "kind": "session",
        "title": "",
        "preset": preset.name,
        "stems": ["."],
        "automation": recorded.settings.get("automation", []),
    }
    return Session.model_validate(table), preset


def _of_stems(one: MixPlan, two: MixPlan, revised: set[str]) -> Iterator[Difference]:
    """Tell the stems that came, went or changed, and what acts on them alone."""
    heads = [{each.id: each for each in plan.instances} for plan in (one, two)]
    for name in dict.fromkeys([*heads[0], *heads[1]]):
        was, now = (each.get(name) for each in heads)
        if was is None or now is None:
            kind: Kind = "added" if was is None else "removed"
            yield Difference(kind, name, name, "", "", "")
            continue
        if name in revised:
            was_so, now_so = "as it was", "another recording"
            yield Difference("changed", f"{name}.file", name, "file", was_so, now_so)
        for key in ("trim_db", "polarity", "delay_ms", "pan", "staging_gain_db", "moved_samples"):
            first, second = getattr(was, key), getattr(now, key)
            if first != second:
                yield value_difference(f"{name}.{key}", key, first, second)


def _touched(
    told: Sequence[Difference],
    both: Sequence[tuple[Recorded, MixPlan]],
    revised: set[str],
) -> set[str]:
    """Return the strips, stems and buses that some setting differs of."""
    lanes = [
        {str(lane) for lane in recorded.settings.get("automation", [])} for recorded, _ in both
    ]
    moved = lanes[0] ^ lanes[1]
    targets = [
        str(lane["target"])
        for recorded, _ in both
        for lane in recorded.settings.get("automation", [])
        if str(lane) in moved
    ]
    presets = [plan.preset for _, plan in both]
    found = set(revised)
    for address in (*(each.address for each in told), *targets):
        kind, _, rest = address.partition(".")
        if kind == "vca":
            own = rest.partition(".")[0]
            members = [m for p in presets if own in p.vca for m in p.vca[own].members]
            found |= {node for p in presets for m in members for node in p.find(m)}
        elif kind == "strip" and "/" in address:
            found |= {name for _, plan in both for name in plan.sources if _is_of(address, name)}
        elif kind in {"strip", "bus"}:
            found.add(f"{kind}.{rest.partition('.')[0]}")
        elif kind == MIX:
            found.add(MIX)
    return found


def _is_of(address: str, name: str) -> bool:
    return address == name or address.startswith(f"{name}.")
