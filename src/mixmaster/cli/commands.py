"""What all commands have in common: examples in their help, and the nearest right word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import click

from mixmaster.errors import MixmasterError, UsageError


class Command(click.Command):
    """A command whose help closes with examples, one a line.

    Args:
        examples: Command lines without the ``mixmaster`` in front.
        arguments: As click's.
        settings: As click's.
    """

    def __init__(self, *arguments: Any, examples: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        super().format_epilog(ctx, formatter)
        write_lines(formatter, "Examples", [f"mixmaster {line}" for line in self.examples])


class Group(click.Group):
    """A group that shows its help when it stands alone, and knows the nearest right command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what follows the group's name; nothing asks for help, and is no error."""
        if not args and not self.invoke_without_command:
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a command.

        Raises:
            UsageError: For one that does not exist.
        """
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            near = get_close_matches(args[0], known, n=1)
            if args[0] == "help":
                path = " ".join((ctx.command_path, *(word for word in args[1:2] if word in known)))
                raise UsageError("", "no command 'help'", f"{path} --help")
            hint = f"did you mean '{near[0]}'?" if near else "there are: " + ", ".join(known)
            raise UsageError("", f"no command '{args[0]}'", hint)
        return super().resolve_command(ctx, args)


def write_lines(formatter: click.HelpFormatter, title: str, lines: Sequence[str]) -> None:
    """Write a section of help whose lines stay as they are."""
    if not lines:
        return
    with formatter.section(title):
        for line in lines:
            formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def as_usage_error(error: click.ClickException) -> MixmasterError:
    """Return one of click's errors as one of ours: where, what is wrong, what would be right."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "mixmaster"
    see_help = f"{path} --help shows what it takes"
    if isinstance(error, click.NoSuchOption):
        near = _likely(error.option_name, error.possibilities or ())
        hint = f"did you mean {near}?" if near else see_help
        return UsageError("", f"no such option: {error.option_name}", hint)
    if isinstance(error, click.MissingParameter):
        name = _name_of(error)
        return UsageError(name, "is missing", _MISSING.get(name, see_help))
    if isinstance(error, click.BadParameter):
        return UsageError(_name_of(error), error.message.rstrip("."))
    return UsageError("", error.format_message().rstrip("."), see_help)


_MISSING: Mapping[str, str] = {
    "STEMS": "name a folder, files or globs",
    "FILES": "name files, folders or globs",
    "MIX": "name the mix's file",
    "SONGS": "name a jobs document, sessions, folders of stems, or mixes",
    "--output": "name it with -o",
    "--preset": "mixmaster presets list shows those there are",
    "--master": "mixmaster presets list mastering shows those there are",
    "--target": "mixmaster presets list target shows those there are",
}


def _name_of(error: click.BadParameter) -> str:
    """Return an option's long name, or an argument's word in the help."""
    if error.param is None:
        return str(error.param_hint or "")
    if isinstance(error.param, click.Option):
        return max(error.param.opts, key=len)
    return error.param.human_readable_name


def _likely(wrong: str, names: Sequence[str]) -> str:
    near = get_close_matches(wrong, names, n=1)
    return near[0] if near else next(iter(names), "")
