"""Documents made wrong: from good ones and from their declarations, in values, shape and text."""

from __future__ import annotations

import copy
import random
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tests.fuzz.toml import written
from tests.fuzz.values import NAMES, TEXTS, good, hostile, table

from mixmaster.batch.planning.document import Batch
from mixmaster.cli.presets import DOCUMENTS, model_of
from mixmaster.documents.base import Document
from mixmaster.documents.loading import load_text
from mixmaster.errors import MixmasterError

Random = random.Random

FOLDERS = {
    "mix": "mix",
    "mastering": "mastering",
    "target": "targets",
    "profile": "profiles",
    "system": "systems",
}
PRESETS = Path(__file__).parents[2] / "presets"

MODELS: dict[str, type[Document]] = {kind: model_of(kind) for kind in DOCUMENTS} | {"batch": Batch}

_OWN: dict[str, dict[str, Any]] = {
    "session": {
        "format": 1,
        "kind": "session",
        "title": "Blue Hour",
        "preset": "flat",
        "stems": ["stems"],
        "stem": [{"file": "stems/kick.wav", "trim_db": -1.0}],
        "set": {"mix": {"gain_db": -1.0}},
        "master": {"preset": "transparent", "targets": ["spotify"]},
    },
    "release": {
        "format": 1,
        "kind": "release",
        "title": "North",
        "artist": "The Owls",
        "date": "2026-11-20",
        "targets": ["spotify"],
        "master": {"preset": "transparent"},
        "track": [
            {"title": "One", "mix": "mix.wav", "isrc": "QZABC2600001", "writers": ["A. B"]},
            {"title": "Two", "mix": "stems/kick.wav", "isrc": "QZABC2600002", "gap_s": 0.5},
        ],
    },
    "batch": {
        "format": 1,
        "kind": "batch",
        "name": "Night",
        "masters": ["transparent"],
        "targets": ["spotify"],
        "song": [{"path": "mix.wav"}, {"path": "stems", "preset": "flat"}],
        "output": "../out/batch",
    },
}


def _kept_good(rng: Random, base: dict[str, Any], kind: str, how: list[str]) -> dict[str, Any]:
    """Return a document after some mild changes that it survived: right, however odd."""
    for _ in range(rng.choice((2, 4, 8))):
        changed = copy.deepcopy(base)
        words = rng.choice(_MILD)(rng, changed, MODELS[kind])
        try:
            load_text(MODELS[kind], written(changed))
        except MixmasterError:
            continue
        base = changed
        how.append(words)
    return base


@cache
def _shipped(kind: str) -> tuple[str, ...]:
    folder = PRESETS / FOLDERS[kind]
    return tuple(path.read_text("utf-8") for path in sorted(folder.glob("*.toml")))


def document(rng: Random, kind: str) -> tuple[bytes, tuple[str, ...]]:
    """Return a document, right or wrong, and what was done to a good one."""
    how = [kind]
    if kind in _OWN and rng.random() < 0.7:
        base: dict[str, Any] = copy.deepcopy(_OWN[kind])
        more = table(rng, MODELS[kind], share=0.15)
        base = {**more, **base} if rng.random() < 0.5 else base
        if kind == "release":
            base["date"] = tomllib.loads("d = 2026-11-20")["d"]
    elif kind in FOLDERS and rng.random() < 0.6:
        base = tomllib.loads(rng.choice(_shipped(kind)))
    else:
        base = table(rng, MODELS[kind], share=rng.choice((0.1, 0.4, 0.9)))
        base |= {"format": 1, "kind": kind}
        how.append("from its declaration")
    if rng.random() < 0.5:
        base = _kept_good(rng, base, kind, how)
    else:
        for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
            change = rng.choice(_CHANGES)
            how.append(change(rng, base, MODELS[kind]))
    try:
        data = written(base).encode("utf-8")
    except RecursionError:
        data = b"["
    if rng.random() < 0.15:
        data, words = _in_text(rng, data)
        how.append(words)
    return data[: 8 << 20], tuple(how)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where everything lies in a tree."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += _places(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value[:50]):
            found += _places(item, (*path, number))
    return found


def _at(tree: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def _words(path: tuple[Any, ...]) -> str:
    return ".".join(str(step) for step in path)[:80]


def _short(value: Any) -> str:
    try:
        return f"{value!r:.80}"
    except ValueError:
        return "a number of more digits than Python writes"


def _replace(rng: Random, tree: Any, _: type[Document]) -> str:
    places = _places(tree)
    if not places:
        return "nothing to replace"
    path = rng.choice(places)
    value = hostile(rng)
    _at(tree, path[:-1])[path[-1]] = value
    return f"{_words(path)} = {_short(value)}"


def _retype(rng: Random, tree: Any, _: type[Document]) -> str:
    """Give a value the value of another: of a type that may be right elsewhere."""
    places = _places(tree)
    if len(places) < 2:
        return "nothing to copy"
    path, other = rng.sample(places, 2)
    value = copy.deepcopy(_at(tree, other))
    _at(tree, path[:-1])[path[-1]] = value
    return f"{_words(path)} = {_words(other)}"


def _remove(rng: Random, tree: Any, _: type[Document]) -> str:
    places = _places(tree)
    if not places:
        return "nothing to remove"
    path = rng.choice(places)
    del _at(tree, path[:-1])[path[-1]]
    return f"without {_words(path)}"


def _rename(rng: Random, tree: Any, _: type[Document]) -> str:
    tables = [path for path in ((), *_places(tree)) if isinstance(_at(tree, path), dict)]
    inner = _at(tree, rng.choice([path for path in tables if _at(tree, path)] or [()]))
    if not inner:
        return "nothing to rename"
    key = rng.choice(list(inner))
    new = rng.choice((rng.choice(TEXTS), rng.choice(NAMES), key + "x", key[:-1], key.upper()))
    inner[new] = inner.pop(key)
    return f"{key!r:.40} called {new!r:.40}"


def _double(rng: Random, tree: Any, _: type[Document]) -> str:
    """Repeat items of a list: few, or very many."""
    lists = [path for path in _places(tree) if isinstance(_at(tree, path), list)]
    if not lists:
        return "nothing to repeat"
    path = rng.choice(lists)
    items = _at(tree, path)
    times = rng.choice((2, 3, 70, 1_100))
    items[:] = (items * times)[:20_000]
    return f"{_words(path)} {times} times"


def _enrich(rng: Random, tree: Any, model: type[Document]) -> str:
    """Put in what the declaration allows there."""
    key = rng.choice([key for key in model.model_fields if key not in {"format", "kind"}])
    field = model.model_fields[key]
    value = good(rng, field.annotation, field)
    if value is None:
        return "nothing to put in"
    tree[key] = value
    return f"{key} from its declaration"


def _bound(rng: Random, tree: Any, _: type[Document]) -> str:
    """Move a number, keeping its type: to an edge, or a little."""
    numbers = [
        path
        for path in _places(tree)
        if isinstance(_at(tree, path), int | float) and not isinstance(_at(tree, path), bool)
    ]
    if not numbers:
        return "no number to move"
    path = rng.choice(numbers)
    old = _at(tree, path)
    factors = (2, -1, 10, 100, 0) if isinstance(old, int) else (2.0, 0.5, -1.0, 10.0, 1e-3, 0.0)
    new = old * rng.choice(factors) + rng.choice((0, 0, 1))
    _at(tree, path[:-1])[path[-1]] = new
    return f"{_words(path)} from {_short(old)} to {_short(new)}"


_CHANGES: tuple[Callable[[Random, Any, type[Document]], str], ...] = (
    _replace,
    _replace,
    _replace,
    _retype,
    _remove,
    _rename,
    _double,
    _enrich,
    _enrich,
    _bound,
    _bound,
)


def changed_tree(rng: Random, tree: dict[str, Any]) -> str:
    """Change a tree that has no model; return what was done."""
    return rng.choice((_replace, _replace, _retype, _remove, _rename, _double, _bound))(
        rng, tree, Document
    )


_MILD = (_enrich, _bound, _bound, _retype, _remove)


def _in_text(rng: Random, data: bytes) -> tuple[bytes, str]:
    """Change the text itself."""
    at = rng.randrange(len(data) + 1)
    kind = rng.randrange(7)
    if kind == 0:
        return data[:at], f"cut at {at}"
    if kind == 1:
        return data[:at] + rng.randbytes(3) + data[at:], "random bytes put in"
    if kind == 2:
        lines = data.splitlines(keepends=True)
        rng.shuffle(lines)
        return b"".join(lines), "lines shuffled"
    if kind == 3:
        lines = data.splitlines(keepends=True)
        return b"".join(lines + lines), "twice"
    if kind == 4:
        return data.replace(b"\n", b"\r"), "carriage returns"
    if kind == 5:
        deep = rng.choice((50, 900, 30_000))
        return data + b"z = " + b"[" * deep + b"]" * deep + b"\n", f"{deep} brackets"
    return data + b"a" + b".a" * rng.choice((100, 5_000)) + b" = 1\n", "a long dotted key"
