"""Hostile words on the command line: addresses, values, templates, times, names of files."""

from __future__ import annotations

import random

from tests.fuzz.documents import MODELS
from tests.fuzz.values import NAMES, PATHS, TEXTS

from mixmaster.documents.reference import described

Random = random.Random

_COMMANDS = (
    ("mix", "{stems}", "-p", "flat", "--dry-run", "--json", "@set:mix", "@time", "@tempo"),
    ("mix", "{stems}", "-p", "flat", "-o", "{out}/mix.wav", "--json", "@set:mix", "@time"),
    ("mix", "{stems}", "-p", "flat", "-o", "{out}/v", "--versions", "all", "--json", "@template"),
    ("mix", "{stems}", "-p", "@name", "--dry-run", "--json"),
    ("mix", "@path", "-p", "flat", "--dry-run", "--json"),
    ("master", "{mix}", "-p", "transparent", "-t", "spotify", "-o", "{out}", "@set:mastering"),
    ("master", "{mix}", "-p", "transparent", "-t", "@name", "-o", "{out}", "@time", "--json"),
    ("master", "{mix}", "-p", "@path", "-t", "spotify", "-o", "{out}", "--bypass", "@name"),
    ("measure", "@path", "--json"),
    ("check", "@path", "--json", "-t", "@name"),
    ("null", "{mix}", "@path", "--json"),
    ("diff", "@name", "@path", "--json"),
    ("presets", "show", "@path"),
    ("presets", "keys", "@name"),
    ("presets", "check", "@path", "@path", "--json"),
    ("effects", "@name"),
    ("profile", "show", "@path", "@path", "--json"),
    ("preview", "{mix}", "--only", "systems", "--on", "@name", "@time", "--json"),
    ("release", "check", "@path", "--json"),
    ("release", "@path", "--dry-run", "--json", "@set:release"),
    ("compare", "{mix}", "-m", "@name", "-o", "{out}", "--dry-run", "--json"),
    ("compare", "results", "@path", "--json"),
    ("rerender", "@path", "--json"),
    ("status", "@path", "-o", "{out}", "--json", "@template"),
    ("batch", "{mix}", "-m", "warm", "-t", "@name", "-o", "{out}", "--dry-run", "@template"),
    ("@name", "@path"),
)

_TIMES = ("0", "-1", "1:2:3:4", "nan", "inf", "1e300", "0:60", "1:60.5", "loudest:30s", "9" * 400)
_VALUES = (
    "", "=", "1", "-1", "1e400", "nan", "inf", "true", "[", "[1", "{", "{a=1", '"', "'a'", "#",
    "[[[[[[[[" * 20, "1" * 5_000, "2026-11-20", "a\nb", "\\", "../x", "0x" + "f" * 6_000, "1_0",
    "{a={b={c=1}}}", "\u202e", "1\0", "[" * 3_000, "[1, 2, 3]", "eq", "-inf", "'''a", "[a]\nb=1",
)  # fmt: skip


def words(rng: Random) -> tuple[list[str], tuple[str, ...]]:
    """Return words for the command line; ``{mix}``, ``{stems}``, ``{in}``, ``{out}`` stand in."""
    made: list[str] = []
    for word in rng.choice(_COMMANDS):
        made += _filled(rng, word)
    if rng.random() < 0.1:
        made.insert(
            rng.randrange(len(made) + 1), rng.choice(("--", "-", "--json", "-h", "--x", ""))
        )
    return made, (" ".join(made)[:300],)


def _filled(rng: Random, word: str) -> list[str]:
    kind, _, more = word.partition(":")
    if kind == "@set":
        count = rng.choice((1, 1, 2))
        return [part for _ in range(count) for part in ("--set", _setting(rng, more))]
    if kind == "@time":
        option = rng.choice(("--from", "--to", "--section"))
        text = rng.choice(_TIMES)
        return [option, f"loudest:{text}s" if option == "--section" else text]
    if kind == "@tempo":
        return ["--tempo-bpm", rng.choice(("0", "nan", "1e308", "-1", "120", "20", "400", "x"))]
    if kind == "@template":
        return [
            "--name-template",
            _safe(rng.choice((*TEXTS, *PATHS, "{song}", "{song}{song", "{}"))),
        ]
    if kind == "@name":
        return [_safe(rng.choice((*NAMES, *TEXTS, *PATHS)))]
    if kind == "@path":
        path = _safe(rng.choice(PATHS))
        return [path if path.startswith("/") or rng.random() < 0.3 else f"{{in}}/{path}"]
    return [word]


def _setting(rng: Random, kind: str) -> str:
    keys = [each.key for each in described(MODELS[kind])]
    key = rng.choice(keys).replace("[]", rng.choice((".1", ".0", ".99999", "", ".kick")))
    if rng.random() < 0.3:
        known = (
            "mix.gain_db",
            "strip.everything.gain_db",
            "insert.compressor.ratio",
            "track.1.gap_s",
        )
        key = rng.choice((*known, *(_safe(text) for text in TEXTS[:20])))
    if rng.random() < 0.1:
        key += "." + ".".join(rng.choice(NAMES) for _ in range(rng.choice((1, 3, 400))))
    return (
        _safe(key) + rng.choice(("=", "=", "=", "", "==")) + rng.choice(_VALUES).replace("\0", "")
    )


def _safe(text: str) -> str:
    """Return a text as a system passes it to a program: without NUL, braces our own."""
    return text.replace("\0", "").replace("{", "{{").replace("}", "}}")
