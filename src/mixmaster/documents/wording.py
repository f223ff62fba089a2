"""Keys and values of documents in words: names, units, numbers as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

UNITS: Final = {
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
_NAMES: Final = {
    "input_lufs": "Loudness before the chain",
    "integrated_lufs": "Loudness of the master",
    "q": "Q",
    "rms_ms": "RMS window",
    "mix": "Dry to wet",
}
"""Where the field's name alone says too little."""

MINUS: Final = "−"


def name_and_unit(key: str) -> tuple[str, str]:
    """Return what a field is called, and its unit; empty where it has none."""
    if key in _NAMES:
        return _NAMES[key], next((u for end, u in UNITS.items() if key.endswith(end)), "")
    for end, unit in UNITS.items():
        if key.endswith(end) and key != end[1:]:
            return title(key.removesuffix(end) if unit else key), unit
    return title(key), ""


def title(key: str) -> str:
    """Return a key as a heading: ``low_shelf`` is Low shelf, ``eq`` is EQ."""
    words = key.replace("_", " ").replace("-", " ").split()
    spelt = [_WORDS.get(word, word) for word in words]
    text = " ".join(spelt)
    return text[:1].upper() + text[1:]


def lowered(name: str) -> str:
    """Return a name inside a sentence: its first letter small, unless it is an acronym's."""
    return name if name[1:2].isupper() or len(name) == 1 else name[:1].lower() + name[1:]


def number_text(value: float, unit: str = "", *, sign: bool = False) -> str:
    """Return a number with its unit; with ``sign`` a plus where it is more than nothing."""
    plus = "+" if sign and value > 0.0 else ""
    return f"{plus}{value:.6g} {unit}".strip().replace("-", MINUS)


def value_words(value: Any, unit: str, key: str) -> str:
    """Return a value as people write it.

    Args:
        value: A validated value.
        unit: Of `name_and_unit`.
        key: The field's name.
    """
    if value is None:
        return "off" if unit else "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        number = f"{value:.6g}".replace("-", MINUS)
        if key == "ratio":
            return f"{number}:1"
        return f"{number} {unit}".strip()
    if isinstance(value, str):
        return value.replace("_", " ")
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {value_words(v, '', k)}" for k, v in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(value_words(item, unit, key) for item in value) or "none"
    return str(value)
