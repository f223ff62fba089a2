"""The exception tree. Every error that reaches a user is one of these.

    MixmasterError              exit 2
    ├── UsageError              wrong arguments, or arguments that contradict each other
    ├── DocumentError           a preset, target or session: names the document and every wrong key
    ├── AudioFileError          an input file that cannot be used: names the file
    ├── SignalError             NaN or infinity in a signal: names the stage and the time
    ├── PluginError             a plugin that cannot be loaded, hangs or crashes
    ├── OutputError             an output that cannot be written, or must not be overwritten
    ├── StorageError            a store or shared folder that fails; knows if it may pass
    ├── RefusedError            exit 1: the job is possible only by breaking a promise; has figures
    └── InterruptedByUserError  exit 130 (Ctrl-C) or 143 (SIGTERM)

An error says what is wrong (``reason``), where (``where``), and what would be right (``hint``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class MixmasterError(Exception):
    """The base of all errors meant for users.

    Args:
        where: The file, the document and key path, or the id that is at fault.
        reason: What is wrong, in one sentence.
        hint: What would be right; empty when nothing useful can be said.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, where: str, reason: str, hint: str = "") -> None:
        super().__init__(where, reason, hint)
        self.where = where
        self.reason = reason
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.reason}" if self.where else self.reason
        return f"{text} ({self.hint})" if self.hint else text

    def to_json(self) -> dict[str, object]:
        """Return the error as data: type, where, reason, hint."""
        return {
            "error": type(self).__name__,
            "where": self.where,
            "reason": self.reason,
            "hint": self.hint,
        }


class UsageError(MixmasterError):
    """Arguments that are wrong or contradict each other."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong key of a document.

    Attributes:
        key: The path of the key, such as ``strip.kick.insert.compressor.ratio``.
        reason: What is wrong.
        hint: What would be right, such as the nearest known key.
    """

    key: str
    reason: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.key}: {self.reason}" if self.key else self.reason
        return f"{text} ({self.hint})" if self.hint else text


class DocumentError(MixmasterError):
    """A document that cannot be used; carries every problem found, not just the first."""

    def __init__(self, where: str, problems: tuple[Problem, ...]) -> None:
        once = tuple(dict.fromkeys(problems))  # what two tracks inherit is one mistake
        super().__init__(where, "; ".join(str(problem) for problem in once))
        self.problems = once

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return f"{self.where}: {self.problems[0]}"
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        return f"{self.where}: {len(self.problems)} problems{lines}"

    def to_json(self) -> dict[str, object]:
        """Return the error as data, one entry a problem."""
        problems = [{"key": p.key, "reason": p.reason, "hint": p.hint} for p in self.problems]
        return {"error": "DocumentError", "where": self.where, "problems": problems}


class AudioFileError(MixmasterError):
    """An audio file that cannot be used."""


class SignalError(MixmasterError):
    """A signal that is not a number, or infinite.

    Args:
        where: The stage: a file, a strip, an insert's id.
        reason: What was found.
        time_s: When, in seconds from the session's zero.
    """

    def __init__(self, where: str, reason: str, time_s: float, hint: str = "") -> None:
        super().__init__(where, f"{reason} at {time_s:.3f} s", hint)
        self.time_s = time_s


class PluginError(MixmasterError):
    """A plugin that cannot be loaded, hangs or crashes; its process has been ended."""


class OutputError(MixmasterError):
    """An output that cannot be written, or must not be overwritten."""


class StorageError(MixmasterError):
    """A store or shared folder that fails, or holds something else than was said.

    Args:
        where: The address, without anything secret.
        reason: What is wrong.
        hint: What would be right.
        passing: Whether it may be gone when tried again: a lost connection, a busy server.
    """

    def __init__(self, where: str, reason: str, hint: str = "", *, passing: bool = False) -> None:
        super().__init__(where, reason, hint)
        self.passing = passing


class RefusedError(MixmasterError):
    """A job that could only be done by breaking a promise, with the figures that prove it."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self, where: str, reason: str, hint: str = "", figures: dict[str, float] | None = None
    ) -> None:
        super().__init__(where, reason, hint)
        self.figures = dict(figures or {})

    def to_json(self) -> dict[str, object]:
        """Return the error as data, with its figures."""
        return {**super().to_json(), "figures": self.figures}


class InterruptedByUserError(MixmasterError):
    """Ctrl-C or SIGTERM: everything half-written has been removed."""

    def __init__(self, signal_number: int) -> None:
        super().__init__("", "interrupted; nothing half-written was left")
        self.signal_number = signal_number

    @property
    def status(self) -> int:
        """The exit status by convention: 128 plus the signal's number."""
        return 128 + self.signal_number
