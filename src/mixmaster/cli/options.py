"""Options that several commands share, declared once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from mixmaster.mixing.plan import Section

    _ParamType = click.ParamType[float]
else:
    _ParamType = click.ParamType  # before click 8.2 it takes no parameter

F = TypeVar("F", bound=Callable[..., Any])

_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?|\.\d+)s?")
_LOUDEST = re.compile(r"loudest(?::(\d+(?:\.\d*)?)s?)?")
DEFAULT_LOUDEST_S = 30.0


class Seconds(_ParamType):
    """A time: ``75.5``, ``75.5s``, ``1:15.5`` or ``0:01:15.5``."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return seconds."""
        if isinstance(value, float):
            return value
        found = _CLOCK.fullmatch(str(value).strip())
        if found is None:
            self.fail(f"'{value}' is no time; 75.5 or 1:15.5 would be", param, ctx)
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return hours * 3600.0 + minutes * 60.0 + seconds


class Within(_ParamType):
    """A number from ``low`` to ``high``; NaN, which passes click's own ranges, is none.

    Args:
        low: The least that is taken.
        high: The most.
        whole: Whether it must be an integer.
    """

    name = "number"

    def __init__(self, low: float, high: float, *, whole: bool = False) -> None:
        self.low, self.high, self.whole = low, high, whole

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        kind = "whole number" if self.whole else "number"
        try:
            number = int(value) if self.whole else float(value)
        except ValueError:
            self.fail(f"'{value}' is no {kind}", param, ctx)
        if not self.low <= number <= self.high:
            self.fail(f"{value} is not between {self.low:g} and {self.high:g}", param, ctx)
        return number


def section_of(from_s: float | None, to_s: float | None, section: str | None) -> Section | None:
    """Return what ``--from``, ``--to`` and ``--section`` ask for together.

    Raises:
        UsageError: When they contradict each other, or hold nothing.
    """
    from mixmaster.mixing.plan import Section

    if section is None:
        if from_s is None and to_s is None:
            return None
        if to_s is not None and not to_s > (from_s or 0.0):
            raise UsageError("--to", f"{to_s:g} s is not after --from {from_s or 0.0:g} s")
        return Section(from_s or 0.0, to_s)
    if from_s is not None or to_s is not None:
        raise UsageError("--section", "contradicts --from and --to", "give one or the other")
    found = _LOUDEST.fullmatch(section.strip())
    if found is None:
        raise UsageError("--section", f"'{section}' is not known", "loudest:30s would be")
    loudest_s = float(found[1] or DEFAULT_LOUDEST_S)
    if not loudest_s > 0.0:
        raise UsageError("--section", f"'{section}' has no length", "loudest:30s would be")
    return Section(loudest_s=loudest_s)


def require_inside(section: Section | None, length_s: float) -> None:
    """Raise for a section that begins after the song's end, before any work is done for it.

    Raises:
        UsageError: With the song's length.
    """
    if section is not None and not section.from_s < length_s:
        reason = f"{section.from_s:g} s lies outside the song"
        raise UsageError("--from", reason, f"it is {length_s:.2f} s long")


def complete_presets(kind: str) -> Callable[..., list[str]]:
    """Return a completion of presets' names, for the shell."""

    def complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
        from mixmaster.documents.finding import list_presets

        del context, parameter
        return [preset.name for preset in list_presets(kind) if preset.name.startswith(typed)]

    return complete


def chain(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Return one decorator that applies several, the first one listed first."""

    def apply(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print machine-readable JSON on stdout."
)
overwrite_option = click.option(
    "--overwrite",
    is_flag=True,
    help="Replace existing files that were not made here; our own are replaced anyway.",
)
reference_option = click.option(
    "--reference-mp3",
    is_flag=True,
    help="Write an MP3 to listen to beside every file (256 kbit/s), brought down where it would "
    "clip when it is decoded.",
)
threads_option = click.option(
    "--threads",
    type=Within(1, 256, whole=True),
    metavar="N",
    help="How many threads share the work; all processors by default. The result is the same.",
)
strict_option = click.option(
    "--strict", is_flag=True, help="A file shorter than its header says is an error, not a note."
)


def _allow_plugins(context: click.Context, parameter: click.Parameter, allowed: bool) -> None:
    """Let plugins run until the command is over."""
    del parameter
    if allowed:
        from mixmaster.effects.plugin_list import plugins_allowed

        context.with_resource(plugins_allowed())


allow_plugins_option = click.option(
    "--allow-plugins",
    is_flag=True,
    expose_value=False,
    callback=_allow_plugins,
    help="Let plugins of your own list (plugins.toml) run: they are programs.",
)


def _no_cache(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    """Neither read nor keep measurements until the command is over."""
    del parameter
    if wanted:
        from mixmaster.engine.keeping import nothing_kept

        context.with_resource(nothing_kept())


no_cache_option = click.option(
    "--no-cache",
    is_flag=True,
    expose_value=False,
    callback=_no_cache,
    help="Measure every stem anew, and keep nothing in the cache folder.",
)


def _isolate(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    """Decode files in processes of their own until the command is over."""
    del parameter
    if wanted:
        from mixmaster.audio.isolating import isolated

        context.with_resource(isolated())


isolate_option = click.option(
    "--isolate",
    is_flag=True,
    expose_value=False,
    callback=_isolate,
    help="Decode files in processes that can do nothing else, for files of strangers; "
    "MIXMASTER_ISOLATE=1 does so always. The result is the same.",
)
section_options = chain(
    click.option("--from", "from_s", type=Seconds(), help="Render from here: 75.5 or 1:15.5."),
    click.option("--to", "to_s", type=Seconds(), help="Render up to here."),
    click.option(
        "--section",
        metavar="loudest:30s",
        help="Render just the loudest stretch of this length.",
    ),
)
mix_options = chain(
    click.option(
        "-p",
        "--preset",
        metavar="PRESET",
        shell_complete=complete_presets("mix"),
        help="Mix preset: a name or a .toml file; a session has its own.",
    ),
    click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="PATH=VALUE",
        help="Change one value of preset or session: strip.kick.gain_db=-2. May be repeated.",
    ),
    click.option(
        "--tempo-bpm",
        type=Within(20.0, 400.0),
        metavar="BPM",
        help="The song's tempo, 20 to 400, for delays that count in beats.",
    ),
    click.option(
        "--sample-rate-hz",
        type=Within(8_000, 768_000, whole=True),
        metavar="HZ",
        help="The session's rate; the highest among the stems by default.",
    ),
    no_cache_option,
)


def _target_option(*, required: bool) -> Callable[[F], F]:
    return click.option(
        "-t",
        "--target",
        "targets",
        multiple=True,
        required=required,
        metavar="TARGET",
        shell_complete=complete_presets("target"),
        help="Where it goes: a target's name or a .toml file. May be repeated.",
    )


_aim_options = chain(
    click.option(
        "--loudness",
        "loudness_lufs",
        type=Within(-40.0, -4.0),
        metavar="LUFS",
        help="Integrated loudness, -40 to -4 LUFS, instead of the targets' own.",
    ),
    click.option(
        "--ceiling",
        "ceiling_dbtp",
        type=Within(-60.0, 0.0),
        metavar="DBTP",
        help="True-peak ceiling, -60 to 0 dBTP, instead of the targets' own.",
    ),
)
target_options = chain(_target_option(required=True), _aim_options)
song_target_options = chain(_target_option(required=False), _aim_options)
"""The same where a session may say where it goes."""
