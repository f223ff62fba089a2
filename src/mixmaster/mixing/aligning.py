"""Aligning strips by what they share: ``align_to`` on a strip, measured before the mix.

Nothing is moved that was not asked for, and nothing by a guess: where the signals do not say
clearly how they lie to each other, the mix is refused with the figures. How that is measured, and
when it is clear, is `mixmaster.checking.related`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mixmaster.errors import RefusedError
from mixmaster.mixing.regions.arranged import write_down
from mixmaster.results import Result
from mixmaster.units import ms_to_samples

if TYPE_CHECKING:
    from mixmaster.checking.related import Relation
    from mixmaster.mixing.preset import MixPreset
    from mixmaster.mixing.stems import StemSource


_UNANIMOUS = 4
_UNANIMOUS_SHARE = 0.9
"""Where so many passages all say the same, that is the delay, though bands disagree: a DI and an
amplifier's microphone differ in phase as well."""


@dataclass(frozen=True, slots=True)
class Alignment(Result):
    """What aligning did to a stem.

    Attributes:
        id: The instance that is moved.
        to: The instance that it is lined up with; None where that strip has no stem.
        delay_ms: How much later the other one was than this one, as measured.
        moved_samples: By how much this one is moved later in all (earlier if negative): by the
            measured delay, and by what moves the other one.
        same_polarity: Whether the two have the same polarity, as the preset turns them; None
            where that cannot be told.
        peak: The phase correlation, 0 to 1.
        note: What is worth knowing; empty if nothing is.
    """

    id: str
    to: str | None
    delay_ms: float
    moved_samples: int
    same_polarity: bool | None
    peak: float
    note: str = ""


def align(
    preset: MixPreset,
    stems: Sequence[StemSource],
    strips: Mapping[str, str],
    *,
    delays_ms: Mapping[str, float],
    turned: frozenset[str] = frozenset(),
    threads: int = 1,
    tell: Callable[[float], None] | None = None,
) -> tuple[Alignment, ...]:
    """Return where every stem whose strip says ``align_to`` has to go.

    Args:
        preset: The preset, already checked.
        stems: All stems.
        strips: Their strips' names, by the stems' ids.
        delays_ms: By how much each is late anyway, by its id.
        turned: Those that are turned upside down, besides what their strips do.
        threads: How many read at the same time; the result is the same.
        tell: Told now and then how much is done, 0 to 1.

    Raises:
        RefusedError: Where the match is not clear.
    """
    targets = {
        name: strip.align_to.removeprefix("strip.")
        for name, strip in preset.strip.items()
        if strip.align_to is not None and name in set(strips.values())
    }
    if not targets:
        return ()
    involved = {*targets, *targets.values()}
    found = _relate([stem for stem in stems if strips[stem.id] in involved], threads, tell)
    moved: dict[str, int] = {}
    done: list[Alignment] = []
    for name in _in_order(targets):
        others = [stem for stem in stems if strips[stem.id] == targets.get(name)]
        for stem in (stem for stem in stems if strips[stem.id] == name):
            moved[stem.id] = round(ms_to_samples(delays_ms[stem.id], stem.sample_rate_hz))
            if name in targets:
                down = {
                    each.id: preset.strip[strips[each.id]].polarity != (each.id in turned)
                    for each in (stem, *others)
                }
                entry = _place(stem, others, found, moved, down)
                if entry.to is None:
                    note = f"strip.{targets[name]} has no stem to line up with: left in its place"
                    entry = Alignment(
                        stem.id, None, 0.0, 0, same_polarity=True, peak=0.0, note=note
                    )
                moved[stem.id] += entry.moved_samples
                done.append(entry)
    return tuple(done)


def _in_order(targets: Mapping[str, str]) -> list[str]:
    """Return all strips, each after the one that it is lined up with."""
    order: list[str] = []
    for name in targets:
        chain = [name]
        while chain[-1] in targets:
            chain.append(targets[chain[-1]])
        order += [each for each in reversed(chain) if each not in order]
    return order


@dataclass(frozen=True, slots=True)
class _Found:
    """Relations between files.

    Attributes:
        paths: The files, in the order that the relations count in.
        relations: Between them.
        silent: Those with nothing in them.
    """

    paths: list[Path]
    relations: list[Relation]
    silent: frozenset[Path]

    def best(self, own: Sequence[Path], others: Sequence[Path]) -> tuple[Relation, float] | None:
        """Return the clearest relation of two stems, and how much later the other one is, in ms."""
        pairs = []
        for relation in self.relations:
            one, two = (self.paths[each[0]] for each in (relation.first, relation.second))
            if one in own and two in others:
                pairs.append((relation, relation.delay_ms))
            elif one in others and two in own:
                pairs.append((relation, -relation.delay_ms))
        return max(pairs, key=lambda pair: pair[0].shared * pair[0].peak, default=None)


def _relate(
    stems: Sequence[StemSource], threads: int, tell: Callable[[float], None] | None
) -> _Found:
    # Not at the top: reading a preset needs none of the meters behind these.
    from mixmaster.checking.related import relations
    from mixmaster.checking.scan import outline_stem

    paths = list(dict.fromkeys(path for stem in stems for path in stem.paths))
    arranged = {path: one for stem in stems for path, one in stem.arranged.items()}
    with (
        TemporaryDirectory(prefix="mixmaster-") as folder,
        ThreadPoolExecutor(max(1, threads), thread_name_prefix="align") as pool,
    ):
        heard = {
            path: write_down(arranged[path], Path(folder) / f"{number}.wav")
            for number, path in enumerate(paths)
            if path in arranged
        }
        scans = list(pool.map(outline_stem, [heard.get(path, path) for path in paths]))
        silent = frozenset(path for path, scan in zip(paths, scans, strict=True) if scan.silent)
        return _Found(paths, relations(scans, threads=threads, tell=tell), silent)


def _place(
    stem: StemSource,
    others: Sequence[StemSource],
    found: _Found,
    moved: Mapping[str, int],
    down: Mapping[str, bool],
) -> Alignment:
    """Return where a stem has to go; ``to`` is None where there is nothing to line up with.

    Raises:
        RefusedError: Where the match is not clear.
    """
    if found.silent.issuperset(stem.paths):
        note = "silent: left in its place"
        return Alignment(stem.id, others[0].id if others else None, 0.0, 0, None, 0.0, note)
    pairs = [
        (best[0], best[1], other)
        for other in others
        if (best := found.best(stem.paths, other.paths)) is not None
    ]
    if not others:
        return Alignment(stem.id, None, 0.0, 0, None, 0.0)
    names = " or ".join(other.id for other in others)
    hint = f"leave align_to out of strip.{stem.id.partition('/')[0].removeprefix('strip.')}"
    if not pairs:
        raise RefusedError(
            stem.id,
            f"it cannot be lined up with {names}: they have too little in common, or no one delay "
            "within 20 ms",
            hint,
        )
    relation, delay_ms, other = max(pairs, key=lambda pair: pair[0].shared * pair[0].peak)
    unanimous = relation.passages >= _UNANIMOUS and relation.passages_share >= _UNANIMOUS_SHARE
    if not (relation.certain or unanimous):
        raise RefusedError(
            stem.id,
            f"how it lies to {other.id} is not clear: {delay_ms:+.2f} ms, but only "
            f"{relation.passages_agree} of {relation.passages} passages and "
            f"{relation.bands_agree} of {relation.bands} bands agree, and the other polarity "
            f"correlates by {relation.rival:.2f} against {relation.peak:.2f}",
            f"{hint}, or give a delay_ms",
            {
                "delay_ms": delay_ms,
                "peak": relation.peak,
                "rival": relation.rival,
                "passages_share": relation.passages_share,
                "bands_share": relation.bands_share,
            },
        )
    samples = round(ms_to_samples(delay_ms, stem.sample_rate_hz)) + moved[other.id]
    if not relation.certain:
        note = f"bands disagree ({relation.bands_agree} of {relation.bands}): trust your ears"
        return Alignment(stem.id, other.id, delay_ms, samples, None, relation.peak, note)
    same = (relation.polarity > 0) != (down[stem.id] != down[other.id])
    note = "" if same else f"its polarity is opposite to {other.id}: try it turned over"
    return Alignment(stem.id, other.id, delay_ms, samples, same, relation.peak, note)


def alignment_notes(alignments: Sequence[Alignment], sample_rate_hz: int) -> list[str]:
    """Return what aligning did, a line a stem."""
    lines = []
    for entry in alignments:
        if entry.to is not None and not entry.note.startswith("silent"):
            ms = 1e3 * abs(entry.moved_samples) / sample_rate_hz
            where = "later" if entry.moved_samples >= 0 else "earlier"
            lines.append(f"{entry.id}: moved {ms:.2f} ms {where}, to line up with {entry.to}")
        if entry.note:
            lines.append(f"{entry.id}: {entry.note}")
    return lines
