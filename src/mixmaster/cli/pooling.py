"""What ``batch`` and ``watch`` may use of the machine, and what they keep."""

from __future__ import annotations

import re
from pathlib import Path

import click

from mixmaster.cli.options import chain

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_TIMES_S = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def size_bytes(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """Return ``8G`` as bytes."""
    del context
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", text.strip().lower())
    if found is None or not float(found[1]) > 0.0:
        raise click.BadParameter(f"'{text}' is no size; 8G or 500M would be", param=parameter)
    return round(float(found[1]) * _UNITS[found[2]])


def seconds(context: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """Return ``30m`` as seconds."""
    del context
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip().lower())
    if found is None or not float(found[1]) > 0.0:
        raise click.BadParameter(f"'{text}' is no time; 30m or 90s would be", param=parameter)
    return float(found[1]) * _TIMES_S[found[2]]


def workers(context: click.Context, parameter: click.Parameter, text: str) -> int | None:
    """Return how many processes; None for auto."""
    del context
    if text == "auto":
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise click.BadParameter(f"'{text}' is neither a number nor auto", param=parameter)
    return int(text)


worker_options = chain(
    click.option(
        "-j",
        "--jobs",
        "workers",
        default="auto",
        callback=workers,
        metavar="N",
        help="How many stages run at once, each in a process; auto is one for each processor. "
        "Processors that are left over are shared as threads.",
    ),
    click.option(
        "--memory",
        callback=size_bytes,
        metavar="SIZE",
        help="What all processes may use together: 8G; by default four fifths of what is free.",
    ),
    click.option(
        "--time-limit",
        callback=seconds,
        metavar="TIME",
        help="How long one stage (a song's mix, a version's masters) may take: 30m. No limit by "
        "default.",
    ),
)
"""Given as ``workers`` (None for auto), ``memory`` (bytes or None), ``time_limit`` (s or None)."""

keeping_options = chain(
    click.option(
        "--no-premasters",
        is_flag=True,
        help="Keep no mixes: less disk, but a changed target needs its mix again.",
    ),
    click.option(
        "--log",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Append every event to this file, one JSON object a line.",
    ),
    click.option(
        "--allow-plugins",
        is_flag=True,
        help="Let plugins of your own list (plugins.toml) run: they are programs.",
    ),
)
"""Given as ``no_premasters``, ``log`` and ``allow_plugins``."""
