"""The rooms of the code, and the picture of them: ``python tests/rooms.py > docs/rooms.svg``."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "mixmaster"

# Each row may import the rows above it (and itself); rooms of one row never import one another.
ROWS: list[tuple[str, ...]] = [
    ("arrays",),
    ("errors", "units", "results"),
    ("documents",),
    ("dsp",),
    ("metering", "audio"),
    ("effects",),
    ("engine",),
    ("checking",),
    ("pages",),
    ("mixing",),
    ("mastering",),
    ("song",),
    ("comparing", "preview", "release"),
    ("batch",),
    ("api",),
    ("cli",),
]
RANK = {room: row for row, rooms in enumerate(ROWS) for room in rooms}

_WIDTH, _HEIGHT, _BOX, _GAP = 760, 62, 130, 36


def files() -> list[Path]:
    """Return every file of the program."""
    return sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    """Return the room that a file lies in."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it."""
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


def doors() -> dict[str, set[str]]:
    """Return which rooms each room imports."""
    found: dict[str, set[str]] = {room: set() for room in RANK}
    for path in files():
        room = room_of(path)
        if room not in RANK:
            continue
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "mixmaster" and len(parts) > 1 and parts[1] in RANK:
                found[room].add(parts[1])
        found[room].discard(room)
    return found


def _needed(found: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Return the doors that no way through other rooms stands for."""

    def reached(room: str) -> set[str]:
        return found[room] | {far for near in found[room] for far in reached(near)}

    return [
        (room, other)
        for room in found
        for other in sorted(found[room])
        if not any(other in reached(via) for via in found[room] - {other})
    ]


def picture() -> str:
    """Return the rooms as they import one another, as SVG; later rooms stand below."""
    place: dict[str, tuple[float, float]] = {}
    for row, rooms in enumerate(ROWS):
        long = len(rooms) * _BOX + (len(rooms) - 1) * _GAP
        for column, room in enumerate(rooms):
            place[room] = ((_WIDTH - long) / 2 + column * (_BOX + _GAP), 12.0 + row * _HEIGHT)
    high = 12 + len(ROWS) * _HEIGHT
    box = f'viewBox="0 0 {_WIDTH} {high}" font-family="sans-serif" font-size="14"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for room, other in sorted(_needed(doors())):
        x, y = place[room]
        to_x, to_y = place[other]
        rows = RANK[room] - RANK[other]
        start, end = (x + _BOX / 2, y), (to_x + _BOX / 2, to_y + 36.0)
        side = 0.0 if rows == 1 else (-1.0 if RANK[room] % 2 else 1.0) * (90.0 + 26.0 * rows)
        bend = (end[1] - start[1]) / 3
        parts.append(
            f'<path d="M{start[0]:.0f} {start[1]:.0f}C{start[0] + side:.0f} {start[1] + bend:.0f} '
            f'{end[0] + side:.0f} {end[1] - bend:.0f} {end[0]:.0f} {end[1]:.0f}" '
            'fill="none" stroke="#8a98a8" stroke-width="1.3"/>'
        )
    for room, (x, y) in place.items():
        parts.append(
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{_BOX}" height="36" rx="5" '
            'fill="#eef3f8" stroke="#40566b"/>'
            f'<text x="{x + _BOX / 2:.0f}" y="{y + 23:.0f}" text-anchor="middle">{room}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    print(picture(), end="")  # noqa: T201 - that is what it is run for
