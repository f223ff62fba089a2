"""Which room may import which: a walk over every syntax tree."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "mixmaster"

# Each row may import the rows above it (and itself); rooms of one row never import one another.
ROWS: list[set[str]] = [
    {"arrays"},
    {"errors", "units", "results"},
    {"documents"},
    {"dsp"},
    {"metering", "audio"},
    {"effects"},
    {"engine"},
    {"checking"},
    {"pages"},
    {"mixing"},
    {"mastering"},
    {"song"},
    {"comparing", "preview", "release"},
    {"batch"},
    {"api"},
    {"cli"},
]
RANK = {room: row for row, rooms in enumerate(ROWS) for room in rooms}
ONLY_IN = {
    "click": {"cli"},
    "rich": {"cli"},
    "soundfile": {"audio"},
    "av": {"audio"},
    "soxr": {"audio", "dsp"},
    "pedalboard": {"effects"},
    "jinja2": {"pages"},
    "PIL": {"pages", "release"},
    "mutagen": {"audio"},
    "distributed": {"batch"},
    "fsspec": {"batch"},
    "pydantic": {"documents", "effects", "mixing", "mastering", "preview", "release", "batch"},
}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the room"
            assert node.module
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    part = path.relative_to(SOURCE).parts[0]
    return part.removesuffix(".py")


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_rooms_import_only_rooms_before_them(path: Path) -> None:
    room = room_of(path)
    if room in {"__init__", "__main__"}:
        return
    assert room in RANK, f"{room} is a room that ROWS does not know"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "mixmaster" and len(parts) > 1 and parts[1] in RANK:
            other = parts[1]
            allowed = other == room or RANK[other] < RANK[room]
            assert allowed, f"{path.name} in {room} imports {other}"
        if parts[0] in ONLY_IN:
            assert room in ONLY_IN[parts[0]], f"{path.name} in {room} imports {parts[0]}"


def test_the_walk_sees_imports_at_all() -> None:
    assert "mixmaster.arrays" in imports(SOURCE / "units.py")
