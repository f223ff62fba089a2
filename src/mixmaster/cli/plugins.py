"""``mixmaster plugins``: the list of plugins that may run, and what they can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mixmaster.cli.commands import Command, Group
from mixmaster.cli.options import Within, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.group("plugins", cls=Group, short_help="List and show the VST3 plugins that may run.")
def command() -> None:
    """List and show the VST3 plugins that may run.

    A plugin is a program. Presets name one by an id; where it lies stands in a list that you write,
    ~/.config/mixmaster/plugins.toml; and it runs only with --allow-plugins.
    """


@command.command(
    "list",
    cls=Command,
    short_help="List the plugins that may run.",
    examples=["plugins list", "plugins list --json"],
)
@json_option
def list_command(as_json: bool) -> None:
    """List the plugins of your list. None of them is loaded."""
    from mixmaster.cli.output import note, show, show_json, table
    from mixmaster.documents.finding import from_home
    from mixmaster.effects.plugin_list import list_file, read_list

    listed = [
        {
            "id": name,
            "path": plugin.path,
            "plugin_name": plugin.plugin_name,
            "time_limit_s": plugin.time_limit_s,
            "found": from_home(plugin.path).exists(),
        }
        for name, plugin in read_list().plugin.items()
    ]
    if as_json:
        show_json({"schema": "mixmaster/plugins/1", "file": str(list_file()), "plugins": listed})
        return
    if not listed:
        note(f"{list_file()} lists no plugins; 'mixmaster plugins scan' proposes a list")
        return
    rows = [
        (str(each["id"]), str(each["path"]), "" if each["found"] else "no such file")
        for each in listed
    ]
    show(table(f"Plugins of {list_file()}", ("id", "path", "note"), rows))


@command.command(
    "show",
    cls=Command,
    short_help="Load a plugin and show its parameters.",
    examples=["plugins show hall", "plugins show hall --sample-rate-hz 96000 --json"],
)
@click.argument("plugin", metavar="ID")
@click.option(
    "--sample-rate-hz",
    type=Within(8_000, 768_000, whole=True),
    default=48_000,
    metavar="HZ",
    help="The rate at which its latency is measured; 48000 by default.",
)
@json_option
def show_command(plugin: str, sample_rate_hz: int, as_json: bool) -> None:
    """Load the plugin ID of your list, in a process of its own, and show what it can be told."""
    from mixmaster.cli.output import figure, show, show_json, table
    from mixmaster.effects.plugin_list import find_plugin
    from mixmaster.effects.plugin_process import PluginProcess

    path, allowed = find_plugin(plugin, f"plugin '{plugin}'")
    process = PluginProcess(plugin, f"plugin '{plugin}'", 2, allowed.time_limit_s)
    try:
        parameters, latency = process.load(
            path, allowed.plugin_name, sample_rate_hz=sample_rate_hz, parameters={}
        )
    finally:
        process.close()
    if as_json:
        show_json(
            {
                "schema": "mixmaster/plugin/1",
                "id": plugin,
                "sample_rate_hz": sample_rate_hz,
                "latency_samples": latency,
                "parameters": parameters,
            }
        )
        return

    def text(value: Any) -> str:
        return figure(value, 2) if isinstance(value, float) else str(value)

    rows = [
        (
            name,
            text(each["value"]),
            f"{text(each['low'])} to {text(each['high'])}"
            if each["values"] is None
            else ", ".join(map(str, each["values"][:8])) + (", ..." * (len(each["values"]) > 8)),
            each["unit"],
        )
        for name, each in parameters.items()
    ]
    title = f"{plugin}: {latency} samples late at {sample_rate_hz} Hz"
    show(table(title, ("parameter", ">value", "range", "unit"), rows))


@command.command(
    "scan",
    cls=Command,
    short_help="Propose a list of the plugins on this machine.",
    examples=["plugins scan", "plugins scan > ~/.config/mixmaster/plugins.toml"],
)
def scan_command() -> None:
    """Print a list of the VST3 plugins in the usual folders, for you to keep what you trust.

    They are only found, not loaded: loading a plugin runs it.
    """
    import re

    from mixmaster.cli.output import note

    found = _installed()
    if not found:
        note("no VST3 plugins in ~/.vst3, /usr/local/lib/vst3 and /usr/lib/vst3")
        return
    lines = ["format = 1", 'kind = "plugins"', 'name = "My plugins"']
    taken: set[str] = set()
    for path in found:
        words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+", path.stem)
        base = name = "-".join(words).lower() or "plugin"
        number = 1
        while name in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name)
        quoted = str(path).replace("\\", "\\\\").replace('"', '\\"')
        lines += ["", f"[plugin.{name}]", f'path = "{quoted}"']
    click.echo("\n".join(lines))


def _installed() -> list[Path]:
    """Return the VST3 plugins in the folders that the format's documentation names."""
    from pathlib import Path

    folders = (Path.home() / ".vst3", Path("/usr/local/lib/vst3"), Path("/usr/lib/vst3"))
    found: list[Path] = []
    for folder in folders:
        # A bundle is a folder that ends in .vst3, with a file inside that may end so too.
        inner = sorted(folder.rglob("*.vst3"))
        found += [path for path in inner if not any(outer in path.parents for outer in inner)]
    return found
