"""``mixmaster effects``: the rack, and what every effect takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mixmaster.cli.commands import Command
from mixmaster.cli.options import json_option

if TYPE_CHECKING:
    from mixmaster.documents.reference import Described
    from mixmaster.effects.base import Effect

SCHEMA = "mixmaster/effect/1"

_HEAD = """# Effects and their parameters

Made by `mixmaster effects --markdown` from what the program itself reads: do not edit it here.
Parameters with ◆ can be automated. Every insert also takes the parameters of *any insert*.
"""


def _complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    del context, parameter
    return [name for name in _effects() if name.startswith(typed)]


@click.command(
    "effects",
    cls=Command,
    short_help="List the effects, and what each takes.",
    examples=["effects", "effects compressor", "effects --json", "effects --markdown > effects.md"],
)
@click.argument("name", required=False, shell_complete=_complete)
@click.option("--markdown", is_flag=True, help="Print the whole reference, for reading elsewhere.")
@json_option
def command(name: str | None, markdown: bool, as_json: bool) -> None:
    """List the effects; with NAME, every parameter of one: range, default, what one hears.

    All of it comes from the declarations that presets are checked against.
    """
    from mixmaster.cli.keys import parameters_table
    from mixmaster.cli.output import echo, show, show_json, table
    from mixmaster.errors import UsageError

    effects = _effects()
    if name is not None and name not in effects:
        from mixmaster.documents.addresses import did_you_mean

        raise UsageError(name, "there is no effect of this name", did_you_mean(name, [*effects]))
    chosen = list(effects) if name is None else [name]
    if markdown:
        echo(_markdown(chosen), nl=False)
    elif as_json:
        show_json([_json(each, effects[each]) for each in chosen])
    elif name is None:
        rows = [(each, effects[each].summary) for each in chosen]
        show(table("Effects", ("effect", "what it is"), rows))
    else:
        own, shared = _own(effects[name]), _shared()
        show(
            parameters_table(f"{name}: {effects[name].summary}", own),
            parameters_table("As any insert", shared),
        )


def _effects() -> dict[str, type[Effect]]:
    from mixmaster.effects.registry import EFFECTS

    return {each.effect_name(): each for each in EFFECTS}


def _own(effect: type[Effect]) -> list[Described]:
    from mixmaster.documents.reference import described
    from mixmaster.effects.base import Effect

    return list(described(effect, skipped=("effect", *Effect.model_fields)))


def _shared() -> list[Described]:
    from mixmaster.documents.reference import described
    from mixmaster.effects.base import Effect

    return list(described(Effect))


def _json(name: str, effect: type[Effect]) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "effect": name,
        "summary": effect.summary,
        "revision": effect.current_revision,
        "parameters": [each.to_json() for each in (*_own(effect), *_shared())],
    }


def _markdown(names: list[str]) -> str:
    from mixmaster.documents.reference import markdown_table

    effects = _effects()
    parts = [_HEAD] if len(names) > 1 else []
    if len(names) > 1:
        parts.append(" · ".join(f"[{name}](#{name})" for name in names) + "\n")
        parts.append(f"## any insert\n\n{markdown_table(_shared())}")
    for name in names:
        about = f"## {name}\n\n{effects[name].summary}"
        if effects[name].current_revision > 1:
            about += f" The newest revision of its sound is {effects[name].current_revision}."
        parts.append(f"{about}\n\n{markdown_table(_own(effects[name]))}")
    return "\n".join(parts)
