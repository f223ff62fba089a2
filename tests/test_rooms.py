"""Which room may import which: a walk over every syntax tree."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.rooms import RANK, SOURCE, files, imports, picture, room_of

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


def test_the_picture_is_true() -> None:
    drawn = (SOURCE.parent.parent / "docs" / "rooms.svg").read_text(encoding="utf-8")
    assert drawn == picture(), "make docs draws it anew"
