"""How a running batch looks on a terminal, from 40 columns on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mixmaster.cli.output import NONE, printable
from mixmaster.cli.saying import clock, size

if TYPE_CHECKING:
    from mixmaster.batch.board import Board, Doing

_HEAD_LINES: Final = 6
_BAR_COLUMNS: Final = 10
_FROM_COLUMNS: Final = 64
"""Narrower terminals are spared the workers' bars and names."""


def drawn(
    board: Board,
    *,
    now_s: float,
    width: int,
    height: int,
    used_bytes: int | None = None,
    memory_bytes: int | None = None,
) -> Group:
    """Return the view, as many lines as fit.

    Args:
        board: What is known.
        now_s: The time, Unix.
        width: Columns.
        height: Lines of the terminal.
        used_bytes: The memory in use now.
        memory_bytes: What may be used.
    """
    room = max(1, height - _HEAD_LINES - 2)
    running = sorted(board.doing.values(), key=lambda each: (each.worker, each.stage))
    bar = Table.grid()  # a bar by itself does not end its line
    bar.add_row(ProgressBar(total=1.0, completed=board.share(), width=width))
    parts: list[RenderableType] = [
        _title(board, now_s),
        bar,
        _figures(board, now_s, used_bytes, memory_bytes),
        _workers(running[:room], now_s, width),
    ]
    if len(running) > room:
        parts.append(Text(f"... and {len(running) - room} more", style="dim"))
    return Group(*parts)


def _title(board: Board, now_s: float) -> Table:
    plan = board.plan
    line = Table.grid(expand=True, padding=(0, 2))
    line.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    line.add_column(justify="right", no_wrap=True)
    said = Text("planning", style="bold")
    if plan is not None:
        said = Text(f"{board.songs_done} of {plan.songs} songs", style="bold")
        said.append(f"  {round(100.0 * board.share())} %", style="not bold")
        if board.failures:
            said.append(f"  {len(board.failures)} failed", style="bold red")
    line.add_row(said, Text(clock(board.elapsed_s(now_s)), style="dim"))
    return line


def _figures(board: Board, now_s: float, used_bytes: int | None, memory_bytes: int | None) -> Table:
    hour, times = board.songs_an_hour(now_s), board.times_real_time(now_s)
    left_s = board.left_s(now_s)
    stages = [
        f"{name} {board.stages_done[kind]}/{board.stages_all[kind]}"
        for kind, name in (("mix", "mixes"), ("master", "masterings"))
        if board.stages_all[kind]
    ]
    memory = [
        "" if used_bytes is None else size(used_bytes),
        "" if used_bytes is None or memory_bytes is None else f"of {size(memory_bytes)}",
        f"(stages up to {size(board.peak_rss_bytes)})" if board.peak_rss_bytes else "",
    ]
    rows = {
        "stages": ", ".join(stages) or NONE,
        "rate": f"{NONE if hour is None else f'{hour:.0f}'} songs an hour, "
        f"{NONE if times is None else f'{times:.1f}'} times real time",
        "left": NONE if left_s is None else f"about {clock(left_s)}",
        "memory": " ".join(text for text in memory if text) or NONE,
    }
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True, min_width=6)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    for name, text in rows.items():
        grid.add_row(name, Text(text))
    return grid


def _workers(running: list[Doing], now_s: float, width: int) -> Table:
    wide = width >= _FROM_COLUMNS
    grid = Table.grid(expand=True, padding=(0, 1))
    if wide:
        grid.add_column(no_wrap=True, overflow="ellipsis", max_width=22, style="dim")
    grid.add_column(ratio=3, no_wrap=True, overflow="ellipsis")
    grid.add_column(ratio=2, no_wrap=True, overflow="ellipsis", style="dim")
    if wide:
        grid.add_column(width=_BAR_COLUMNS, no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    for each in running:
        what = Text(_line(each.what) or "starting")
        took = Text(clock(max(0.0, now_s - each.since_s)))
        name = Text(_line(each.stage))
        if wide:
            share = each.share or 0.0
            bar = ProgressBar(total=1.0, completed=share, width=_BAR_COLUMNS)
            grid.add_row(Text(_line(each.worker)), name, what, bar, took)
        else:
            grid.add_row(name, what, took)
    return grid


def _line(text: str) -> str:
    """Return a text as one line without control characters."""
    return printable(text).replace("\n", "\\n")
