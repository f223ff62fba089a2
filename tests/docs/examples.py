"""What a document says that can be run: commands, Python, and TOML, in the order of its lines."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

DOCUMENTS: Final = ("README.md", *sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")))


@dataclass(frozen=True)
class Example:
    """One thing to run.

    Attributes:
        kind: ``command``, ``python`` or ``toml``.
        text: As printed; a command without its prompt, on one line.
        line: Where it begins.
        shown: The lines that a document shows as a command's answer.
    """

    kind: str
    text: str
    line: int
    shown: tuple[str, ...] = field(default=())

    @property
    def said(self) -> str:
        """The text without remarks: what material.py knows an example by."""
        return re.sub(r" +# .*", "", self.text).strip()

    @property
    def file(self) -> str | None:
        """The file that a block of TOML is, where its first line says so: ``# parallel.toml``."""
        found = re.match(r"# ([\w./-]+\.toml)\n", self.text)
        return found[1] if found else None


def examples(document: str) -> list[Example]:
    """Return what can be run of a document, in order."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return sorted(_found(text.splitlines()), key=lambda each: each.line)


def _found(lines: list[str]) -> Iterator[Example]:
    for start, language, block in _blocks(lines):
        if language in {"python", "toml"}:
            yield Example(language, "\n".join(block) + "\n", start)
        elif language in {"", "sh", "console"}:
            yield from _commands(start, block)


def _blocks(lines: list[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Yield blocks, fenced and indented: line, language, lines without their margin."""
    at = 0
    while at < len(lines):
        fence = re.match(r"( *)```(\w*)$", lines[at])
        if fence:
            end = next(i for i in range(at + 1, len(lines)) if lines[i].strip() == "```")
            margin = len(fence[1])
            yield at + 2, fence[2], [line[margin:] for line in lines[at + 1 : end]]
            at = end + 1
        elif lines[at].startswith("    "):
            end = at
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            margin = len(lines[at]) - len(lines[at].lstrip())
            yield at + 1, "", [line[margin:] for line in lines[at:end]]
            at = end
        else:
            at += 1


def _commands(start: int, block: list[str]) -> Iterator[Example]:
    """Yield a block's commands; behind a prompt, what follows up to the next is their answer."""
    at = 0
    while at < len(block):
        begins = re.match(r"(\$ )?(mixmaster( .*)?)$", block[at])
        if not begins:
            at += 1
            continue
        line, text = at, begins[2]
        while text.endswith("\\"):
            at += 1
            text = text[:-1].rstrip() + " " + block[at].strip()
        at += 1
        shown = []
        while begins[1] and at < len(block) and not block[at].startswith("$ "):
            shown.append(block[at])
            at += 1
        yield Example("command", text, start + line, tuple(shown))


@dataclass(frozen=True)
class Call:
    """A command as a shell would start it: arguments, and where its output goes."""

    arguments: tuple[str, ...]
    target: str | None


def as_called(command: str) -> Call:
    """Take a command line apart in the current folder, as a POSIX shell does.

    Patterns without quotes become the names that they match; what stands behind ``#`` is a remark.
    """
    lexer = shlex.shlex(command, posix=False, punctuation_chars=">|&;")
    lexer.whitespace_split = True
    words, target = [], None
    tokens = iter(lexer)
    for token in tokens:
        if token == ">":
            target = next(tokens)
            continue
        assert not set(token) & set("|&;"), f"only what mixmaster does is run here: {command}"
        (word,) = shlex.split(token)
        pattern = token == word and set("*?[") & set(token)
        found = sorted(str(path) for path in Path().glob(token)) if pattern else []
        words += found or [word]
    return Call(tuple(words[1:]), target)
