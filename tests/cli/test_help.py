"""Help: at once, complete, with examples that are right."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import Any

import click
import pytest

from mixmaster.cli.app import COMMANDS, cli
from mixmaster.cli.commands import Command

HEAVY = ("numpy", "scipy", "soundfile", "soxr", "pedalboard", "pydantic", "rich", "threadpoolctl")


def commands() -> list[tuple[str, click.Command]]:
    found = []
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {sub}", c) for sub, c in command.commands.items()]
    return found


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], [], ["mix", "--help"]])
def test_it_answers_without_importing_anything_heavy(arguments: list[str]) -> None:
    # What is imported decides about the 0.25 s: numpy alone takes 0.1, scipy.signal 0.6.
    program = (
        "import sys; from mixmaster.cli.app import run\n"
        f"assert run({arguments!r}) == 0\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.strip() == "[]"
    assert done.stdout


def test_alone_it_shows_its_help(mixmaster: Any) -> None:
    alone, asked = mixmaster(), mixmaster("--help")
    assert alone.status == asked.status == 0
    assert alone.out == asked.out
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", asked.out, re.MULTILINE)


GROUPS = [name for name, command in commands() if isinstance(command, click.Group)]


@pytest.mark.parametrize("name", [each for each in GROUPS if each != "compare"])
def test_a_group_alone_shows_its_help(name: str, mixmaster: Any) -> None:
    alone = mixmaster(name)
    assert (alone.status, alone.err) == (0, "")
    assert alone.out == mixmaster(name, "--help").out


def test_whoever_asks_for_help_as_a_command_is_told_how(mixmaster: Any) -> None:
    assert "(mixmaster --help)" in mixmaster("help").err
    assert "(mixmaster mix --help)" in mixmaster("help", "mix").err
    assert "(mixmaster presets --help)" in mixmaster("presets", "help").err


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_explains_itself(name: str, mixmaster: Any) -> None:
    done = mixmaster(*name.split(), "--help")
    assert done.status == 0
    assert "\\b" not in done.out
    assert "..." not in done.out.split("Options:")[0].replace("...\n", "\n", 1)
    assert mixmaster(*name.split(), "-h").out == done.out


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_every_option_has_help_and_the_short_help_is_whole(
    name: str, command: click.Command
) -> None:
    assert not command.get_short_help_str(limit=60).endswith("...")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.help[0].isupper() or parameter.help[0].isdigit()
            assert parameter.help.endswith(".")


EXAMPLES = [
    example
    for _, command in commands()
    if isinstance(command, Command)
    for example in command.examples
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_one_that_the_parser_takes(example: str) -> None:
    words = shlex.split(re.split(r" [|>] ", example)[0])
    context = click.Context(cli)
    command: click.Command | None = cli
    while isinstance(command, click.Group):
        command = command.get_command(context, words.pop(0))
    assert command is not None
    command.make_context("x", words)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("mixmaster me", "measure"),
        ("mixmaster mix -p rock", "rock-band"),
        ("mixmaster render -m trans", "transparent"),
        ("mixmaster master -t spot", "spotify"),
        ("mixmaster presets show fla", "flat"),
        ("mixmaster mix --dry", "--dry-run"),
    ],
)
def test_the_shell_completes_commands_options_and_presets(words: str, offered: str) -> None:
    environment = {
        **os.environ,
        "_MIXMASTER_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", "from mixmaster.cli import main\nmain()"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )
    assert done.returncode == 0
    assert f"plain,{offered}" in done.stdout.splitlines()
