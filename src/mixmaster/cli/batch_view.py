"""What people and programs see of a batch while it runs.

On a terminal one view that is drawn again four times a second, whatever happens meanwhile; in a
pipe, and on a terminal that cannot move its cursor, a line for each stage; with ``--json`` the
events themselves, one object a line. Taking an event never waits for the terminal.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, Self

from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from mixmaster.batch.board import Board
    from mixmaster.batch.events import Event, Failed

_SECONDS_BETWEEN: Final = 0.25
_FAILURES_AT_ONCE: Final = 20
"""So many failures are named each time the view is drawn: the summary has them all."""


class View(Protocol):
    """What is told every event."""

    def take(self, event: Event) -> None:
        """Take an event."""


@contextmanager
def open_log(path: Path | None) -> Iterator[IO[str] | None]:
    """Open the file that events are appended to; None for none.

    Raises:
        UsageError: When it cannot be written.
    """
    from mixmaster.audio.names import shown

    if path is None:
        yield None
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        reason = f"{shown(path)} cannot be written: {error.strerror}"
        raise UsageError("--log", reason) from error
    with file:
        yield file


@contextmanager
def open_view(
    *, log: IO[str] | None, as_json: bool, memory_bytes: int | None = None
) -> Iterator[View]:
    """Show a batch for as long as this is open.

    Args:
        log: Where every event but progress is appended; None for nowhere.
        as_json: Whether events are printed as JSON on stdout, and nothing else.
        memory_bytes: What the batch may use of this machine's memory, to be shown beside what it
            uses; None where it works elsewhere.
    """
    from mixmaster.cli.streams import is_terminal

    view: JsonLines | Lines | Live
    if as_json:
        view = JsonLines()
    elif is_terminal(sys.stderr) and os.environ.get("TERM", "dumb") != "dumb":
        view = Live(memory_bytes)
    else:
        view = Lines()
    shown = view if log is None else _Logged(log, view)
    if isinstance(view, Live):
        with view:
            yield shown
    else:
        yield shown


class _Logged:
    """Appends events to a file on their way to a view."""

    def __init__(self, file: IO[str], view: View) -> None:
        self._file = file
        self._view = view

    def take(self, event: Event) -> None:
        from mixmaster.batch.events import Progress
        from mixmaster.results import to_json_text

        if not isinstance(event, Progress):
            self._file.write(to_json_text(event.to_json(), indent=None))
            self._file.flush()
        self._view.take(event)


class JsonLines:
    """Every event as a line of JSON on stdout; what comes behind them, an error say, likewise."""

    def __init__(self) -> None:
        from mixmaster.cli.output import speak_in_lines

        speak_in_lines(lines=True)

    def take(self, event: Event) -> None:
        """Print an event."""
        from mixmaster.cli.output import show_json

        show_json(event)


class Lines:
    """A line on stderr for each stage that is over; no control codes."""

    def __init__(self) -> None:
        from mixmaster.batch.board import Board

        self._board = Board()
        self._said: set[tuple[str, str]] = set()

    def take(self, event: Event) -> None:
        """Say what has happened, if it is worth a line."""
        from mixmaster.batch.events import Failed, Finished
        from mixmaster.cli.output import echo, printable
        from mixmaster.cli.saying import clock

        self._board.take(event)
        if isinstance(event, Finished):
            board = self._board
            took = clock(float(event.cost.get("wall_s", 0.0)))
            left = "" if not board.stages - board.stages_over else _left(board)
            text = f"[{board.stages_over}/{board.stages}] {event.stage}: {took}{left}"
            echo(printable(text).replace("\n", "\\n"), err=True)
        elif not isinstance(event, Failed) or self._is_new(event):
            _say(event)

    def _is_new(self, event: Failed) -> bool:
        """Tell whether something was not said of this song: targets often fail for one reason."""
        text = event.reason.partition(": ")[2] if event.output else event.reason
        before = len(self._said)
        self._said.add((event.song, text))
        return len(self._said) > before


class Live:
    """The view on a terminal: drawn by a thread of its own, from what the board holds then.

    Args:
        memory_bytes: What the batch may use here; None, and nothing is said of it.
    """

    def __init__(self, memory_bytes: int | None = None) -> None:
        from mixmaster.batch.board import Board

        self._board = Board()
        self._memory_bytes = memory_bytes
        self._used_bytes: int | None = None
        self._waiting: list[Event] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_drawing, daemon=True)

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.live import Live as Area

        self._console = Console(stderr=True, highlight=False, emoji=False, markup=False)
        self._area = Area(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            vertical_overflow="crop",
        )
        self._area.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        from mixmaster.cli.streams import forgiving

        self._ended.set()
        self._thread.join()
        with forgiving(sys.stderr):
            self._say_failures(everything=True)
            self._area.stop()

    def take(self, event: Event) -> None:
        """Take an event; it is seen the next time the view is drawn."""
        from mixmaster.batch.events import Failed, Retried

        with self._lock:
            self._board.take(event)
            if isinstance(event, Failed | Retried):
                self._waiting.append(event)

    def _keep_drawing(self) -> None:
        while not self._ended.wait(_SECONDS_BETWEEN):
            try:
                if self._memory_bytes is not None:
                    self._used_bytes = used_memory_bytes()
                self._say_failures()
                self._area.update(self._drawn(), refresh=True)
            except OSError:  # the terminal has gone
                return

    def _say_failures(self, *, everything: bool = False) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        shown = waiting if everything else waiting[:_FAILURES_AT_ONCE]
        for event in shown:
            _say(event)
        if len(waiting) > len(shown):
            with self._lock:
                self._waiting[:0] = waiting[len(shown) :]

    def _drawn(self) -> Any:
        from mixmaster.cli.batch_drawing import drawn

        width, height = self._console.size
        with self._lock:
            return drawn(
                self._board,
                now_s=time.time(),
                width=width,
                height=height,
                used_bytes=self._used_bytes,
                memory_bytes=self._memory_bytes,
            )


def _say(event: Event) -> None:
    """Say what went wrong, on stderr."""
    from mixmaster.batch import events
    from mixmaster.cli.output import failure, note

    if isinstance(event, events.Failed):
        failure(f"{event.output or event.stage}: {event.reason}", "failed")
    elif isinstance(event, events.Retried):
        note(f"{event.stage}: {event.reason}; it begins again")


def _left(board: Board) -> str:
    from mixmaster.cli.saying import clock

    left_s = board.left_s(time.time())
    failed = f"; {len(board.failures)} failed" if board.failures else ""
    return failed if left_s is None else f"; about {clock(left_s)} left{failed}"


def used_memory_bytes() -> int | None:
    """Return the resident memory of this process and those that it has started; None if unknown.

    proc_pid_stat(5) and its neighbours: where there is no such folder, nothing is said. What
    processes share is counted for each.
    """
    try:
        found = _resident_bytes("self")
        for thread in os.listdir("/proc/self/task"):  # noqa: PTH208 - names are enough
            children = Path(f"/proc/self/task/{thread}/children").read_text(encoding="ascii")
            found += sum(_resident_bytes(child) for child in children.split())
    except (OSError, ValueError, AttributeError):
        return None
    return found


def _resident_bytes(process: str) -> int:
    try:
        pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    except FileNotFoundError:  # it has just ended
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
