"""A song's plan: which stages it has and what each is keyed by; small, so that thousands fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from mixmaster.batch.stages.stage import StageOutput
from mixmaster.results import Result


@dataclass(frozen=True, slots=True)
class PlannedMix(Result):
    """A song's mix.

    Attributes:
        id: The stage's id.
        key: The stage's key.
        outputs: The premasters, one a version.
        work: How much it is; see `costs.mix_work`.
        stems: How many files it mixes.
    """

    id: str
    key: str
    outputs: tuple[StageOutput, ...]
    work: float
    stems: int


@dataclass(frozen=True, slots=True)
class PlannedMaster(Result):
    """One version through one chain.

    Attributes:
        id: The stage's id.
        version: The version; ``main`` for the mix itself.
        master: The mastering preset's name.
        chain: The digest of the chain and all that its targets have in common.
        targets: The digest of each target, in order.
        paths: Where each target's master goes, from the output folder on.
        bytes_at_most: How large each may become.
    """

    id: str
    version: str
    master: str
    chain: str
    targets: Mapping[str, str]
    paths: Mapping[str, str]
    bytes_at_most: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SongPlan(Result):
    """One song.

    Attributes:
        name: Its name.
        source: The session, the stems' folder or the mix.
        duration_s: How long it is, without tails.
        frames: The same in frames.
        mix: Its mix; None for a song that is a mix already.
        mix_sha256: Of that; empty for others.
        masters: Its masters.
        notes: What is worth knowing.
        error: Why there is no plan; empty for a plan.
        depends: What the plan was drawn from: kind, path, hash.
    """

    name: str
    source: str
    duration_s: float = 0.0
    frames: int = 0
    mix: PlannedMix | None = None
    mix_sha256: str = ""
    masters: tuple[PlannedMaster, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    depends: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the plan that ``to_json`` has written."""
        mix = data["mix"]
        if mix is not None:
            outputs = tuple(StageOutput(**each) for each in mix["outputs"])
            mix = PlannedMix(**{**mix, "outputs": outputs})
        return cls(
            **{
                **data,
                "mix": mix,
                "masters": tuple(PlannedMaster(**each) for each in data["masters"]),
                "notes": tuple(data["notes"]),
                "depends": tuple((a, b, c) for a, b, c in data["depends"]),
            }
        )

    @property
    def paths(self) -> tuple[str, ...]:
        """All outputs of the song, premasters not counted."""
        return tuple(path for each in self.masters for path in each.paths.values())
