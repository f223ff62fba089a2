"""Stereo width by mid and side, with the bass kept in the middle."""

from __future__ import annotations

from typing import ClassVar, Literal

from mixmaster.documents.base import parameter
from mixmaster.effects.keyless import KeylessEffect


class Width(KeylessEffect):
    """Narrower or wider. ``width`` 1 without ``mono_below_hz`` is the identity, bit for bit."""

    summary: ClassVar[str] = "Width: narrows or widens the stereo image, and centres the bass."

    effect: Literal["width"] = parameter("width", "The effect's name: width.")
    width: float = parameter(
        1.0,
        "How wide the image is: 0 is mono, 1 as it came, 1.1 to 1.3 a little wider, 2 twice the "
        "difference between the sides (check it in mono).",
        low=0.0,
        high=2.0,
    )
    mono_below_hz: float | None = parameter(
        None,
        "Puts everything below this frequency in the middle, for a firm bass and for vinyl: 80 "
        "to 150; up to 300 for a cut. Off if silent.",
        low=20.0,
        high=1_000.0,
    )
