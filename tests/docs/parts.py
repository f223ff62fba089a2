"""Documents and parts of documents as they are printed: of which kind, and whether right."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any, Final

from tests.docs.examples import ROOT

from mixmaster.documents.base import Document
from mixmaster.documents.loading import validate

KIND_OF_PART: Final = {
    "strip": "mix",
    "bus": "mix",
    "vca": "mix",
    "mix": "mix",
    "version": "mix",
    "insert": "mastering",
    "file": "target",
    "package": "target",
    "playback": "target",
    "stem": "session",
    "set": "session",
    "add": "session",
    "automation": "session",
    "tempo_map": "session",
    "song": "batch",
    "finish": "batch",
    "track": "release",
}
"""Which kind of document a table belongs to, where a block shows a part alone."""

_SHIPPED: Final = {
    "mix": "presets/mix/rock-band.toml",
    "mastering": "presets/mastering/transparent.toml",
    "target": "presets/targets/spotify.toml",
}
_LEAST: Final[dict[str, dict[str, Any]]] = {
    "session": {"title": "Part", "preset": "rock-band", "stems": ["stems"]},
    "batch": {"song": [{"path": "songs/*"}]},
    "release": {"title": "Part", "artist": "Anna", "targets": ["spotify"], "track": []},
}


def model_of(kind: str) -> type[Document]:
    """Return the model that a kind of document is read with."""
    from mixmaster.batch.planning.document import Batch
    from mixmaster.cli.presets import model_of as preset_model

    return Batch if kind == "batch" else preset_model(kind)


def kind_of(table: Mapping[str, Any]) -> str:
    """Return what a block says that it is: its kind, or that of which its tables are part."""
    if "kind" in table:
        return str(table["kind"])
    kinds = {KIND_OF_PART[key] for key in table if key in KIND_OF_PART}
    assert len(kinds) == 1, f"of which document is this a part? {sorted(table)}"
    return kinds.pop()


def check(text: str, where: str) -> None:
    """Read a block as the program reads such a document; a part is laid over a whole one.

    Raises:
        DocumentError: With every key that is wrong.
    """
    table = tomllib.loads(text)
    kind = kind_of(table)
    if "kind" not in table:
        table = _laid_over(_whole(kind), table)
    validate(model_of(kind), table, where=where)


def _whole(kind: str) -> dict[str, Any]:
    if kind in _SHIPPED:
        return tomllib.loads((ROOT / _SHIPPED[kind]).read_text(encoding="utf-8"))
    return {"format": 1, "kind": kind, **_LEAST[kind]}


def _laid_over(under: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            result[key] = _laid_over(below, value)
        else:
            result[key] = value
    return result
