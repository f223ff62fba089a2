"""In which settings presets differ, in words: names, units and meanings of the declarations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mixmaster.documents.addresses import insert_ids
from mixmaster.documents.base import Settings
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.pages.ab.data import AbSetting

_UNITS: Final = {
    "_db_per_octave": "dB/octave",
    "_percent": "%",
    "_ratio": "",
    "_lufs": "LUFS",
    "_dbtp": "dBTP",
    "_dbfs": "dBFS",
    "_bpm": "BPM",
    "_lu": "LU",
    "_db": "dB",
    "_ms": "ms",
    "_hz": "Hz",
    "_s": "s",
}
"""What a field's name ends with, the longest first where one ends the other."""

_WORDS: Final = {"eq": "EQ", "q": "Q", "rms": "RMS", "lufs": "LUFS", "ms": "M/S", "id": "id"}
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


def differing_settings(presets: Sequence[MasteringPreset | None]) -> tuple[AbSetting, ...]:
    """Return the settings in which presets differ, in the order of their chains.

    An insert that only some presets have is told by a row of its own; of its parameters, those
    that are not at their defaults.

    Args:
        presets: One for each version; None for those without.
    """
    listed = [{} if p is None else {v.address: v for v in _values(p)} for p in presets]
    there = [i for i, preset in enumerate(presets) if preset is not None]
    rows = []
    for address in _in_order([list(values) for values in listed]):
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


def words_of(settings: Sequence[AbSetting], version: int) -> tuple[str, ...]:
    """Return what a version's settings have that others' have not: the rarest values first.

    Args:
        settings: Of ``differing_settings``.
        version: Its number.
    """
    told = []
    for order, row in enumerate(settings):
        value = row.values[version]
        if not value or value == _NOT_USED:
            continue
        shared = Counter(row.values)[value]
        text = row.insert if value == _USED else f"{row.insert}: {row.name.lower()} {value}"
        told.append((shared, order, text))
    kept = sorted(told)[:_MOST_WORDS]
    return tuple(text for _, _, text in sorted(kept, key=lambda each: each[1]))


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
    yield from _fields(preset, "Preset", "", "")
    ids = insert_ids(preset.insert)
    for id_, effect in zip(ids, preset.insert, strict=True):
        title = _title(id_)
        address = f"insert.{id_}"
        yield _Value(title, "In the chain", address, type(effect).summary, _USED, default=False)
        yield from _fields(effect, title, f"{address}.", "")


def _fields(settings: Settings, insert: str, address: str, before: str) -> Iterator[_Value]:
    """Yield the parameters of a table and of the tables in it."""
    for key, field in type(settings).model_fields.items():
        if key in _SKIPPED:
            continue
        value = getattr(settings, key)
        if isinstance(value, Settings):
            yield from _fields(value, insert, f"{address}{key}.", f"{before}{_title(key)}, ")
        elif isinstance(value, tuple) and value and isinstance(value[0], Settings):
            one = _title(key.removesuffix("s"))
            for number, item in enumerate(value, start=1):
                inside = f"{insert}, {one.lower()} {number}"
                yield from _fields(item, inside, f"{address}{key}.{number}.", before)
        else:
            name, unit = _name_and_unit(key)
            yield _Value(
                insert=insert,
                name=before + name,
                address=address + key,
                meaning=field.description or "",
                text=_text(value, unit, key),
                default=value == field.default,
            )


def _name_and_unit(key: str) -> tuple[str, str]:
    for end, unit in _UNITS.items():
        if key.endswith(end) and key != end[1:]:
            return _title(key.removesuffix(end) if unit else key), unit
    return _title(key), ""


def _title(key: str) -> str:
    words = key.replace("_", " ").replace("-", " ").split()
    spelt = [_WORDS.get(word, word) for word in words]
    text = " ".join(spelt)
    return text[:1].upper() + text[1:]


def _text(value: Any, unit: str, key: str) -> str:
    """Return a value as people write it."""
    if value is None:
        return "off" if unit else "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        number = f"{value:.6g}".replace("-", "−")
        if key == "ratio":
            return f"{number}:1"
        return f"{number} {unit}".strip()
    if isinstance(value, str):
        return value.replace("_", " ")
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_text(v, '', k)}" for k, v in value.items())
    assert isinstance(value, tuple)
    return ", ".join(_text(item, unit, key) for item in value) or "none"
