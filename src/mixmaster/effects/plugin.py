"""A plugin of the user's own, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

import numpy as np

from mixmaster.arrays import Block, zeros
from mixmaster.documents.base import parameter
from mixmaster.dsp.delay_line import DelayLine
from mixmaster.effects.base import BlockContext, BypassProcessor, Context, Effect, Family, Processor
from mixmaster.effects.keyless import KeylessEffect, misfit
from mixmaster.effects.plugin_list import PluginId, find_plugin, fingerprint, list_file, may_run
from mixmaster.effects.plugin_process import PluginProcess
from mixmaster.errors import PluginError

_DEFAULT_TAIL_S = 10.0


class Plugin(KeylessEffect):
    """A VST3 plugin of the list of allowed ones. ``mix`` 0 is the identity and loads nothing.

    It works in single precision, in a process that is ended when it takes too long; a crash ends
    the job with an error that names the plugin, and nothing else.
    """

    family: ClassVar[Family] = "plugin"
    summary: ClassVar[str] = "Plugin: a VST3 plugin from your own list of allowed ones."

    effect: Literal["plugin"] = parameter("plugin", "The effect's name: plugin.")
    plugin: PluginId = parameter(
        ...,
        "The plugin's id in your list, plugins.toml in the configuration folder, which says "
        "where it lies. It runs only with --allow-plugins.",
    )
    parameters: dict[str, float | bool | str] = parameter(
        {}, "The plugin's own parameters by name; mixmaster plugins show lists them."
    )
    latency_samples: int | None = parameter(
        None,
        "By how much it delays the sound, in samples, where the plugin itself does not say so "
        "truly. Measured if silent.",
        low=0,
        high=1_048_576,
    )
    tail_s: float = parameter(
        _DEFAULT_TAIL_S,
        "How long it may go on sounding after the song's end, in seconds: a reverb or delay needs "
        "as long as it rings.",
        low=0.0,
        high=60.0,
    )
    mix: float = parameter(
        1.0,
        "How much of the plugin's sound is heard beside the clean one: 0 is clean, 1 the plugin "
        "alone.",
        low=0.0,
        high=1.0,
        automatable=True,
    )
    reproducible: bool = parameter(
        False,
        "Your word that the plugin gives the same samples every time. Many do not: they draw "
        "random numbers or read the clock. Manifests say so otherwise.",
    )

    @property
    def is_reproducible(self) -> bool:
        """Whether the same job gives the same bytes: the user's word."""
        return self.reproducible

    def prepare(self, context: Context) -> Processor:
        """Load the plugin; the identity, with nothing loaded, if ``mix`` is 0.

        Raises:
            DocumentError: Where plugins are not allowed, for one that is not on the list, or a
                parameter that it does not have.
            PluginError: For a plugin that cannot be loaded, crashes or hangs.
        """
        if self.mix == 0.0 and not context.automated:
            return BypassProcessor()
        if not may_run():
            raise misfit(
                context.where,
                f"'{self.plugin}' is a plugin, a program: it does not run unless you say so",
                f"--allow-plugins, if you trust what {list_file()} names",
                "plugin",
            )
        path, allowed = find_plugin(self.plugin, context.where)
        process = PluginProcess(self.plugin, context.where, context.channels, allowed.time_limit_s)
        _, held_back = process.load(
            path,
            allowed.plugin_name,
            sample_rate_hz=context.sample_rate_hz,
            parameters=self.parameters,
        )
        return PluginProcessor(self, process, held_back, context)


def fingerprints(effects: Iterable[Effect]) -> dict[str, str]:
    """Return a hash of every plugin that runs, by its id: a new version is another sound."""
    plugins = (effect for effect in effects if isinstance(effect, Plugin) and not effect.bypass)
    used = {effect.plugin for effect in plugins if effect.mix > 0.0}
    return {name: fingerprint(find_plugin(name, name)[0]) for name in sorted(used)}


class PluginProcessor(Processor):
    """A plugin at work, blended with the clean sound.

    Args:
        settings: Not neutral, or moved by automation.
        process: With the plugin loaded.
        held_back: By how many frames the plugin's answers fall short of what it was given, once
            it is filled.
        context: The rate and the channels.
    """

    def __init__(
        self, settings: Plugin, process: PluginProcess, held_back: int, context: Context
    ) -> None:
        self._name, self._context = settings.plugin, context
        self._process = process
        self._mix = settings.mix
        self._moved = "mix" in context.automated
        self.latency_samples = held_back
        if settings.latency_samples is not None:
            self.latency_samples = settings.latency_samples
        self.tail_samples = self.settle_samples = round(settings.tail_s * context.sample_rate_hz)
        self._plain: DelayLine | None = None
        if self._moved or self._mix != 1.0:
            self._plain = DelayLine(context.channels, self.latency_samples)
        self._holds = self._unfilled = held_back
        self._held = 0
        # The plugin's answers begin in time with its input and come late: this fills the gap.
        self._ready = zeros(context.channels, held_back)

    def process(self, block: Block, at: BlockContext) -> Block:
        """Return the block through the plugin.

        Raises:
            PluginError: When it crashes, hangs, or comes to be later than it was.
        """
        frames = block.shape[1]
        if frames == 0:
            return block
        time_s = at.start_frame / self._context.sample_rate_hz
        given = self._process.process(block, time_s)
        line = np.concatenate((self._ready, given), axis=1, dtype=np.float64)
        self._held += frames - given.shape[1]
        self._unfilled = max(0, self._unfilled - frames)
        more = self._held + self._unfilled - self._holds
        if more:
            raise PluginError(
                self._context.where,
                f"the plugin '{self._name}' changed its latency by {more:+d} samples at "
                f"{time_s:.3f} s",
                "set what changes it to a fixed value",
            )
        self._ready = line[:, frames:].copy()
        out = np.ascontiguousarray(line[:, :frames])
        if self._plain is None:
            return out
        share = at.automation["mix"] if self._moved else self._mix
        plain = self._plain.process(block)
        return np.asarray(plain + share * (out - plain))
