"""stdout and stderr as they may be: closed, full, cut off, narrow, without colours."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

MAIN = "from mixmaster.cli import main\nmain()"


def in_terminal(*words: str | Path, columns: int = 80, **environment: str) -> tuple[int, str]:
    """Run the command line with stdout and stderr on a terminal; return status and output."""
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    variables = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**variables, "TERM": "xterm", **environment},
    )
    os.close(theirs)
    data = b""
    deadline = time.monotonic() + 30.0
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                chunk = os.read(ours, 65_536)
            except OSError:  # the other side has been closed
                break
            if not chunk:
                break
            data += chunk
    status = process.wait(timeout=30)
    os.close(ours)
    return status, data.decode().replace("\r\n", "\n")


class TestTerminal:
    def test_colours_and_progress_are_for_terminals(self, stem: Any, out: Path) -> None:
        status, text = in_terminal("mix", stem(), "-p", "flat", "-o", out / "mix.wav")
        assert status == 0
        assert "\x1b[1mMeter bridge" in text
        assert "mixing" in text  # the progress bar

    def test_no_color_forbids_them(self, stem: Any) -> None:
        status, text = in_terminal("measure", stem(), "nothing.wav", NO_COLOR="1")
        assert status == 1
        assert "\x1b[1m" not in text
        assert "\x1b[31m" not in text

    @pytest.mark.parametrize("columns", [40, 80, 120])
    def test_tables_fit(self, columns: int, stem: Any) -> None:
        path = stem("A rather long name of a stem, take 3.wav")
        status, text = in_terminal(
            "mix", path, "-p", "flat", "--dry-run", columns=columns, NO_COLOR="1"
        )
        assert status == 0
        lines = text.splitlines()
        assert all(len(line) <= max(columns, 60) for line in lines)
        assert "A rather long name of a stem, take 3" in " ".join(
            " ".join(line.split("  ")[1] if line.startswith("  ") else line for line in lines)
            .replace("strip.stem/ ", "strip.stem/")
            .split()
        )

    def test_a_dumb_terminal_gets_no_bars(self, stem: Any, out: Path) -> None:
        status, text = in_terminal("mix", stem(), "-p", "flat", "-o", out / "m.wav", TERM="dumb")
        assert status == 0
        assert "━" not in text


class TestPipes:
    def test_json_is_all_there_is_on_stdout(self, stem: Any, out: Path, spawn: Any) -> None:
        done = spawn("mix", stem(), "-p", "flat", "-o", out / "mix.wav", "--json")
        assert json.loads(done.stdout)["schema"] == "mixmaster/mix/1"
        assert b"\x1b" not in done.stdout + done.stderr
        assert b"mixing" not in done.stderr

    def test_columns_is_heeded_in_a_pipe(self, stem: Any, spawn: Any) -> None:
        environment = {**os.environ, "COLUMNS": "60"}
        done = spawn("mix", stem(), "-p", "flat", "--dry-run", environment=environment)
        assert max(map(len, done.stdout.decode().splitlines())) <= 60

    @pytest.mark.parametrize("arguments", [["presets", "list"], ["presets", "schema", "mix"]])
    def test_a_reader_that_has_gone_is_no_error(self, arguments: list[str], spawn: Any) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        done = spawn(*arguments, stdout=writing)
        os.close(writing)
        assert done.returncode == 141
        assert done.stderr == b""

    def test_a_reader_that_has_gone_does_not_undo_the_mix(
        self, stem: Any, out: Path, spawn: Any
    ) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        done = spawn("mix", stem(), "-p", "flat", "-o", out / "mix.wav", stdout=writing)
        os.close(writing)
        assert done.returncode == 141
        assert sorted(path.name for path in out.iterdir()) == ["mix.wav", "mix.wav.json"]

    @pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", ">&- 2>&- <&-"])
    def test_closed_streams_do_not_end_up_in_the_audio(
        self, closed: str, stem: Any, out: Path
    ) -> None:
        path = stem()
        reference, other = out / "a.wav", out / "b.wav"
        for target, redirection in ((reference, ""), (other, closed)):
            subprocess.run(
                [
                    "/bin/sh",
                    "-c",
                    f'exec "$0" -c "$1" mix "$2" -p flat -o "$3" {redirection}',
                    sys.executable,
                    MAIN,
                    path,
                    target,
                ],
                check=True,
                capture_output=True,
                timeout=60,
            )
        assert reference.read_bytes() == other.read_bytes()

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
    @pytest.mark.parametrize("flags", [[], ["--json"]])
    def test_a_full_stdout_is_an_error(self, flags: list[str], stem: Any, spawn: Any) -> None:
        with open("/dev/full", "w") as full:  # noqa: PTH123
            done = spawn("measure", stem(), *flags, stdout=full)
        assert done.returncode == 2
        assert b"No space left on device" in done.stderr
        assert b"Traceback" not in done.stderr

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
    def test_a_full_stderr_is_none(self, stem: Any, spawn: Any) -> None:
        with open("/dev/full", "w") as full:  # noqa: PTH123
            done = spawn("measure", stem(), stderr=full)
        assert done.returncode == 0
        assert b"LUFS" in done.stdout
