"""Plugins run in workers only where they may; one that crashes harms one song."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.batch.conftest import PRESET, Studio

from mixmaster.effects import plugin_process
from mixmaster.effects.plugin_list import list_file, may_run

INSERT = """
[[strip.low.insert]]
effect = "plugin"
plugin = "{name}"
tail_s = 0.1
parameters = {{gain = 0.5}}
"""


@pytest.fixture
def plugged(studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Studio:
    """Two songs, one of which has a plugin that crashes; the other's does what it should."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent / "effects"))
    monkeypatch.setattr(plugin_process, "HOST", "made_plugin")
    lines = ['format = 1\nkind = "plugins"\nname = "Made"\n']
    for name in ("late", "crashes"):
        (tmp_path / f"{name}.vst3").touch()
        lines.append(f'[plugin.{name}]\npath = "{tmp_path / name}.vst3"\n')
        insert = INSERT.format(name=name)
        text = PRESET.replace("\n[strip.high]", f"{insert}\n[strip.high]")
        (studio.folder / f"{name}.toml").write_text(text)
    list_file().parent.mkdir(parents=True)
    list_file().write_text("".join(lines))
    studio.song("Good", seconds=1.0)
    studio.song("Bad", seconds=1.0)
    studio.table["targets"] = ["loud.toml"]
    studio.table["song"] = [
        {"path": "songs/Good", "preset": "late.toml"},
        {"path": "songs/Bad", "preset": "crashes.toml"},
    ]
    return studio


def test_plugins_run_only_when_they_may(plugged: Studio) -> None:
    summary = plugged.run()
    assert (summary.made, summary.failed, summary.quarantined) == (0, 2, 0)
    assert all("--allow-plugins" in reason for row in summary.songs for reason in row.reasons)
    summary = plugged.run(allow_plugins=True)
    assert not may_run()
    rows = {row.song: row for row in summary.songs}
    assert (rows["Good"].made, rows["Bad"].failed) == (1, 1)
    assert any("crashed" in reason for reason in rows["Bad"].reasons)


def test_another_version_of_a_plugin_is_another_sound(plugged: Studio, tmp_path: Path) -> None:
    plugged.table["song"] = plugged.table["song"][:1]
    assert plugged.run(allow_plugins=True).made == 1
    assert plugged.run(allow_plugins=True).current == 1
    (tmp_path / "late.vst3").write_bytes(b"a new version")
    assert plugged.run(allow_plugins=True).failed == 0
    assert plugged.began()[0] == "mix/Good"
