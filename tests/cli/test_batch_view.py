"""What people and programs see of a running batch: a view, lines, or JSON and nothing else."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mixmaster.batch.board import Board
from mixmaster.batch.events import Done, Event, Failed, Finished, Planned, Progress, Started
from mixmaster.cli.batch_drawing import drawn
from mixmaster.cli.batch_view import open_log, open_view, used_memory_bytes
from mixmaster.errors import UsageError

HOSTILE = "[bold red]x[/] \x1b[2J\x1b]0;title\x07\r\n\u202egnp.exe " + "long " * 60
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def happenings(song: str = "Night Drive", workers: int = 2) -> list[Event]:
    """Return the events of a batch in the middle of things."""
    now_s = time.time()
    stages = [
        {"id": f"mix/{song} {n}", "kind": "mix", "song": f"{song} {n}", "cpu_s": 10.0, "needs": []}
        for n in range(workers + 1)
    ]
    plan = Planned(
        at_s=now_s - 100.0,
        output="out",
        songs=workers + 5,
        outputs=40,
        current=3,
        stages=tuple(stages),
        cpu_s=10.0 * len(stages),
        wall_s=200.0,
        disk_bytes=0,
        workers=workers,
    )
    found: list[Event] = [plan]
    for n in range(workers):
        stage: dict[str, Any] = {"stage": stages[n]["id"], "kind": "mix", "song": f"{song} {n}"}
        found.append(Started(at_s=now_s - 7.0, **stage, worker=f"local-{n}"))
        found.append(Progress(**stage, what="measuring the stems", share=0.5))
    last: dict[str, Any] = {"stage": stages[-1]["id"], "kind": "mix", "song": f"{song} {workers}"}
    cost = {"wall_s": 3.2, "peak_rss_bytes": 812_000_000, "audio_s": 0.0}
    found.append(Finished(**last, key="k", files=({"target": ""},), cost=cost))
    found.append(Failed(**last, error="AudioFileError", reason=f"{song}: no audio"))
    return found


def picture(events: list[Event], width: int = 80, height: int = 24, **settings: Any) -> list[str]:
    board = Board()
    for event in events:
        board.take(event)
    text = io.StringIO()
    console = Console(
        file=text, width=width, height=height, force_terminal=True, color_system=None, **settings
    )
    shown = drawn(board, now_s=time.time(), width=width, height=height, used_bytes=3 << 30)
    console.print(shown)
    return re.sub(r"\x1b\[[0-9;]*m", "", text.getvalue()).splitlines()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_view_fits_and_tells_what_is_asked_of_it(width: int) -> None:
    lines = picture(happenings(), width)
    assert max(len(line) for line in lines) <= width
    text = "\n".join(lines)
    # Of seven songs three had something to do; of those one is over.
    assert lines[0].startswith("5 of 7 songs")
    assert "1 failed" in text
    assert re.search(r"left +about ", text)
    assert re.search(r"rate +\d+ songs an hour", text)
    assert re.search(r"memory +3\.2 GB", text)
    assert "mixes 1/3" in text
    if width >= 80:
        assert re.search(r"local-0 +mix/Night Drive 0 +measuring", text)


def test_hostile_names_are_one_line_of_plain_text() -> None:
    lines = picture(happenings(HOSTILE))
    assert len(lines) == len(picture(happenings()))
    for line in lines:
        assert len(line) <= 80
        assert not CONTROL.search(line)
        assert "\u202e" not in line
    assert any("[bold red]x[/]" in line for line in lines)


def test_many_workers_do_not_push_the_figures_out() -> None:
    lines = picture(happenings(workers=64), height=24)
    assert len(lines) <= 24
    assert "of 69 songs" in lines[0]
    assert re.fullmatch(r"\.\.\. and \d+ more", lines[-1].strip())


@contextmanager
def terminal(
    monkeypatch: pytest.MonkeyPatch, name: str = "xterm-256color", size: tuple[int, int] = (80, 24)
) -> Iterator[Any]:
    """Make stderr a pseudo terminal; gives a function that ends it and returns what it was told."""
    pty = pytest.importorskip("pty", reason="there are no pseudo terminals here")
    monkeypatch.setenv("TERM", name)
    monkeypatch.setenv("COLUMNS", str(size[0]))
    monkeypatch.setenv("LINES", str(size[1]))
    reading, writing = pty.openpty()
    os.set_blocking(reading, False)
    heard = bytearray()

    def listen() -> str:
        while True:
            try:
                part = os.read(reading, 1 << 16)
            except (BlockingIOError, OSError):
                break
            heard.extend(part)
        return heard.decode()

    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        yield listen
        monkeypatch.undo()
    os.close(reading)


def test_on_a_terminal_failures_stay_and_the_cursor_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with terminal(monkeypatch) as listen:
        with open_view(log=None, as_json=False, memory_bytes=8 << 30) as view:
            for event in happenings(HOSTILE):
                view.take(event)
            text = ""
            for _ in range(200):
                text = listen()
                if "songs an hour" in text:
                    break
                time.sleep(0.02)
        text = listen()
    assert "songs an hour" in text
    assert "failed" in text
    assert "\x1b[2J" not in text
    assert "\x1b]0;" not in text
    assert text.rfind("\x1b[?25h") > text.rfind("\x1b[?25l") >= 0


def test_the_view_is_drawn_as_rarely_with_many_events_as_with_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage: dict[str, Any] = {"stage": "mix/Night Drive 0", "kind": "mix", "song": "Night Drive 0"}
    with terminal(monkeypatch) as listen:
        with open_view(log=None, as_json=False) as view:
            view.take(happenings()[0])
            began_s = time.monotonic()
            for number in range(20_000):
                view.take(Progress(**stage, what="mixing", share=number / 20_000))
            took_s = time.monotonic() - began_s
        drawings = listen().count("songs an hour")
    assert drawings <= took_s / 0.25 + 2


def test_no_color_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with terminal(monkeypatch) as listen:
        with open_view(log=None, as_json=False) as view:
            for event in happenings():
                view.take(event)
            time.sleep(0.6)
        text = listen()
    colours = {
        int(code)
        for codes in re.findall(r"\x1b\[([0-9;]+)m", text)
        for code in codes.split(";")
        if code
    }
    assert not colours & {*range(30, 39), *range(40, 49), *range(90, 108)}


@pytest.mark.parametrize("name", ["dumb", "pipe"])
def test_where_no_cursor_moves_there_are_plain_lines(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "dumb":
        with terminal(monkeypatch, "dumb") as listen:
            with open_view(log=None, as_json=False) as view:
                for event in happenings(HOSTILE):
                    view.take(event)
            text = listen().replace("\r\n", "\n")
        assert "\x1b[?25l" not in text
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    else:
        with open_view(log=None, as_json=False) as view:
            for event in happenings(HOSTILE):
                view.take(event)
        captured = capsys.readouterr()
        assert captured.out == ""
        text = captured.err
    assert not CONTROL.search(text)
    assert re.match(r"\[1/3\] mix/\[bold red\]x\[/\] .*: 3\.2 s; about [^;]+ left", text)
    assert "failed: " in text


def test_json_is_all_there_is_on_stdout_and_the_log_leaves_progress_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = happenings(HOSTILE + "\udcff")
    path = tmp_path / "logs" / "night.jsonl"
    for _ in range(2):  # a log grows
        with open_log(path) as log, open_view(log=log, as_json=True) as view:
            for event in events:
                view.take(event)
    captured = capsys.readouterr()
    assert captured.err == ""
    said = [json.loads(line) for line in captured.out.splitlines()]
    assert [each["event"] for each in said] == 2 * [type(each).__name__.lower() for each in events]
    logged = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [each["event"] for each in logged] == [
        each["event"] for each in said if each["event"] != "progress"
    ]


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="--log"), open_log(tmp_path / "file" / "log.jsonl"):
        pass


def test_memory_counts_the_processes_that_were_started() -> None:
    if not Path("/proc/self/task").is_dir():
        assert used_memory_bytes() is None
        return
    alone = used_memory_bytes()
    import subprocess

    # 64 MB that are written to, so that they are really there.
    program = "x = bytearray(b'x') * (64 << 20); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        together = used_memory_bytes()
        child.communicate(b"\n")
    if alone is None or together is None:
        pytest.skip("this kernel does not tell a process's children")
    assert together - alone > 60 << 20


def test_the_end_stops_the_clock() -> None:
    done = Done(made=1, current=0, failed=1, quarantined=0, wall_s=1.0, cpu_s=1.0)
    board = Board()
    for event in [*happenings(), done]:
        board.take(event)
    assert board.elapsed_s(done.at_s + 999.0) == pytest.approx(100.0, abs=5.0)
