"""Plugins in their own process: made ones, since a real one cannot be counted on."""

from __future__ import annotations

import gc
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from tests.effects.made_plugin import HIDDEN_FRAMES, LATE_FRAMES

from mixmaster.arrays import GRID_FRAMES, Block
from mixmaster.effects import plugin as effect_module
from mixmaster.effects import plugin_list, plugin_process
from mixmaster.effects.base import BlockContext, Context, Processor
from mixmaster.effects.plugin import Plugin
from mixmaster.effects.plugin_list import find_plugin, list_file, plugins_allowed, read_list
from mixmaster.errors import DocumentError, PluginError

RATE_HZ = 48_000
KINDS = (
    *("gain", "late", "hidden", "echo", "moving", "hangs", "crashes", "raises", "nan", "talks"),
    *("broken", "slow", "dies"),
)


@pytest.fixture(autouse=True)
def made_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A list of made plugins, and a worker that loads them."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(plugin_process, "HOST", "made_plugin")
    lines = ['format = 1\nkind = "plugins"\nname = "Made"\n']
    for kind in KINDS:
        path = tmp_path / f"{kind}.vst3"
        path.touch()
        limit_s = 0.5 if kind == "slow" else 60.0
        lines.append(f'[plugin.{kind}]\npath = "{path}"\ntime_limit_s = {limit_s}\n')
    list_file().parent.mkdir(parents=True)
    list_file().write_text("".join(lines), encoding="utf-8")
    with plugins_allowed():
        yield tmp_path


def prepare(kind: str, channels: int = 2, **settings: Any) -> Processor:
    context = Context(RATE_HZ, channels, where="strip.x.insert.plugin")
    return Plugin(plugin=kind, **settings).prepare(context)


def noise(cells: int = 6, channels: int = 2) -> Block:
    random = np.random.default_rng(0)
    return np.asarray(0.1 * random.standard_normal((channels, cells * GRID_FRAMES)))


def run(processor: Processor, signal: Block, lengths: list[int] | None = None) -> Block:
    parts, start = [], 0
    for length in lengths or [signal.shape[1]]:
        at = BlockContext(start_frame=start)
        parts.append(processor.process(signal[:, start : start + length], at))
        start += length
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize("channels", [1, 2])
def test_parameters_go_in_by_name_and_audio_comes_back(channels: int) -> None:
    signal = noise(channels=channels)
    found = run(prepare("gain", channels, parameters={"gain": 0.5, "mode": "turned"}), signal)
    assert np.max(np.abs(found + 0.5 * signal)) < 1e-7  # single precision


def test_what_a_plugin_holds_back_is_its_latency() -> None:
    signal = noise()
    processor = prepare("late")
    assert processor.latency_samples == LATE_FRAMES
    found = run(processor, signal)
    assert not np.any(found[:, :LATE_FRAMES])
    assert np.max(np.abs(found[:, LATE_FRAMES:] - signal[:, :-LATE_FRAMES])) < 1e-7


def test_what_a_plugin_hides_of_its_latency_can_be_declared() -> None:
    signal = noise()
    processor = prepare("hidden", latency_samples=HIDDEN_FRAMES, mix=0.5)
    assert processor.latency_samples == HIDDEN_FRAMES
    found = run(processor, signal)
    # In step with the clean sound: half of each is the whole.
    assert np.max(np.abs(found[:, HIDDEN_FRAMES:] - signal[:, :-HIDDEN_FRAMES])) < 1e-7


@pytest.mark.parametrize("kind", ["late", "echo"])
def test_blocks_equal_the_whole_bit_for_bit(kind: str) -> None:
    signal = noise(7)[:, :-1_000]
    whole = run(prepare(kind), signal)
    parts = [GRID_FRAMES, 3 * GRID_FRAMES, 2 * GRID_FRAMES, GRID_FRAMES - 1_000]
    assert np.array_equal(run(prepare(kind), signal, parts), whole)


def test_a_plugin_begins_with_nothing_in_it() -> None:
    """Neither what measured its latency nor another job is heard."""
    assert not np.any(run(prepare("echo"), np.zeros((2, GRID_FRAMES))))
    first, second = (run(prepare("echo"), noise()) for _ in range(2))
    assert np.array_equal(first, second)


def test_mix_blends_in_step_and_0_loads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    signal = noise()
    found = run(prepare("late", mix=0.25, parameters={"gain": 0.0}), signal)
    wanted = 0.75 * signal[:, :-LATE_FRAMES]
    assert np.max(np.abs(found[:, LATE_FRAMES:] - wanted)) < 1e-7
    context = Context(RATE_HZ, 2, automated=frozenset({"mix"}))
    moved = Plugin(plugin="late", parameters={"gain": 0.0}).prepare(context)
    at = BlockContext(automation={"mix": np.full(signal.shape[1], 0.25)})
    assert np.max(np.abs(moved.process(signal, at) - found)) < 1e-12
    monkeypatch.setattr(effect_module, "PluginProcess", None)
    assert run(prepare("gain", mix=0.0), signal) is not None


def test_a_wrong_parameter_is_named_with_the_nearest() -> None:
    with pytest.raises(DocumentError) as caught:
        prepare("gain", parameters={"gian": 1.0})
    (problem,) = caught.value.problems
    assert problem.key == "parameters.gian"
    assert problem.hint == "did you mean 'gain'?"
    with pytest.raises(DocumentError, match=r"parameters.gain: .* 9.0 is not between 0 and 4"):
        prepare("gain", parameters={"gain": 9.0})


def test_a_plugin_that_hangs_is_ended_and_named() -> None:
    processor = prepare("hangs")
    # Loading has had all the time that a busy machine needs for it.
    processor._process._limit_s = 0.5  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match=r"'hangs' hung at 0\.000 s: no answer within 0\.5 s"):
        run(processor, noise())
    with pytest.raises(PluginError, match="'slow' hung while it was loaded"):
        prepare("slow")


@pytest.mark.parametrize(("kind", "how"), [("crashes", "SIGSEGV"), ("raises", "exit status 1")])
def test_a_plugin_that_crashes_takes_nothing_with_it(kind: str, how: str) -> None:
    processor = prepare(kind)
    first = noise(2)
    assert np.max(np.abs(processor.process(first, BlockContext()) - first)) < 1e-7
    at = BlockContext(start_frame=2 * GRID_FRAMES)
    with pytest.raises(PluginError, match=rf"'{kind}' crashed at 0\.171 s \({how}\)") as caught:
        processor.process(noise(2), at)
    assert caught.value.where == "strip.x.insert.plugin"
    # The next one works as ever.
    assert np.max(np.abs(run(prepare("gain"), first) - first)) < 1e-7


def test_a_plugin_that_cannot_be_loaded_says_why() -> None:
    with pytest.raises(PluginError, match="'broken' cannot be used: no plugin in this file"):
        prepare("broken")
    with pytest.raises(PluginError, match=r"'dies' crashed while it was loaded \(exit status 3\)"):
        prepare("dies")


def test_what_a_plugin_prints_is_no_audio() -> None:
    signal = noise()
    assert np.max(np.abs(run(prepare("talks"), signal) - signal)) < 1e-7


def test_nan_is_not_hidden() -> None:
    """The engine names the insert and the time: it looks at every insert's output."""
    assert np.isnan(run(prepare("nan"), noise())).any()


def test_a_latency_that_moves_is_an_error() -> None:
    with pytest.raises(PluginError, match=r"changed its latency by \+500 samples"):
        run(prepare("moving"), noise())


def test_the_process_ends_with_the_processor() -> None:
    processor = prepare("gain")
    worker: subprocess.Popen[bytes] = processor._process._worker  # type: ignore[attr-defined]
    assert worker.poll() is None
    del processor
    gc.collect()
    assert worker.poll() is not None


def test_without_the_flag_no_plugin_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    # Not through monkeypatch, which would undo it after the fixture has: with True.
    plugin_list._state["allowed"] = False
    monkeypatch.setattr(effect_module, "PluginProcess", None)
    with pytest.raises(DocumentError, match="--allow-plugins"):
        prepare("gain")
    with plugins_allowed():
        assert plugin_list.may_run()
    assert not plugin_list.may_run()


def test_only_what_is_on_the_list_runs() -> None:
    with pytest.raises(DocumentError, match=r"'gaim' is not on the list.*did you mean 'gain'"):
        prepare("gaim")
    for path in ("/usr/lib/x.vst3", "../x", "x.vst3", "", "~/x"):
        with pytest.raises(ValidationError):
            Plugin(plugin=path)


def test_the_list_says_what_is_wrong_with_it(made_plugins: Path) -> None:
    head = 'format = 1\nkind = "plugins"\nname = "Made"\n'
    list_file().write_text(f'{head}[plugin.a]\npath = "a.vst3"\n', encoding="utf-8")
    with pytest.raises(DocumentError, match=r"plugin.a.path: is not absolute"):
        find_plugin("a", "here")
    gone = made_plugins / "gone.vst3"
    list_file().write_text(f'{head}[plugin.a]\npath = "{gone}"\n', encoding="utf-8")
    with pytest.raises(DocumentError, match=r"plugin.a.path: no such plugin"):
        find_plugin("a", "here")
    list_file().chmod(0o666)
    with pytest.raises(DocumentError, match="others may write to it"):
        read_list()
    list_file().unlink()
    with pytest.raises(DocumentError, match=r"'a' is not on the list.*plugins.toml"):
        find_plugin("a", "here")


def test_a_fingerprint_is_of_every_file_of_a_bundle(made_plugins: Path) -> None:
    bundle = made_plugins / "big.vst3"
    (bundle / "Contents").mkdir(parents=True)
    (bundle / "Contents" / "big.so").write_bytes(b"1")
    seen = {plugin_list.fingerprint(bundle)}
    (bundle / "Contents" / "big.so").write_bytes(b"2")
    seen.add(plugin_list.fingerprint(bundle))
    (bundle / "Contents" / "big.so").rename(bundle / "Contents" / "huge.so")
    seen.add(plugin_list.fingerprint(bundle))
    assert len(seen) == 3
    assert plugin_list.fingerprint(bundle) in seen


def test_a_manifest_calls_it_reproducible_only_on_the_users_word() -> None:
    assert not Plugin(plugin="gain").is_reproducible
    assert Plugin(plugin="gain", reproducible=True).is_reproducible
