"""What a mix preset's names refer to: outputs, sends, keys, members; and that nothing circles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from mixmaster.documents.addresses import did_you_mean, insert_ids, item_names
from mixmaster.errors import Problem

if TYPE_CHECKING:
    from mixmaster.effects.base import Effect
    from mixmaster.mixing.preset import Bus, MixPreset, Strip

MIX = "mix"
"""The id of the mix bus, and what an output says to reach it."""


def find(preset: MixPreset, name: str) -> list[str]:
    """Return the ids that a name may mean; see `MixPreset.find`."""
    kind, dot, bare = name.partition(".")
    if dot:
        known = bare in preset.strip if kind == "strip" else kind == "bus" and bare in preset.bus
        return [name] if known else []
    strips = [f"strip.{name}"] if name in preset.strip else []
    return strips + ([f"bus.{name}"] if name in preset.bus else [])


def problems(preset: MixPreset) -> list[Problem]:
    """Return everything that does not fit together, each naming its key."""
    found = [*_reserved(preset), *_routes(preset), *_inserts(preset), *_lists(preset)]
    found += _alignments(preset)
    # A cycle can only be named once every name on it is known.
    return found or _cycles(preset)


def chains(preset: MixPreset) -> Iterator[tuple[str, tuple[Effect, ...]]]:
    """Yield the id and the inserts of every strip, every bus and the mix bus."""
    for node, settings in _nodes(preset):
        yield node, settings.insert
    yield MIX, preset.mix.insert


def _nodes(preset: MixPreset) -> Iterator[tuple[str, Strip | Bus]]:
    yield from ((f"strip.{name}", strip) for name, strip in preset.strip.items())
    yield from ((f"bus.{name}", bus) for name, bus in preset.bus.items())


def _reserved(preset: MixPreset) -> Iterator[Problem]:
    for table, names in (("strip", preset.strip), ("bus", preset.bus), ("vca", preset.vca)):
        if MIX in names:
            yield Problem(f"{table}.{MIX}", "'mix' is the mix bus's own name", "choose another")
    for name, meaning in (("main", "the mix itself"), ("all", "all versions together")):
        if name in preset.version:
            yield Problem(f"version.{name}", f"'{name}' means {meaning}", "choose another name")


def _routes(preset: MixPreset) -> Iterator[Problem]:
    """Outputs and sends go to buses that exist."""
    known = [*preset.bus, MIX]
    for node, settings in _nodes(preset):
        if settings.output not in known:
            reason = f"no bus '{settings.output}'"
            yield Problem(f"{node}.output", reason, did_you_mean(settings.output, known))
        names = item_names("send", settings.send)
        for name, send in zip(names, settings.send, strict=True):
            if send.to not in known:
                reason = f"no bus '{send.to}'"
                yield Problem(f"{node}.send.{name}.to", reason, did_you_mean(send.to, known))
        for to, count in Counter(send.to for send in settings.send).items():
            if count > 1:
                yield Problem(f"{node}.send", f"{count} sends go to '{to}'", "one is enough")


def _inserts(preset: MixPreset) -> Iterator[Problem]:
    """Ids are unique in their chain and can stand in an address; keys name what exists."""
    for node, inserts in chains(preset):
        ids = insert_ids(inserts)
        for name, count in Counter(ids).items():
            key = f"{node}.insert.{name}"
            if count > 1:
                yield Problem(key, f"{count} inserts have this id", "give each its own id")
            elif not (name.isascii() and name.replace("_", "").isalnum() and name[0].isalpha()):
                reason = f"{name[:40]!r} cannot be an id"
                yield Problem(key, reason, "letters, digits and underscores, a letter first")
        for name, insert in zip(ids, inserts, strict=True):
            if insert.key is not None:
                yield from _reference(preset, f"{node}.insert.{name}.key", insert.key)


def _lists(preset: MixPreset) -> Iterator[Problem]:
    """Members of VCAs and what versions change exist."""
    lists = [(f"vca.{name}.members", vca.members) for name, vca in preset.vca.items()]
    for name, version in preset.version.items():
        key = f"version.{name}"
        lists += [(f"{key}.mute", version.mute), (f"{key}.solo", version.solo)]
        lists += [
            (f"{key}.timed_mute.{number}.mute", each.mute)
            for number, each in enumerate(version.timed_mute, start=1)
        ]
        yield from _gains(preset, f"{key}.gain_db", version.gain_db)
        yield from _bypasses(preset, f"{key}.bypass", version.bypass)
    for key, names in lists:
        seen: set[str] = set()
        for number, name in enumerate(names, start=1):
            yield from _reference(preset, f"{key}.{number}", name)
            if seen & set(find(preset, name)):
                yield Problem(f"{key}.{number}", f"'{name}' is listed twice")
            seen |= set(find(preset, name))


def _gains(preset: MixPreset, key: str, names: Iterable[str]) -> Iterator[Problem]:
    """What a version's gains are added to exists, each once."""
    seen: set[str] = set()
    for name in names:
        vca = name.removeprefix("vca.")
        if vca != name:
            if vca not in preset.vca:
                yield Problem(
                    f"{key}.{name}", f"no VCA '{vca}'", did_you_mean(vca, list(preset.vca))
                )
            continue
        yield from _reference(preset, f"{key}.{name}", name)
        if seen & set(find(preset, name)):
            yield Problem(f"{key}.{name}", f"'{name}' is listed twice")
        seen |= set(find(preset, name))


def _bypasses(preset: MixPreset, key: str, addresses: Sequence[str]) -> Iterator[Problem]:
    """The inserts that a version leaves out exist."""
    known = [
        f"{node}.insert.{name}" for node, inserts in chains(preset) for name in insert_ids(inserts)
    ]
    for number, address in enumerate(addresses, start=1):
        if address not in known:
            hint = did_you_mean(address, known) if known else "nothing has inserts"
            yield Problem(f"{key}.{number}", f"no insert '{address}'", hint)


def _alignments(preset: MixPreset) -> Iterator[Problem]:
    """What a strip is lined up with is a strip, and in the end not itself."""
    for name in preset.strip:
        key, chain = f"strip.{name}.align_to", [f"strip.{name}"]
        while (target := preset.strip[chain[-1].removeprefix("strip.")].align_to) is not None:
            found = [node for node in find(preset, target) if node.startswith("strip.")]
            if not found:
                if len(chain) == 1:
                    hint = did_you_mean(target, list(preset.strip))
                    yield Problem(key, f"no strip '{target}'", hint)
                break
            chain += found
            if found[0] in chain[:-1]:
                if found[0] == f"strip.{name}":
                    loop = " -> ".join(node.removeprefix("strip.") for node in chain)
                    yield Problem(key, f"a strip cannot be lined up with itself: {loop}")
                break


def _reference(preset: MixPreset, key: str, name: str) -> Iterator[Problem]:
    found = find(preset, name)
    if not found:
        known = [*preset.strip, *preset.bus]
        yield Problem(key, f"no strip or bus '{name}'", did_you_mean(name, known))
    elif len(found) > 1:
        yield Problem(key, f"'{name}' is a strip and a bus", "say " + " or ".join(found))


def _cycles(preset: MixPreset) -> list[Problem]:
    """Return each way on which a signal would come back to where it was, node by node."""
    edges: dict[str, list[tuple[str, str]]] = {}
    for node, settings in _nodes(preset):
        names = item_names("send", settings.send)
        out = edges.setdefault(node, [])
        if settings.output != MIX:
            out.append((f"bus.{settings.output}", f"{node}.output"))
        for name, send in zip(names, settings.send, strict=True):
            if send.to != MIX:
                out.append((f"bus.{send.to}", f"{node}.send.{name}.to"))
    for node, inserts in chains(preset):
        for name, insert in zip(insert_ids(inserts), inserts, strict=True):
            if insert.key is not None and node != MIX:
                (source,) = find(preset, insert.key)
                if source != node:  # a detector that names its own strip listens to itself
                    edges.setdefault(source, []).append((node, f"{node}.insert.{name}.key"))
    return list(_loops(edges))


def _loops(edges: dict[str, list[tuple[str, str]]]) -> Iterable[Problem]:
    """Walk depth first, without recursion; an edge back onto the path closes a loop."""
    done: set[str] = set()
    for start in edges:
        if start in done:
            continue
        path, pending = [start], [iter(edges.get(start, []))]
        while path:
            step = next(pending[-1], None)
            if step is None:
                done.add(path.pop())
                pending.pop()
                continue
            node, key = step
            if node in path:
                loop = [*path[path.index(node) :], node]
                names = " -> ".join(_short(name, loop) for name in loop)
                yield Problem(key, f"the signal goes round in a circle: {names}")
            elif node not in done:
                path.append(node)
                pending.append(iter(edges.get(node, [])))


def _short(node: str, loop: list[str]) -> str:
    """Return a node's bare name, unless the loop has a strip and a bus of that name."""
    bare = node.partition(".")[2]
    same = {other for other in loop if other.partition(".")[2] == bare}
    return bare if len(same) == 1 else node
