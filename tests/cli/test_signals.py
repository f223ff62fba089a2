"""Ctrl-C, SIGTERM and a closed terminal at every stage: the right status, and nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if sys.platform == "win32":
    pytest.skip("signals of POSIX", allow_module_level=True)

RATE = 48_000

# The process signals itself at a known place: the n-th call of something that a stage does.
HEEDED = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
"""Under nohup the tests would inherit a hangup that is ignored."""

PLAN = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
def strike(module, name, calls={calls}, number={number}, times={times}):
    import importlib, time
    owner = importlib.import_module(module)
    *path, name = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    original, seen = getattr(owner, name), [0]
    def wrapped(*arguments, **settings):
        seen[0] += 1
        if seen[0] == calls:
            for _ in range(times):
                os.kill(os.getpid(), number)
                time.sleep(0.02)
        return original(*arguments, **settings)
    setattr(owner, name, wrapped)
strike({module!r}, {name!r})
"""

STAGES = {
    "reading headers": ("mixmaster.mixing.plan", "probe"),
    "staging": ("mixmaster.mixing.measuring", "BlockPowers.update"),
    "hashing": ("mixmaster.engine.hashing", "hashlib.sha256"),
    "mixing": ("mixmaster.audio.sink", "AudioSink.write"),
    "a worker": ("mixmaster.engine.nodes", "NodeRun.process"),
    "measuring": ("mixmaster.metering.programme", "ProgrammeMeter.update"),
    "publishing": ("mixmaster.engine.publish", "_sync"),
}


@pytest.fixture
def stems(stem: Any) -> Path:
    random = np.random.default_rng(1)
    for name in ("Kick", "Lead Vox"):
        stem(f"{name}.wav", 0.05 * random.standard_normal(6 * RATE))
    return Path(stem("Bass DI.wav", 0.05 * random.standard_normal(6 * RATE)).parent)


def left_in(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*")]


@pytest.mark.parametrize(
    "case",
    [
        ("reading headers", signal.SIGINT, 1),
        ("staging", signal.SIGINT, 1),
        ("staging", signal.SIGTERM, 2),
        ("hashing", signal.SIGTERM, 1),
        ("mixing", signal.SIGINT, 3),
        ("mixing", signal.SIGHUP, 1),
        ("a worker", signal.SIGTERM, 1),
        ("measuring", signal.SIGINT, 1),
        ("publishing", signal.SIGTERM, 1),
    ],
    ids=lambda case: f"{case[0]}, {case[2]} x {case[1].name}",
)
def test_an_interrupted_mix_leaves_nothing(
    case: tuple[str, signal.Signals, int], stems: Path, tmp_path: Path, spawn: Any
) -> None:
    stage, number, times = case
    module, name = STAGES[stage]
    plan = PLAN.format(calls=2, number=int(number), times=times, module=module, name=name)
    temporary, out = tmp_path / "tmp", tmp_path / "out"
    temporary.mkdir()
    done = spawn(
        *("mix", stems, "-p", "rock-band", "-o", out / "deep" / "mix.wav", "--json"),
        before=HEEDED + plan,
        environment={**os.environ, "TMPDIR": str(temporary)},
    )
    assert done.returncode == 128 + number, done.stderr
    assert b"Traceback" not in done.stderr
    assert b'"exit_status": %d' % (128 + number) in done.stdout
    assert left_in(temporary) == []
    assert not out.exists()


def test_an_interrupted_render_leaves_nothing(stems: Path, tmp_path: Path, spawn: Any) -> None:
    # At the commit, premaster and spool lie in the temporary folder, the master beside its target.
    plan = PLAN.format(
        calls=1,
        number=int(signal.SIGTERM),
        times=1,
        module="mixmaster.engine.publish",
        name="Publication.commit",
    )
    temporary, out = tmp_path / "tmp", tmp_path / "out"
    temporary.mkdir()
    done = spawn(
        *("render", stems, "-p", "rock-band", "-m", "transparent", "-t", "spotify", "-o", out),
        before=plan,
        environment={**os.environ, "TMPDIR": str(temporary)},
    )
    assert done.returncode == 128 + signal.SIGTERM, done.stderr
    assert left_in(temporary) == []
    assert not out.exists()


def test_measuring_stops_at_the_signal_and_not_at_the_next_file(stems: Path, spawn: Any) -> None:
    module, name = STAGES["measuring"]
    plan = PLAN.format(calls=1, number=int(signal.SIGTERM), times=1, module=module, name=name)
    done = spawn("measure", stems, before=plan)
    assert done.returncode == 128 + signal.SIGTERM
    assert done.stdout == b""
    assert done.stderr.count(b"interrupted") == 1


def test_a_signal_from_outside_while_all_threads_work(stems: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    slow = (
        "import signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from mixmaster.audio.sink import AudioSink\n"
        "write = AudioSink.write\n"
        "AudioSink.write = lambda self, block: (time.sleep(0.2), write(self, block))\n"
        "from mixmaster.cli import main\nmain()"
    )
    words = ["mix", str(stems), "-p", "rock-band", "-o", str(out / "mix.wav"), "--threads", "4"]
    with subprocess.Popen(
        [sys.executable, "-c", slow, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            deadline = time.monotonic() + 30.0
            while not any(path.stat().st_size for path in out.glob(".*.part*")):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.01)
            for _ in range(3):  # an impatient user
                process.send_signal(signal.SIGINT)
                time.sleep(0.02)
            process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 128 + signal.SIGINT
    assert not out.exists()


def test_an_ignored_hangup_stays_ignored(stems: Path, tmp_path: Path, spawn: Any) -> None:
    # nohup ignores it before the program starts.
    module, name = STAGES["mixing"]
    plan = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + PLAN.format(
        calls=1, number=int(signal.SIGHUP), times=1, module=module, name=name
    )
    done = spawn("mix", stems, "-p", "rock-band", "-o", tmp_path / "mix.wav", before=plan)
    assert done.returncode == 0
    assert (tmp_path / "mix.wav.json").exists()


def test_handlers_are_given_back(mixmaster: Any) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    mixmaster("presets", "list")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
