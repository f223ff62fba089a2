"""The target profile: what masters of a kind measure, and how that was found out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np
from pydantic import model_validator

from mixmaster.arrays import Block
from mixmaster.documents.base import Document, MisfitError, Settings, items, parameter
from mixmaster.documents.finding import find_preset
from mixmaster.documents.loading import load
from mixmaster.dsp.match import BANDS_HZ
from mixmaster.dsp.spectrum import band_mids_hz, nominal_hz
from mixmaster.errors import Problem

THIRDS_HZ: Final = tuple(nominal_hz(BANDS_HZ).round(1).tolist())
"""The nominal third octaves of a tonal curve, 40 Hz to 16 kHz."""

OCTAVES_HZ: Final = tuple(nominal_hz(band_mids_hz(1, 63.0, 8_000.0)).round(1).tolist())
"""The nominal octaves of the width, 63 Hz to 8 kHz."""

LEVEL_FROM_HZ: Final = 100.0
LEVEL_TO_HZ: Final = 10_000.0
"""Curves are levelled over these bands: their mean there is 0 dB."""

LOWEST_SIDE_DB: Final = -60.0
"""Side this far under mid is mono: nothing further down is told apart."""


class Bands(Settings):
    """Levels of bands, and how far from them is still right."""

    hz: tuple[float, ...] = items("The bands' nominal frequencies, Hz, from low to high.")
    level_db: tuple[float, ...] = items("The level of each, dB.")
    tolerance_db: tuple[float, ...] = items("How far from it is still right, dB either way.")

    def _problems(self, known: Sequence[float], lowest: float, highest: float) -> list[Problem]:
        problems = []
        strange = [hz for hz in self.hz if hz not in known]
        if strange:
            hint = ", ".join(f"{hz:g}" for hz in known)
            problems.append(Problem("hz", f"{strange[0]:g} is no band here", f"bands: {hint}"))
        if any(low >= high for low, high in zip(self.hz, self.hz[1:], strict=False)):
            problems.append(Problem("hz", "is not in rising order", "each band once"))
        for key, values in (("level_db", self.level_db), ("tolerance_db", self.tolerance_db)):
            if len(values) != len(self.hz):
                reason = f"has {len(values)} figures for {len(self.hz)} bands"
                problems.append(Problem(key, reason, "one for each"))
        outside = [value for value in self.level_db if not lowest <= value <= highest]
        if outside:
            reason = f"{outside[0]:g} is not between {lowest:g} and {highest:g}"
            problems.append(Problem("level_db", reason))
        if any(not 0.0 <= value <= 24.0 for value in self.tolerance_db):
            problems.append(Problem("tolerance_db", "is not between 0 and 24"))
        return problems

    def over(self, known: Sequence[float]) -> tuple[Block, Block]:
        """Return levels and tolerances at bands; NaN where the document says nothing."""
        level, tolerance = np.full(len(known), np.nan), np.full(len(known), np.nan)
        places = [list(known).index(hz) for hz in self.hz]
        level[places], tolerance[places] = self.level_db, self.tolerance_db
        return level, tolerance


class Tone(Bands):
    """The tonal curve: third octaves of both channels together, in the loudest sections.

    Only differences between bands count.
    """

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = self._problems(THIRDS_HZ, -120.0, 60.0)
        if not problems and len(self.hz) < 2:
            problems = [Problem("hz", "has fewer than two bands", "a curve needs more")]
        if problems:
            raise MisfitError(problems)
        return self


class Width(Bands):
    """The width: the power of side over that of mid in octaves, in the loudest sections."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if problems := self._problems(OCTAVES_HZ, LOWEST_SIDE_DB, 20.0):
            raise MisfitError(problems)
        return self


class LowEnd(Settings):
    """How mono the bass is."""

    below_hz: float = parameter(
        120.0, "Up to where it is the bass: 80 to 150.", low=50.0, high=400.0
    )
    side_db: float = parameter(
        ...,
        "The power of side over that of mid from 40 Hz up to there: -20 is firm, -60 is mono.",
        low=LOWEST_SIDE_DB,
        high=20.0,
    )


class Reference(Settings):
    """A track that the profile was drawn from."""

    name: str = parameter(..., "The file's name.")
    sha256: str = parameter("", "Of the file's bytes.")
    duration_s: float = parameter(0.0, "Its length.", low=0.0)
    taken_s: float = parameter(0.0, "How much of it the curves are drawn from.", low=0.0)
    integrated_lufs: float | None = parameter(None, "Its loudness.")
    true_peak_dbtp: float | None = parameter(None, "Its true peak.")


class Profile(Document):
    """A target profile: loudness, ceiling, tone, width, low end and dynamics of masters."""

    kind: Literal["profile"] = parameter(..., "What the document is: profile.")
    source: str = parameter("", "Where the figures come from.")
    method: str = parameter("", "How they were drawn from it: sections, weighting.")
    references: int = parameter(0, "From how many tracks.", low=0)
    checked: dt.date | None = parameter(None, "When they were last checked.")
    integrated_lufs: float | None = parameter(
        None, "How loud such masters are, LUFS.", low=-40.0, high=0.0
    )
    true_peak_dbtp: float | None = parameter(
        None, "How high their true peaks reach, dBTP.", low=-60.0, high=12.0
    )
    plr_db: float | None = parameter(
        None,
        "Their peak-to-loudness ratio, true peak over integrated loudness, dB: advice, nothing is "
        "made to fit it.",
        low=0.0,
        high=60.0,
    )
    tone: Tone | None = parameter(None, "The tonal curve.")
    width: Width | None = parameter(None, "The stereo width by band.")
    low_end: LowEnd | None = parameter(None, "How mono the bass is.")
    reference: tuple[Reference, ...] = items("The tracks it was drawn from.", most=1_000)


@dataclass(frozen=True, slots=True)
class NamedProfile:
    """A profile and what people call it: a preset's name, or a reference's file name."""

    name: str
    profile: Profile


def load_profile(name: str) -> NamedProfile:
    """Return a profile by name or path."""
    path = find_preset("profile", name)
    return NamedProfile(path.stem, load(Profile, path))
