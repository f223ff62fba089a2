"""What a page shows of one file: a survey with its curves as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from mixmaster.pages.scene import Points

if TYPE_CHECKING:
    from mixmaster.metering.events import Event
    from mixmaster.metering.survey import Survey

_NAMES = {
    1: ("mono",),
    2: ("L", "R"),
    3: ("L", "R", "C"),
    5: ("L", "R", "C", "Ls", "Rs"),
    6: ("L", "R", "C", "LFE", "Ls", "Rs"),
}
"""Channels in the order of WAVE's mask (ITU-R BS.775 layouts)."""


class TargetLike(Protocol):
    """What a chart draws of a target; the mastering room's ``Target`` is one."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def integrated_lufs(self) -> float | None:
        """The loudness asked for."""

    @property
    def max_short_term_lufs(self) -> float | None:
        """The loudest 3 seconds accepted."""

    @property
    def max_loudness_range_lu(self) -> float | None:
        """The widest loudness range accepted."""

    def ceiling_dbtp(self, integrated_lufs: float | None) -> float | None:
        """Return the true-peak ceiling for a master of this loudness."""


@dataclass(frozen=True, slots=True, eq=False)
class TonalCurve:
    """A spectrum to compare with.

    Attributes:
        label: What it is called in a chart.
        hz: Rising frequencies.
        db: Its levels, on the scale of the files' smoothed spectra; only the shape counts.
        source: Where it comes from, as a sentence for the page.
    """

    label: str
    hz: Points
    db: Points
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A file on a page.

    Attributes:
        name: What people call it: any text at all.
        survey: Its figures.
        notes: What was to be said while it was read.
        dual_mono: Whether a mono file was measured as it sounds from two loudspeakers.
    """

    name: str
    survey: Survey
    notes: tuple[str, ...] = ()
    dual_mono: bool = False

    @property
    def convention(self) -> str:
        """How a mono file was measured; empty for others."""
        if self.channels != 1:
            return ""
        return "mono, as from two loudspeakers" if self.dual_mono else "mono, one loudspeaker"

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.survey.programme.duration_s

    @property
    def channels(self) -> int:
        """How many channels it has."""
        return self.survey.programme.channels

    @property
    def events(self) -> Sequence[Event]:
        """What happened in it, in the order of time."""
        return sorted(self.survey.events.events, key=lambda event: (event.start_s, event.kind))


def channel_name(channel: int, channels: int) -> str:
    """Return what a channel is called: L, R, C ...; a number where there is no layout."""
    names = _NAMES.get(channels)
    return names[channel] if names else str(channel + 1)


def numbers(values: Sequence[float | None] | Points | None) -> Points:
    """Return values as an array, NaN for those that do not exist."""
    if values is None:
        return np.zeros(0)
    return np.array([np.nan if value is None else value for value in values], np.float64)
