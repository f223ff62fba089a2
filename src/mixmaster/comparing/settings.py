"""In which settings presets differ, in words: names, units and meanings of the declarations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mixmaster.documents.addresses import insert_ids
from mixmaster.documents.base import Settings
from mixmaster.documents.parameters import parameters
from mixmaster.documents.wording import lowered, name_and_unit, title, value_words
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.pages.ab.data import AbSetting

_SKIPPED: Final = frozenset({"format", "kind", "name", "description", "insert", "effect", "id"})
_USED: Final = "in use"
_NOT_USED: Final = "–"
_MOST_WORDS: Final = 8


@dataclass(frozen=True, slots=True)
class _Value:
    """A setting of one preset."""

    insert: str
    name: str
    address: str
    meaning: str
    text: str
    default: bool


def differing_settings(
    presets: Sequence[MasteringPreset | None], *, loudness_is_given: bool = False
) -> tuple[AbSetting, ...]:
    """Return the settings in which presets differ, in the order of their chains.

    An insert that only some presets have is told by a row of its own; of its parameters, those
    that are not at their defaults.

    Args:
        presets: One for each version; None for those without.
        loudness_is_given: Whether the target settles the loudness, so that the presets' own
            does nothing.
    """
    listed = [{} if p is None else {v.address: v for v in _values(p)} for p in presets]
    there = [i for i, preset in enumerate(presets) if preset is not None]
    rows = []
    for address in _in_order([list(values) for values in listed]):
        if loudness_is_given and address == "integrated_lufs":
            continue
        found = [values.get(address) for values in listed]
        known = [found[i] for i in there]
        texts = {value.text for value in known if value is not None}
        some_lack_it = any(value is None for value in known)
        if len(texts) <= 1 and not some_lack_it:
            continue
        if some_lack_it and all(value is None or value.default for value in known):
            continue
        one = next(value for value in known if value is not None)
        values = tuple(
            value.text if value is not None else ("" if presets[i] is None else _NOT_USED)
            for i, value in enumerate(found)
        )
        rows.append(AbSetting(one.insert, one.name, address, one.meaning, values))
    return tuple(rows)


def words_of(
    settings: Sequence[AbSetting], presets: Sequence[MasteringPreset | None], version: int
) -> tuple[str, ...]:
    """Return what a version's settings have that others' have not: the rarest values first.

    Args:
        settings: Of ``differing_settings``.
        presets: One for each version.
        version: Its number.
    """
    phrases = [_phrases(settings, presets, i) for i in range(len(presets))]
    shared = Counter(phrase for each in phrases for phrase in set(each))
    told = [phrase for phrase in phrases[version] if shared[phrase] < len(phrases)]
    rarest = sorted(told, key=lambda phrase: shared[phrase])[:_MOST_WORDS]
    return tuple(phrase for phrase in told if phrase in rarest)


def _phrases(
    settings: Sequence[AbSetting], presets: Sequence[MasteringPreset | None], version: int
) -> list[str]:
    """Return a version's settings as short phrases, a band of an equaliser as one."""
    phrases = []
    preset = presets[version]
    inserts = () if preset is None else preset.insert
    for effect, id_ in zip(inserts, insert_ids(inserts), strict=True):
        phrases += [
            f"{title(id_)}: {text}"
            for band in getattr(effect, "bands", ())
            if (text := _band(band)) is not None
        ]
    for row in settings:
        value = row.values[version]
        if not value or value == _NOT_USED or ", band " in row.insert:
            continue
        phrases.append(
            row.insert if value == _USED else f"{row.insert}: {lowered(row.name)} {value}"
        )
    return phrases


def _band(band: Any) -> str | None:
    """Return a band of an equaliser in words: ``low shelf +1.2 dB at 110 Hz``."""
    shape, frequency_hz = getattr(band, "shape", None), getattr(band, "frequency_hz", None)
    if not isinstance(shape, str) or frequency_hz is None:
        return None
    gain_db = getattr(band, "gain_db", None) or 0.0  # filters that only cut have none
    sign = "+" if gain_db > 0.0 else ""
    gain = f" {sign}{value_words(gain_db, 'dB', '')}" if gain_db else ""
    return f"{shape.replace('_', ' ')}{gain} at {value_words(frequency_hz, 'Hz', '')}"


def _in_order(lists: Sequence[Sequence[str]]) -> list[str]:
    """Merge lists of addresses: what is new to one comes behind what it follows there."""
    merged: list[str] = []
    for addresses in lists:
        at = 0
        for address in addresses:
            if address in merged:
                at = merged.index(address) + 1
            else:
                merged.insert(at, address)
                at += 1
    return merged


def _values(preset: MasteringPreset) -> Iterator[_Value]:
    yield from _fields(preset, "Preset", "")
    ids = insert_ids(preset.insert)
    for id_, effect in zip(ids, preset.insert, strict=True):
        heading = title(id_)
        address = f"insert.{id_}"
        yield _Value(heading, "In the chain", address, type(effect).summary, _USED, default=False)
        yield from _fields(effect, heading, f"{address}.")


def _fields(settings: Settings, insert: str, address: str) -> Iterator[_Value]:
    """Yield the parameters of a table and of the tables in it."""
    for each in parameters(settings, skipped=_SKIPPED):
        inside, before = insert, ""
        for step in each.steps:
            if step.item is None:
                before += f"{title(step.key)}, "
            else:
                inside += f", {title(step.key.removesuffix('s')).lower()} {step.item}"
                before = ""
        name, unit = name_and_unit(each.key)
        yield _Value(
            insert=inside,
            name=before + name,
            address=address + each.address,
            meaning=each.field.description or "",
            text=value_words(each.value, unit, each.key),
            default=each.is_default,
        )
