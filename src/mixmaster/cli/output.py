"""What people and machines are told: results on stdout, the rest on stderr."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from mixmaster.cli.streams import forgiving, is_terminal, use_color, width_of
from mixmaster.cli.tables import Table, layout

Progress = Callable[[str, float], None]
"""Called with what is being done and how far it is, 0 to 1."""

NONE = "–"


def figure(value: float | None, digits: int = 1, *, sign: bool = False) -> str:
    """Return a figure as text; what does not exist is a dash, and there is no ``-0.0``."""
    if value is None:
        return NONE
    rounded = round(value, digits) + 0.0
    return f"{rounded:+.{digits}f}" if sign else f"{rounded:.{digits}f}"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table of printable text; a heading that starts with ``>`` is a figure's."""
    cells = tuple(tuple(printable(cell).replace("\n", "\\n") for cell in row) for row in rows)
    return Table(printable(title), tuple(columns), cells)


def echo(text: str | bytes = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text, without colours where it is no terminal, or ``NO_COLOR`` forbids them.

    The stream is named because click would write UTF-8 to one that says it is ASCII.
    """
    click.echo(text, file=sys.stderr if err else sys.stdout, nl=nl, color=use_color())


def show(*tables: Table) -> None:
    """Print tables on stdout, each followed by an empty line."""
    for each in tables:
        if each.title:
            echo(click.style(each.title, bold=True))
        for line in layout(each, width_of(sys.stdout)):
            echo(line)
        echo()


_lines = False


def speak_in_lines(*, lines: bool) -> None:
    """Have all JSON from now on be one line for each value, errors included: it is a stream."""
    global _lines  # noqa: PLW0603 - stdout is one, too
    _lines = lines


def show_json(value: Any) -> None:
    """Print a value as JSON on stdout: UTF-8 whatever the locale, as RFC 8259 (8.1) demands."""
    from mixmaster.results import to_json_text

    # What is not UTF-8 in a file's name becomes the JSON escape that reads back as it was.
    text = to_json_text(value, indent=None if _lines else 2)
    echo(text.encode("utf-8", "backslashreplace"), nl=False)


def show_path(path: Path) -> None:
    """Print where something is, absolutely, alone on its line."""
    from mixmaster.audio.names import shown

    echo(shown(path.absolute()))


def note(text: str) -> None:
    """Say something on stderr that is worth knowing but no error."""
    _say("note", text, fg="yellow")


def warning(text: str) -> None:
    """Warn on stderr."""
    _say("warning", text, fg="yellow", bold=True)


def failure(text: str, label: str = "error") -> None:
    """Say on stderr what went wrong."""
    _say(label, text, fg="red", bold=True)


def _say(label: str, text: str, **style: Any) -> None:
    """Print a labelled text; on a terminal its lines are broken between words."""
    lines = printable(f"{label}: {text}").splitlines()
    width = width_of(sys.stderr)
    if width is not None:
        wrapped = [
            textwrap.wrap(
                line,
                max(20, width - 1),
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            for line in lines
        ]
        lines = [line for part in wrapped for line in part]
    head = lines[0].removeprefix(label)
    lines[0] = click.style(label, **style) + head
    with forgiving(sys.stderr):
        echo("\n".join(lines), err=True)


def printable(text: str) -> str:
    """Return the text with control characters escaped; new lines of our own lists stay."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


@contextmanager
def progress() -> Iterator[Progress]:
    """Show a progress bar on stderr while something long runs; nothing when it is a pipe."""
    if not is_terminal(sys.stderr):
        yield lambda _what, _share: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False),
        transient=True,
    ) as bar:
        task: Any = None
        doing = ""

        def report(what: str, share: float) -> None:
            nonlocal task, doing
            if task is None or what != doing:
                if task is not None:
                    bar.remove_task(task)
                task, doing = bar.add_task(escape(printable(what)), total=1.0), what
            bar.update(task, completed=share)

        yield report
