from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

RATE = 48_000


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as strict JSON: no NaN, no Infinity."""

        def refuse(word: str) -> Any:
            raise AssertionError(f"{word} is no JSON")

        return json.loads(self.out, parse_constant=refuse)

    def left_no_traceback(self) -> bool:
        return "Traceback" not in self.err + self.out and "bug in mixmaster" not in self.err


Run = Callable[..., Outcome]
Stem = Callable[..., Path]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's terminal and presets out of the tests."""
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "MIXMASTER_DEBUG", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Let nothing at or under a path be opened: as its mode would, were the tests not root's."""
    real = os.open

    def call(forbidden: Path) -> None:
        def opened(path: Any, *arguments: Any, **settings: Any) -> int:
            named = Path(path) if isinstance(path, str | Path) else None
            if named and named.is_relative_to(forbidden) and not named.is_dir():
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return real(path, *arguments, **settings)

        monkeypatch.setattr(os, "open", opened)

    return call


@pytest.fixture
def mixmaster(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process."""
    from mixmaster.cli.app import run

    def call(*arguments: str | Path) -> Outcome:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        outcome = Outcome(status, captured.out, captured.err)
        assert outcome.left_no_traceback(), outcome.err
        return outcome

    return call


@pytest.fixture
def spawn() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the command line as a process of its own; ``before`` is Python that runs first."""

    def call(
        *arguments: str | Path,
        before: str = "",
        environment: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> subprocess.CompletedProcess[bytes]:
        words: Sequence[str | Path] = [
            sys.executable,
            "-c",
            f"{before}\nfrom mixmaster.cli import main\nmain()",
            *arguments,
        ]
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
        return subprocess.run(words, env=environment, check=False, timeout=60, **settings)

    return call


@pytest.fixture
def stem(tmp_path: Path) -> Stem:
    """Write a stem: half a second of a quiet tone, or what is given."""

    def write(
        name: str = "a.wav",
        samples: Any = None,
        rate: int = RATE,
        subtype: str | None = None,
        folder: Path | None = None,
    ) -> Path:
        path = (folder or tmp_path / "stems") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if samples is None:
            samples = 0.1 * np.sin(2.0 * np.pi * 220.0 * np.arange(rate // 2) / rate)
        sf.write(str(path), samples, rate, subtype or ("FLOAT" if path.suffix == ".wav" else None))
        return path

    return write


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder that does not exist yet: where outputs go."""
    return tmp_path / "out"
