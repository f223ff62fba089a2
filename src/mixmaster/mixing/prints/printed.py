"""What is to be printed of a mix, versions and stems, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mixmaster.engine.stats import BridgeRow
from mixmaster.metering.programme import ProgrammeFigures
from mixmaster.mixing.prints.file_names import DEFAULT_TEMPLATE
from mixmaster.mixing.prints.stem_groups import StemReturns
from mixmaster.mixing.prints.versions import NamedVersion
from mixmaster.mixing.staging import Staging
from mixmaster.results import Result

NULL_DBFS = -120.0
"""Stems that miss their mix by no more than this, RMS, add up to it."""

Residual = Literal["auto", "always", "never"]
"""Whether there is a stem of what the others miss: where they miss something, always, or never."""


@dataclass(frozen=True, slots=True)
class StemsWanted:
    """Which stems are to be printed.

    Attributes:
        returns: Where reverbs and echoes go.
        residual: Whether what the stems miss becomes a stem of its own.
    """

    returns: StemReturns = "with_groups"
    residual: Residual = "auto"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be printed.

    Attributes:
        versions: The versions.
        stems: The stems of the mix itself; None for none.
        template: What files are called; see `file_names.FIELDS`.
        title: What the song is called; what its session says if None.
    """

    versions: tuple[NamedVersion, ...]
    stems: StemsWanted | None = None
    template: str = DEFAULT_TEMPLATE
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Printed(Result):
    """A file that was printed.

    Attributes:
        name: The version's or the stem's.
        file: The file.
        words: What it is.
        figures: What it measures.
    """

    name: str
    file: Path
    words: str
    figures: ProgrammeFigures


@dataclass(frozen=True, slots=True)
class StemSum(Result):
    """How well stems add up to their mix: the mix less their sum, read from the written files.

    Attributes:
        stems: How many there are, the residual included.
        returns: Where reverbs and echoes are.
        null_rms_dbfs: What is left; None if nothing is.
        null_peak_dbfs: Its largest sample; None if nothing is.
        missing_rms_dbfs: What the stems other than the residual miss before anything is rounded;
            None if nothing.
        residual: Whether there is a residual stem.
        reasons: Why a figure is None.
    """

    stems: int
    returns: StemReturns
    null_rms_dbfs: float | None
    null_peak_dbfs: float | None
    missing_rms_dbfs: float | None
    residual: bool
    reasons: dict[str, str]

    @property
    def holds(self) -> bool:
        """Whether the stems add up to the mix."""
        return self.null_rms_dbfs is None or self.null_rms_dbfs <= NULL_DBFS


@dataclass(frozen=True, slots=True)
class PrintRun(Result):
    """What was printed.

    Attributes:
        versions: The versions.
        stems: The stems of the mix itself.
        sum: How well they add up to it; None without stems.
        length_s: How long every file is.
        bridge: The levels of the mix itself, of its strips and of its buses.
        staging: What gain staging did.
        notes: What is worth knowing.
        warnings: What is probably not wanted.
    """

    versions: tuple[Printed, ...]
    stems: tuple[Printed, ...]
    sum: StemSum | None
    length_s: float
    bridge: tuple[BridgeRow, ...]
    staging: tuple[Staging, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
