"""Values of documents: good ones from a model's declaration, and hostile ones of any kind."""

from __future__ import annotations

import datetime as dt
import random
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from tests.fuzz.toml import Raw

Random = random.Random

PATHS = (
    "../escaped",
    "../../../../../../tmp/mixmaster-escaped.wav",
    "/etc/passwd",
    "/dev/zero",
    "/dev/stdin",
    "/dev/full",
    "/proc/self/mem",
    ".",
    "..",
    "/",
    "",
    "~",
    "~root/x.wav",
    "~nobody-of-that-name/x.toml",
    "CON",
    "nul.wav",
    "COM1.toml",
    "a\0b.wav",
    "a\nb.wav",
    "C:\\windows\\x.wav",
    "\\\\host\\share\\x.wav",
    "file:///etc/passwd",
    "http://127.0.0.1:9/x.toml",
    "x" * 300 + ".wav",
    "x/" * 3_000,
    "link.toml",
    "link-out",
    "loop",
    "stems/../stems/../stems/kick.wav",
    "*" * 40,
    "**/**/**/**",
    "[",
    "[!",
    "stems/*",
    "kick.wav",
    "preset.toml",
    "song.toml",
)

TEXTS = (
    "",
    " ",
    "\u202egnp.exe",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "{title}",
    "{0.__class__.__mro__}",
    "{song!r:>99999999}",
    "{{7*7}}",
    "%s%n%x",
    "$(touch /tmp/x)",
    "`id`",
    "é" * 500,
    "e\u0301" * 200,
    "\U0001f3b8" * 40,
    "\u0000",
    "\u001b[2J\u001b]0;x\u0007",
    "a\r\nb",
    "A" * 70_000,
    "nan",
    "1e999",
    "-0",
    "true",
    "__class__",
    "__init__",
    "model_config",
    "0" * 64,
    "QZABC2600001",
    "main",
    "all",
    "*",
    ".",
    "import os",
    "\ufeff",
    "\ufffe",
)

NUMBERS = (
    0,
    -1,
    1,
    -0.0,
    0.5,
    1e-9,
    5e-324,
    1e9,
    1e17,
    1e308,
    -1e308,
    float("nan"),
    float("inf"),
    -float("inf"),
    2**31,
    2**53 + 1,
    2**63,
    -(2**63) - 1,
    2**64,
    10**30,
    10**400,
    16**5_000,
    True,
)


def hostile(rng: Random, depth: int = 0) -> Any:
    """Return a value that has no place in any document."""
    kind = rng.randrange(12)
    if kind < 4:
        return rng.choice(NUMBERS)
    if kind < 6:
        return rng.choice(TEXTS)
    if kind < 8:
        return rng.choice(PATHS)
    if kind == 8:
        return rng.choice(
            (
                dt.date(1, 1, 1),
                dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC),
                dt.time(0, 0),
                Raw("1e999999"),
            )
        )
    if kind == 9:
        return [] if depth > 3 else [hostile(rng, depth + 1) for _ in range(rng.randrange(5))]
    if kind == 10:
        return _deep(rng)
    size = 0 if depth > 3 else rng.randrange(4)
    return {rng.choice(TEXTS[:24]): hostile(rng, depth + 1) for _ in range(size)}


def _deep(rng: Random) -> Any:
    depth = rng.choice((10, 40, 400))
    if rng.random() < 0.5:
        return Raw("[" * depth + "]" * depth)
    return Raw("{a=" * depth + "1" + "}" * depth)


def table(rng: Random, model: type[BaseModel], *, share: float = 0.4, depth: int = 0) -> Any:
    """Return a table that a model may well take: needed keys, and a share of the others."""
    out: dict[str, Any] = {}
    for key, field in model.model_fields.items():
        if field.is_required() or key == "effect" or rng.random() < share / (1 + depth):
            value = good(rng, field.annotation, field, depth=depth)
            if value is not None:
                out[field.alias or key] = value
    return out


def good(rng: Random, kind: Any, field: FieldInfo | None = None, *, depth: int = 0) -> Any:
    """Return a value of a type, within its bounds or just on them; None for nothing."""
    origin = get_origin(kind)
    bounds = list(field.metadata) if field is not None else []
    if origin is Annotated:
        inner, *more = get_args(kind)
        pattern = next((m.pattern for m in more if getattr(m, "pattern", None)), None)
        return _patterned(rng, pattern) if pattern else good(rng, inner, field, depth=depth)
    if origin is Literal:
        return rng.choice(get_args(kind))
    if origin in {Union, types.UnionType}:
        return good(rng, rng.choice(get_args(kind)), field, depth=depth)
    if origin in {tuple, list}:
        most = next((b.max_length for b in bounds if isinstance(b, MaxLen)), 4)
        inner = [kind for kind in get_args(kind) if kind is not Ellipsis]
        if origin is tuple and Ellipsis not in get_args(kind):
            return [good(rng, each, depth=depth + 1) for each in inner]
        least = next((b.min_length for b in bounds if isinstance(b, MinLen)), 0)
        count = max(least, rng.randrange(min(most, 4 if depth < 3 else 1) + 1))
        made = [good(rng, inner[0], depth=depth + 1) for _ in range(count)]
        return [each for each in made if each is not None]
    if origin in {dict, types.MappingProxyType} or getattr(origin, "__name__", "") == "Mapping":
        value = get_args(kind)[1]
        names = rng.sample(NAMES, rng.randrange(3))
        made_table = {name: good(rng, value, depth=depth + 1) for name in names}
        return {name: item for name, item in made_table.items() if item is not None}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return table(rng, kind, depth=depth + 1)
    return _plain(rng, kind, bounds)


def _plain(rng: Random, kind: Any, bounds: list[Any]) -> Any:
    if kind is bool:
        return rng.random() < 0.5
    if kind in {int, float}:
        low, high = _limits(bounds)
        value = rng.choice((low, high, low, rng.uniform(low, high), round(rng.uniform(low, high))))
        return int(value) if kind is int else float(value)
    if kind is str:
        return rng.choice(NAMES)
    if kind is dt.date:
        return dt.date(2026, 11, rng.randrange(1, 29))
    if kind is Any:
        return rng.choice((1, 0.5, "text", True, {"a": 1}))
    return None


def _limits(bounds: list[Any]) -> tuple[float, float]:
    low, high = None, None
    for bound in bounds:
        if isinstance(bound, Ge | Gt):
            low = _number(bound.ge if isinstance(bound, Ge) else bound.gt)
        elif isinstance(bound, Le | Lt):
            high = _number(bound.le if isinstance(bound, Le) else bound.lt)
    bottom = low if low is not None else min(0.0, high or 0.0) - 10.0
    return bottom, high if high is not None else max(bottom, 0.0) + 100.0


def _number(bound: Any) -> float:
    return float(bound)


def _patterned(rng: Random, pattern: str) -> str:
    known = {"64": "0" * 64, "/": "4/4"}
    for mark, text in known.items():
        if mark in pattern:
            return text
    return rng.choice(NAMES)


NAMES = (
    "kick",
    "snare",
    "drums",
    "vocal",
    "mix",
    "eq",
    "compressor",
    "limiter",
    "main",
    "music",
    "flat",
    "transparent",
    "spotify",
    "reverb",
    "a",
    "kick.wav",
    "stems",
    "stems/kick.wav",
)
