"""What people see: tables, notes, progress. Results go to stdout, the rest to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Progress = Callable[[str, float], None]
"""Called with what is being done and how far it is, 0 to 1."""

NONE = "–"


def console(*, stderr: bool = False) -> Console:
    """Return a console; in a pipe lines are as long as they need to be and have no colours."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not made.is_terminal:
        made = Console(stderr=stderr, highlight=False, width=max(made.width, 200))
    return made


def figure(value: float | None, digits: int = 1, *, sign: bool = False) -> str:
    """Return a figure as text; what does not exist is a dash, and there is no ``-0.0``."""
    if value is None:
        return NONE
    rounded = round(value, digits) + 0.0
    return f"{rounded:+.{digits}f}" if sign else f"{rounded:.{digits}f}"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table; a column whose name starts with ``>`` is aligned to the right."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        right = column.startswith(">")
        made.add_column(
            column.removeprefix(">"),
            justify="right" if right else "left",
            no_wrap=right,
            overflow="fold",
        )
    for row in rows:
        made.add_row(*(escape(_printable(cell)) for cell in row))
    return made


def note(text: str) -> None:
    """Say something on stderr that is worth knowing but no error."""
    click.echo(f"{click.style('note', fg='yellow')}: {_printable(text)}", err=True)


def warning(text: str) -> None:
    """Warn on stderr."""
    click.echo(f"{click.style('warning', fg='yellow', bold=True)}: {_printable(text)}", err=True)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Progress]:
    """Show a progress bar on stderr while something long runs; nothing when it is a pipe."""
    if quiet or not sys.stderr.isatty():
        yield lambda _what, _share: None
        return
    from rich.markup import escape
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console(stderr=True),
        transient=True,
    ) as bar:
        task: Any = None
        doing = ""

        def report(what: str, share: float) -> None:
            nonlocal task, doing
            if task is None or what != doing:
                if task is not None:
                    bar.remove_task(task)
                task, doing = bar.add_task(escape(what), total=1.0), what
            bar.update(task, completed=share)

        yield report
