"""Kills batches at random moments; run as a program by test_crashes.py.

Imports once and forks for every batch, so that twenty of them take no longer than their work.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.batch.conftest import Studio


def forked(work: Callable[[], object], kill_after_s: float | None) -> bool:
    """Run something in a process of its own; return whether it came to its end."""
    child = os.fork()
    if child == 0:
        status = 70
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert status in {0, signal.SIGKILL}, status
    return status == 0


def killed_at(step: int) -> None:
    """Let this process be killed just before its ``step``-th change of a file system."""
    left = [step]

    def hook(event: str, _arguments: tuple[object, ...]) -> None:
        if event in {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def killed_run(studio: Studio, step: int) -> None:
    killed_at(step)
    studio.run()


def main() -> None:
    studio = Studio(Path(sys.argv[1]))
    chance = random.Random(20)
    studio.run()  # everything is imported now; the first night is undisturbed
    ended = 0
    for number in range(int(sys.argv[2])):
        studio.stem("Alpha", "high", seed=number)  # something to do, each night
        studio.target("loud", -12.0 - number / 10)
        if number % 2:
            ended += forked(studio.run, chance.uniform(0.0, 0.25))
        else:
            step = chance.randrange(1, 45)
            ended += forked(partial(killed_run, studio, step), None)
    sys.stdout.write(f"{ended}\n")


if __name__ == "__main__":
    main()
