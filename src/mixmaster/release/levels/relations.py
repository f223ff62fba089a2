"""Whether finished tracks are to each other what they were to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mixmaster.release.levels.album import RELATION_LU, AlbumLevels
from mixmaster.results import Result


@dataclass(frozen=True, slots=True)
class Relations(Result):
    """How finished tracks stand to each other, against what was wanted.

    Attributes:
        off_lu: How far each is from its wanted loudness, by key.
        worst_lu: The largest difference of two of them: how far a relation is off.
        worst: Which two, by name; empty for fewer than two.
        kept: Whether every relation is within 0.05 LU; a thing of albums whose tracks have one
            gain, else True.
    """

    off_lu: dict[str, float]
    worst_lu: float
    worst: tuple[str, ...]
    kept: bool

    def words(self) -> str:
        """Return it in words."""
        if not self.worst:
            return "there is no relation to keep"
        one, other = self.worst
        verb = "are kept" if self.kept else "are NOT kept"
        return f"the tracks' relations {verb}: {one} to {other} is off by {self.worst_lu:.3f} LU"


def relations(levels: AlbumLevels, found_lufs: Mapping[str, float | None]) -> Relations:
    """Return how finished tracks stand to each other.

    Args:
        levels: What was wanted.
        found_lufs: The loudness measured on the finished files, by track; what is missing or
            None is left out.
    """
    off = {
        each.key: round(lufs - each.wanted_lufs, 4) + 0.0
        for each in levels.tracks
        if each.wanted_lufs is not None and (lufs := found_lufs.get(each.key)) is not None
    }
    if len(off) < 2:
        return Relations(off, 0.0, (), kept=True)
    low, high = min(off, key=lambda key: off[key]), max(off, key=lambda key: off[key])
    worst = round(off[high] - off[low], 4)
    return Relations(
        off_lu=off,
        worst_lu=worst,
        worst=(levels.track(high).name, levels.track(low).name),
        kept=not levels.keeps_relations or worst <= RELATION_LU,
    )
