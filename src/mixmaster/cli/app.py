"""The group of commands, and what becomes of errors and signals.

Exit statuses: 0 done; 1 a check says no, or some targets were refused; 2 wrong usage or bad
input; 70 a bug in mixmaster; 130 interrupted by Ctrl-C; 143 by SIGTERM.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from types import FrameType
from typing import Any

import click

from mixmaster import __version__
from mixmaster.errors import InterruptedByUserError, MixmasterError, UsageError

COMMANDS = ("mix", "master", "render", "measure", "presets", "demo")
"""The commands, in the order in which help lists them; each is ``cli/<name>.py``."""

EXIT_BUG = 70


class _Commands(click.Group):
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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a command; a misspelt one is answered with the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean '{near[0]}'?" if near else "there are: " + ", ".join(COMMANDS)
            raise UsageError("", f"no command '{args[0]}'", hint)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 a check says no or a target was refused, 2 wrong usage or bad "
    "input, 130 interrupted, 143 terminated.",
)
@click.version_option(__version__, prog_name="mixmaster")
def cli() -> None:
    r"""Mix stems, master mixes, measure both: a headless audio pipeline.

    \b
    mixmaster demo                                   hear what it does
    mixmaster mix STEMS... -p rock-band -o mix.wav
    mixmaster master mix.wav -p transparent -t spotify -o masters/
    mixmaster render STEMS... -p rock-band -m transparent -t spotify -o out/
    """


def run(arguments: list[str]) -> int:
    """Run the command line; return the exit status. No exception leaves it."""
    # One thread for BLAS, before numpy is imported: its results depend on the number.
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"
    signal.signal(signal.SIGTERM, _terminate)
    try:
        result = cli.main(args=arguments, prog_name="mixmaster", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _report(InterruptedByUserError(signal.SIGINT), arguments)
    except MixmasterError as error:
        return _report(error, arguments)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output has gone; say nothing, and keep Python from saying it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        where = str(error.filename or "")
        return _report(MixmasterError(where, error.strerror or str(error)), arguments)
    except MemoryError:
        return _report(MixmasterError("", "out of memory"), arguments)
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback
        return _bug(error)
    finally:
        _clean_up()
    return result if isinstance(result, int) else 0


def _terminate(number: int, frame: FrameType | None) -> None:
    """Turn SIGTERM into an exception, so that everything half-written is removed."""
    del frame
    raise InterruptedByUserError(number)


def _report(error: MixmasterError, arguments: list[str]) -> int:
    """Say what went wrong, on stderr for people, with --json on stdout for machines."""
    status = error.status if isinstance(error, InterruptedByUserError) else error.exit_code
    if "--json" in arguments:
        from mixmaster.results import to_json_text

        data: dict[str, Any] = {**error.to_json(), "exit_status": status}
        click.echo(to_json_text(data), nl=False)
    click.echo(f"{click.style('error', fg='red', bold=True)}: {_printable(str(error))}", err=True)
    return status


def _bug(error: Exception) -> int:
    if os.environ.get("MIXMASTER_DEBUG"):
        import traceback

        traceback.print_exc()
    text = f"{type(error).__name__}: {error}"
    click.echo(
        f"this is a bug in mixmaster {__version__}: {_printable(text)}\n"
        "Please report it; MIXMASTER_DEBUG=1 shows where it happened.",
        err=True,
    )
    return EXIT_BUG


def _printable(text: str) -> str:
    """Return the text with control characters escaped; new lines of our own lists stay."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def _clean_up() -> None:
    """Remove temporaries that an exception in an unlucky place has left."""
    publish = sys.modules.get("mixmaster.engine.publish")
    if publish is not None:
        publish.remove_partials()
