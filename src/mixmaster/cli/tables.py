"""Tables that fit: numbers are never broken, names fold where they may, nothing vanishes.

With room, one line a row. With less, the headings of figures wrap and long names fold after
``/`` and spaces. With too little for that, every row becomes a record, one field a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MARGIN = 2
GAP = 2
NARROWEST_TEXT = 14
"""A text column narrower than this is no more pleasant than a record."""

_PIECES = re.compile(r"[^/\s]*[/\s]?")


@dataclass(frozen=True, slots=True)
class Table:
    """A table as data.

    Attributes:
        title: Above it; empty for none.
        columns: The headings; one that starts with ``>`` is a figure's, aligned to the right.
        rows: The cells, as many a row as there are columns.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings without their sign."""
        return tuple(column.removeprefix(">") for column in self.columns)

    @property
    def figures(self) -> tuple[bool, ...]:
        """Which columns hold figures."""
        return tuple(column.startswith(">") for column in self.columns)


def layout(table: Table, width: int | None) -> list[str]:
    """Return the table's lines, without its title.

    Args:
        table: What to show.
        width: Columns there are; None for as many as it takes.
    """
    widths = _widths(table, width)
    if widths is None:
        return _records(table)
    lines = _row(table.headings, widths, table.figures, bottom=True)
    lines.append(" " * (MARGIN - 1) + "─" * (_total(widths) - MARGIN + 2))
    for row in table.rows:
        lines += _row(row, widths, table.figures)
    return lines


def _widths(table: Table, width: int | None) -> list[int] | None:
    """Return each column's width; None when the table cannot be had in ``width``."""
    cells = [[row[i] for row in table.rows] for i in range(len(table.columns))]
    bodies = [max(map(cells_of, column), default=0) for column in cells]
    natural = [
        max(body, cells_of(heading)) for body, heading in zip(bodies, table.headings, strict=True)
    ]
    if width is None or _total(natural) < width:
        return natural
    least = [
        max([body, *map(cells_of, heading.split())])
        for body, heading in zip(bodies, table.headings, strict=True)
    ]
    figures = table.figures
    widths = [
        small if figure else full
        for small, full, figure in zip(least, natural, figures, strict=True)
    ]
    texts = [i for i, figure in enumerate(figures) if not figure]
    room = width - 1 - _total(widths) + sum(widths[i] for i in texts)
    # The narrow ones keep their width; the others share what is left.
    for count, i in enumerate(sorted(texts, key=lambda i: widths[i])):
        widths[i] = min(widths[i], room // (len(texts) - count))
        room -= widths[i]
        if widths[i] < min(natural[i], NARROWEST_TEXT):
            return None
    return widths if _total(widths) < width else None


def _total(widths: Sequence[int]) -> int:
    return MARGIN + sum(widths) + GAP * (len(widths) - 1)


def _row(
    cells: Sequence[str], widths: Sequence[int], figures: Sequence[bool], *, bottom: bool = False
) -> list[str]:
    """Return a row's lines; ``bottom`` aligns cells of fewer lines with the last one."""
    folded = [fold(cell, width) for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, folded), default=1)
    lines = []
    for number in range(height):
        parts = []
        for cell, width, figure in zip(folded, widths, figures, strict=True):
            at = number - (height - len(cell)) if bottom else number
            text = cell[at] if 0 <= at < len(cell) else ""
            space = " " * (width - cells_of(text))
            parts.append(space + text if figure else text + space)
        lines.append((" " * MARGIN + (" " * GAP).join(parts)).rstrip())
    return lines


def _records(table: Table) -> list[str]:
    """Return every row as a record: the first cell, and the others below it."""
    lines = []
    named = max(map(cells_of, table.headings[1:]), default=0)
    for row in table.rows:
        lines.append(" " * MARGIN + row[0])
        for heading, cell in zip(table.headings[1:], row[1:], strict=True):
            if cell:
                space = " " * (named - cells_of(heading) + GAP)
                lines.append(" " * (2 * MARGIN) + heading + space + cell)
    return lines


def fold(text: str, width: int) -> list[str]:
    """Return text in lines of at most ``width`` columns, folded after spaces and slashes."""
    lines = [""]
    for piece in _PIECES.findall(text):
        if cells_of(lines[-1]) + cells_of(piece.rstrip()) > width and lines[-1]:
            lines.append("")
        lines[-1] += piece
        while cells_of(lines[-1].rstrip()) > width:
            cut = _cut(lines[-1], width)
            lines[-1:] = [lines[-1][:cut], lines[-1][cut:]]
    return [line.rstrip() for line in lines if line.rstrip()] or [""]


def _cut(text: str, width: int) -> int:
    """Return how many characters fill at most ``width`` columns; at least one."""
    used = 0
    for count, character in enumerate(text):
        used += cells_of(character)
        if used > width:
            return max(1, count)
    return len(text)


def cells_of(text: str) -> int:
    """Return how many columns text fills on a terminal: Chinese signs two, accents none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
