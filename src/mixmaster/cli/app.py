"""The group of commands, and what becomes of errors and signals.

Exit statuses: 0 done; 1 a check says no, or some targets were refused; 2 wrong usage or bad
input; 70 a bug in mixmaster; 128 and more: ended by a signal, 130 by Ctrl-C and 143 by SIGTERM.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import Any

import click

from mixmaster import __version__
from mixmaster.cli.commands import Group, as_usage_error, write_lines
from mixmaster.cli.interrupts import Interrupts, interruptible
from mixmaster.cli.streams import (
    accept_every_character,
    discard,
    flush_stdout,
    forgiving,
    use_color,
)
from mixmaster.errors import InterruptedByUserError, MixmasterError

COMMANDS = (
    "init",
    "mix",
    "master",
    "render",
    "batch",
    "status",
    "watch",
    "release",
    "preview",
    "compare",
    "measure",
    "check",
    "diff",
    "null",
    "rerender",
    "report",
    "profile",
    "presets",
    "effects",
    "plugins",
    "demo",
)
"""The commands, in the order in which help lists them; each is ``cli/<name>.py``."""

EXIT_BUG = 70
EXIT_READER_GONE = 141
"""128 + SIGPIPE (13): what a process gets that writes to a pipe nobody reads."""

_STARTS = (
    "mixmaster demo                                    # hear what it does",
    "mixmaster mix stems/ -p rock-band --dry-run       # see what would happen",
    "mixmaster mix stems/ -p rock-band -o mix.wav",
    "mixmaster master mix.wav -p transparent -t spotify -o masters/",
    "mixmaster render stems/ -p rock-band -m transparent -t spotify -o out/",
)
_COMPLETION = (
    'bash  eval "$(_MIXMASTER_COMPLETE=bash_source mixmaster)"',
    'zsh   eval "$(_MIXMASTER_COMPLETE=zsh_source mixmaster)"',
    "fish  _MIXMASTER_COMPLETE=fish_source mixmaster | source",
)


class _Mixmaster(Group):
    """Imports a command's file when it is asked for, so that ``--help`` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, if there is one."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"mixmaster.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a reader of stdout that has gone ends it without a word."""
        try:
            result = super().invoke(ctx)
            flush_stdout()
        except BrokenPipeError:
            discard(sys.stdout)
            ctx.exit(EXIT_READER_GONE)
        return result

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how to start, how to have words completed, and what the statuses mean."""
        write_lines(formatter, "To start", _STARTS)
        write_lines(formatter, "Completion of commands, options and presets", _COMPLETION)
        super().format_epilog(ctx, formatter)


@click.group(
    cls=_Mixmaster,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 a check says no or a target was refused, 2 wrong usage or bad "
    "input, 70 a bug, 130 interrupted, 143 terminated.",
)
@click.version_option(__version__, prog_name="mixmaster")
@click.pass_context
def cli(context: click.Context) -> None:
    """Mix stems, master mixes, measure both: a headless audio pipeline."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def run(arguments: list[str], *, to_the_end: bool = False) -> int:
    """Run the command line; return the exit status. No exception leaves it.

    Args:
        arguments: Those after the program's name.
        to_the_end: The process ends after this; see ``interruptible``.
    """
    # One thread for BLAS, before numpy is imported: its results depend on the number.
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"
    accept_every_character()
    as_json = "--json" in arguments[: arguments.index("--") if "--" in arguments else None]
    with interruptible(to_the_end=to_the_end) as interrupts:
        try:
            return _run(arguments, interrupts, as_json=as_json)
        except BrokenPipeError:
            discard(sys.stdout)
            return EXIT_READER_GONE
        except KeyboardInterrupt:  # between the commands' own lines
            return _report(_interrupted(interrupts), as_json=as_json)
        finally:
            _clean_up()
            output = sys.modules.get("mixmaster.cli.output")
            if output is not None:
                output.speak_in_lines(lines=False)


def _run(arguments: list[str], interrupts: Interrupts, *, as_json: bool) -> int:
    try:
        result = cli.main(
            args=arguments, prog_name="mixmaster", standalone_mode=False, color=use_color()
        )
    except (KeyboardInterrupt, click.Abort):
        return _report(_interrupted(interrupts), as_json=as_json)
    except MixmasterError as error:
        return _report(error, as_json=as_json)
    except click.ClickException as error:
        return _report(as_usage_error(error), as_json=as_json)
    except BrokenPipeError:
        raise
    except OSError as error:
        with forgiving(sys.stdout):  # it may be stdout that failed: its disk is full
            flush_stdout()
        where = os.fsdecode(error.filename) if error.filename else ""
        return _report(MixmasterError(where, error.strerror or str(error)), as_json=as_json)
    except MemoryError:
        return _report(MixmasterError("", "out of memory"), as_json=as_json)
    except SystemExit as leaving:  # click's shell completion leaves by it
        return leaving.code if isinstance(leaving.code, int) else 0
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback
        return _bug(error, as_json=as_json)
    return result if isinstance(result, int) else 0


def _interrupted(interrupts: Interrupts) -> InterruptedByUserError:
    return InterruptedByUserError(interrupts.number or signal.SIGINT)


def _report(error: MixmasterError, *, as_json: bool) -> int:
    """Say what went wrong, on stderr for people, with --json on stdout for machines."""
    from mixmaster.cli.output import failure, show_json

    _clean_up()  # before anything is said about it
    status = error.status if isinstance(error, InterruptedByUserError) else error.exit_code
    if as_json:
        with forgiving(sys.stdout):
            show_json({**error.to_json(), "exit_status": status})
    failure(str(error))
    return status


def _bug(error: Exception, *, as_json: bool) -> int:
    from mixmaster.cli.output import failure, show_json

    if os.environ.get("MIXMASTER_DEBUG"):
        import traceback

        traceback.print_exc()
    reason = f"{type(error).__name__}: {error}"
    hint = "please report it; MIXMASTER_DEBUG=1 shows where it happened"
    if as_json:
        said = {"error": "Bug", "where": "", "reason": reason, "hint": hint}
        with forgiving(sys.stdout):
            show_json({**said, "exit_status": EXIT_BUG})
    failure(f"{reason} ({hint})", f"a bug in mixmaster {__version__}")
    return EXIT_BUG


def _clean_up() -> None:
    """Remove temporaries that an exception in an unlucky place has left."""
    publish = sys.modules.get("mixmaster.engine.publish")
    if publish is not None:
        publish.remove_partials()
