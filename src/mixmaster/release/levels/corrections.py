"""Corrections: how far an outlier may be brought to the others, and the preset that does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import with_config

from mixmaster.effects.eq import Eq
from mixmaster.effects.eq_bands import EqBand
from mixmaster.errors import DocumentError, Problem
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.release.levels.sound import TILT_HZ
from mixmaster.release.levels.strict import STRICT
from mixmaster.results import Result

MOST_GAIN_DB: Final = 1.5
MOST_TILT_DB: Final = 1.0
"""The tilt's own figure: the top by as much, and the bottom by as much the other way."""

_WORTH_DB: Final = 0.1
"""Less than this nobody would turn a knob for."""

_DIGITS: Final = 2
_ID: Final = "cohere"
_MOST_INSERTS: Final = 64


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Correction(Result):
    """What is proposed for one track.

    Attributes:
        key: The track.
        gain_db: An offset of its level on the album, at most 1.5 either way.
        tilt_db: A tilt of its tone about 1 kHz, at most 1 either way; above 0 is brighter.
        why: In words, a reason each.
    """

    key: str
    gain_db: float
    tilt_db: float
    why: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it does anything."""
        return self.gain_db != 0.0 or self.tilt_db != 0.0

    def words(self) -> str:
        """Return what it does, in words."""
        said = []
        if self.gain_db:
            said.append(f"{self.gain_db:+.2f} dB")
        if self.tilt_db:
            to = "brighter" if self.tilt_db > 0.0 else "darker"
            said.append(f"{abs(self.tilt_db):.2f} dB of tilt, {to}")
        return " and ".join(said) or "nothing"


def bounded(wanted_db: float, most_db: float) -> float:
    """Return what is done of what is wanted: no more than is allowed, and nothing tiny."""
    if abs(wanted_db) < _WORTH_DB:
        return 0.0
    return round(max(-most_db, min(most_db, wanted_db)), _DIGITS) + 0.0


def corrected(preset: MasteringPreset, correction: Correction) -> MasteringPreset:
    """Return a mastering preset with a correction's tilt as an ordinary insert.

    It is an ``eq`` with one tilt band behind the rest of the chain, before the delivery limiter:
    what was measured is what it acts on. Its id is ``cohere``, so that ``--set`` reaches it. The
    gain is no insert: it is the track's offset on the album (``album.TrackLoudness.offset_lu``),
    where it cannot be undone by the loudness that is solved for.

    Args:
        preset: The track's chain.
        correction: What is to be done.

    Raises:
        DocumentError: For a chain that has no room for one more insert.
    """
    if correction.tilt_db == 0.0:
        return preset
    if len(preset.insert) >= _MOST_INSERTS:
        problem = Problem("insert", f"has no room for a correction: {_MOST_INSERTS} at most")
        raise DocumentError(preset.name, (problem,))
    band = EqBand(shape="tilt", frequency_hz=TILT_HZ, gain_db=correction.tilt_db)
    tilt = Eq(effect="eq", id=_free_id(preset), bands=(band,))
    fields = {name: getattr(preset, name) for name in type(preset).model_fields}
    fields["insert"] = (*preset.insert, tilt)
    return MasteringPreset(**fields).place(preset.origin)


def _free_id(preset: MasteringPreset) -> str:
    taken = {effect.id for effect in preset.insert}
    numbers = range(2, _MOST_INSERTS + 2)
    return next(
        each for each in (_ID, *(f"{_ID}{number}" for number in numbers)) if each not in taken
    )
