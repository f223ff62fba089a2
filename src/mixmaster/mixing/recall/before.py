"""What an earlier run has found of a mix's stems, so that it need not be found again."""

from __future__ import annotations

from dataclasses import dataclass

from mixmaster.mixing.aligning import Alignment
from mixmaster.mixing.staging import Staging
from mixmaster.mixing.stem_names.names import Assignment


@dataclass(frozen=True, slots=True)
class Before:
    """What was found of stems: a later version, which may hear otherwise, keeps to it.

    Attributes:
        assignment: Where every stem goes.
        stagings: What gain staging did.
        alignments: What aligning did.
    """

    assignment: Assignment
    stagings: tuple[Staging, ...]
    alignments: tuple[Alignment, ...]
