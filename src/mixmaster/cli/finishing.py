"""How masters are finished: options of ``master`` and ``render`` beside the targets' own."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import click

from mixmaster.cli.options import F, Within, chain

_options = chain(
    click.option(
        "--short-term",
        "short_term_lufs",
        type=Within(-40.0, 0.0),
        metavar="LUFS",
        help="Loudness of the loudest 3 s, instead of the targets' own loudness; with --loudness "
        "the stricter of both counts.",
    ),
    click.option(
        "--max-reduction",
        "max_gain_reduction_db",
        type=Within(0.0, 60.0),
        metavar="DB",
        help="The most that the limiter may take away; a target that needs more is refused, with "
        "the loudness that can be had.",
    ),
    click.option(
        "--min-plr",
        "min_plr_lu",
        type=Within(0.0, 30.0),
        metavar="LU",
        help="The lowest peak-to-loudness ratio allowed; likewise.",
    ),
    click.option(
        "--dialogue",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The dialogue's stem, for targets measured on dialogue, such as netflix.",
    ),
    click.option(
        "--trim/--no-trim",
        default=None,
        help="Cut silence at both ends, but nothing that can be heard; the targets' own choice "
        "by default.",
    ),
    click.option(
        "--fade-in",
        "fade_in_ms",
        type=Within(0.0, 60_000.0),
        metavar="MS",
        help="Fade in over so many ms.",
    ),
    click.option(
        "--fade-out",
        "fade_out_s",
        type=Within(0.0, 120.0),
        metavar="S",
        help="Fade out over the last so many seconds.",
    ),
    click.option(
        "--pad-head",
        "pad_head_ms",
        type=Within(0.0, 10_000.0),
        metavar="MS",
        help="Silence before the first sound.",
    ),
    click.option(
        "--pad-tail",
        "pad_tail_s",
        type=Within(0.0, 60.0),
        metavar="S",
        help="Silence after the last sound.",
    ),
    click.option(
        "--codec-safe",
        is_flag=True,
        help="Encode every master for the streams of its target before it is published; where a "
        "codec goes over full scale, lower the ceiling and write it again, 3 times at most.",
    ),
    click.option(
        "--gain-match",
        "gain_match",
        multiple=True,
        metavar="INSERT",
        help="Bring this insert's output to the loudness of its input, to judge its sound and not "
        "its level; all for all. May be repeated.",
    ),
    click.option(
        "--stages",
        "measure_stages",
        is_flag=True,
        help="Also tell what every insert does to the loudness.",
    ),
)
_NAMES = (
    "short_term_lufs",
    "max_gain_reduction_db",
    "min_plr_lu",
    "dialogue",
    "trim",
    "fade_in_ms",
    "fade_out_s",
    "pad_head_ms",
    "pad_tail_s",
    "codec_safe",
    "gain_match",
    "measure_stages",
)


def finishing_options(function: F) -> F:
    """Give a command these options; it gets them as ``finishing``, for ``MasterOptions``."""

    @functools.wraps(function)
    def wrapped(*args: Any, **named: Any) -> Any:
        finishing = {name: named.pop(name) for name in _NAMES}
        return function(*args, finishing=finishing, **named)

    return _options(wrapped)  # type: ignore[return-value]  # it takes the options in place


bypass_option = click.option(
    "--bypass",
    "bypassed",
    multiple=True,
    metavar="INSERT",
    help="Leave this insert of the chain out, by its id: compressor. May be repeated.",
)


def bypasses(bypassed: tuple[str, ...]) -> tuple[str, ...]:
    """Return what ``--bypass`` asks for as ``--set`` would."""
    return tuple(f"insert.{name}.bypass=true" for name in bypassed)
