"""A playback system as a document: what a kind of loudspeaker makes of a master."""

from __future__ import annotations

import datetime as dt
from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import Document, MisfitError, Settings, items, parameter
from mixmaster.errors import Problem

_FLOOR_DB = -90.0
"""What lies outside the points goes on as their last two do, but not below this."""


class CurvePoint(Settings):
    """One point of a response; between two the level is a straight line over octaves."""

    frequency_hz: float = parameter(..., "The frequency.", low=1.0, high=100_000.0)
    level_db: float = parameter(..., "The level there.", low=-90.0, high=30.0)


class PlaybackSystem(Document):
    """A playback system."""

    kind: Literal["system"] = parameter(..., "What the document is: system.")
    channels: Literal["stereo", "mono"] = parameter(
        "stereo", "mono: there is one loudspeaker, which gets half of left and half of right."
    )
    curve: tuple[CurvePoint, ...] = items(
        "Its response by rising frequency; silent for a flat one.", most=512
    )
    source: str = parameter("", "Where the curve comes from.")
    unsure: str = parameter("", "What of it is not certain, in words.")
    checked: dt.date | None = parameter(None, "When it was last checked.")

    @model_validator(mode="after")
    def _rises(self) -> Self:
        hz = [point.frequency_hz for point in self.curve]
        if len(hz) == 1:
            raise MisfitError([Problem("curve", "one point is no curve", "give two, or none")])
        for index in range(1, len(hz)):
            if not hz[index] > hz[index - 1]:
                reason = f"{hz[index]:g} Hz comes after {hz[index - 1]:g} Hz"
                hint = "order the points by rising frequency"
                raise MisfitError([Problem(f"curve.{index}.frequency_hz", reason, hint)])
        return self

    def level_db(self, frequencies_hz: Block) -> Block:
        """Return the response at frequencies above 0, of the same shape."""
        if not self.curve:
            return np.zeros(np.shape(frequencies_hz))
        octaves = np.log2([point.frequency_hz for point in self.curve])
        levels = np.array([point.level_db for point in self.curve])
        at = np.log2(frequencies_hz)
        inside = np.interp(at, octaves, levels)
        slopes = np.diff(levels) / np.diff(octaves)
        below = levels[0] + slopes[0] * np.minimum(at - octaves[0], 0.0)
        above = levels[-1] + slopes[-1] * np.maximum(at - octaves[-1], 0.0)
        out = np.where(at < octaves[0], below, np.where(at > octaves[-1], above, inside))
        return np.asarray(np.clip(out, _FLOOR_DB, float(levels.max())))
