"""VST3 plugins through pedalboard, in the worker's process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mixmaster.effects.plugin_worker import CHUNK_FRAMES, Audio

VST3Plugin = Any
"""pedalboard's class; what it declares of itself leaves out its parameters."""


def load(
    path: str, plugin_name: str | None, *, sample_rate_hz: int, channels: int
) -> PedalboardInstance:
    """Load a plugin.

    Raises:
        ImportError: For a file that is no plugin, or does not run here.
        ValueError: For an instrument, or a bundle whose plugin must be named.
    """
    from pedalboard import load_plugin

    def again() -> VST3Plugin:
        plugin: VST3Plugin = load_plugin(path, plugin_name=plugin_name)
        if not plugin.is_effect:
            raise ValueError(f"'{plugin.name}' is an instrument, not an effect")
        return plugin

    return PedalboardInstance(again, sample_rate_hz, channels)


class PedalboardInstance:
    """A plugin at a rate and a number of channels.

    One that takes mono alone runs once for each side. One that takes stereo alone hears a mono
    signal on both sides, and the two sides of its answer are averaged.

    Args:
        load_one: Loads the plugin.
        sample_rate_hz: The rate.
        channels: Of what it will be given.
    """

    def __init__(
        self, load_one: Callable[[], VST3Plugin], sample_rate_hz: int, channels: int
    ) -> None:
        self._rate = sample_rate_hz
        self._copies = [load_one()]
        self._doubled = False
        try:
            self._run(np.zeros((channels, CHUNK_FRAMES), dtype=np.float32))
        except ValueError:
            # It takes another number of channels; where not even this fits, it says so itself.
            if channels == 1:
                self._doubled = True
            else:
                self._copies += [load_one() for _ in range(channels - 1)]
            self.process(np.zeros((channels, CHUNK_FRAMES), dtype=np.float32))
        self.reset()

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Return what can be set, by name."""
        found = {}
        plugin = self._copies[0]
        for name, each in plugin.parameters.items():
            numeric = each.type is float
            found[name] = {
                "low": each.range[0] if numeric else None,
                "high": each.range[1] if numeric else None,
                "values": None if numeric else list(each.valid_values),
                "value": getattr(plugin, name),
                "unit": each.label or "",
            }
        return {name: _plain(entry) for name, entry in found.items()}

    def set(self, name: str, value: float | bool | str) -> None:
        """Set a parameter; raises ValueError for a value that it does not take."""
        for plugin in self._copies:
            setattr(plugin, name, value)

    def reset(self) -> None:
        """Forget all audio."""
        for plugin in self._copies:
            plugin.reset()

    def process(self, block: Audio) -> Audio:
        """Return what is ready, ``(channels, frames)``."""
        if not self._doubled:
            return self._run(block)
        both = self._run(np.concatenate((block, block)))
        return np.asarray(both.mean(axis=0, keepdims=True))

    def _run(self, block: Audio) -> Audio:
        sides = [block] if len(self._copies) == 1 else [side[np.newaxis] for side in block]
        outs = [
            plugin.process(side, self._rate, buffer_size=CHUNK_FRAMES, reset=False)
            for plugin, side in zip(self._copies, sides, strict=True)
        ]
        return np.concatenate(outs, dtype=np.float32)


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry in plain numbers and words, as JSON has them."""
    plain: dict[str, Any] = {}
    for key, value in entry.items():
        if isinstance(value, float | int | str) or value is None:
            plain[key] = value if isinstance(value, bool | str) or value is None else float(value)
        elif isinstance(value, list):
            plain[key] = [str(each) for each in value]
        else:
            plain[key] = str(value)
    return plain
