"""What a mastering run says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mixmaster.engine.stats import ReductionFigures
from mixmaster.mastering.chain import StageFigures
from mixmaster.mastering.matching import MatchFigures
from mixmaster.metering.programme import ProgrammeFigures
from mixmaster.results import Result


@dataclass(frozen=True, slots=True)
class MasterResult(Result):
    """One target's master, or why there is none.

    Attributes:
        target: The target's short name.
        file: The master; None where it was refused.
        manifest: Its manifest.
        sha256: Of the file's bytes.
        wanted_lufs: The integrated loudness asked for; None where it was left as it is.
        wanted_short_term_lufs: The loudness asked for the loudest 3 s; where both are given, the
            stricter one is met.
        ceiling_dbtp: The ceiling; None where nothing is limited.
        gain_db: From the chain's output to the limiter's input.
        limiter: What the limiter did; None for a master that is only gain.
        after: The file's figures, read back.
        dialogue_lufs: The file's loudness where somebody speaks, where that was asked for.
        dialogue_share: How much of the programme holds speech, 0 to 1, where that was asked for.
        plr_lu: Its peak-to-loudness ratio: true peak less integrated loudness.
        trimmed_head_s: Silence that was cut off its beginning.
        trimmed_tail_s: Silence that was cut off its end.
        warnings: What the place would not like, though the master meets its figures.
        passes: How often the file was written before it was right.
        format: What kind of file it is, in words: ``MP3, 320 kbit/s, 44100 Hz``.
        overs_db: How far each encoding that was over the ceiling, decoded, was over it; each time
            the ceiling in front of the encoder was lowered. Empty for lossless files.
        ceiling_in_front_dbtp: The ceiling that the limiter has kept to; lower than
            ``ceiling_dbtp`` where an encoder made it so.
        refused: Why there is no master, in words; empty for a master.
        figures: The figures that prove it.
    """

    target: str
    file: Path | None = None
    manifest: Path | None = None
    sha256: str | None = None
    wanted_lufs: float | None = None
    wanted_short_term_lufs: float | None = None
    ceiling_dbtp: float | None = None
    gain_db: float | None = None
    limiter: ReductionFigures | None = None
    after: ProgrammeFigures | None = None
    dialogue_lufs: float | None = None
    dialogue_share: float | None = None
    plr_lu: float | None = None
    trimmed_head_s: float = 0.0
    trimmed_tail_s: float = 0.0
    warnings: tuple[str, ...] = ()
    passes: int = 0
    format: str = ""
    overs_db: tuple[float, ...] = ()
    ceiling_in_front_dbtp: float | None = None
    refused: str = ""
    figures: dict[str, float] | None = None

    @property
    def lowered(self) -> str:
        """What there is to say of a ceiling that was lowered; empty where it was not."""
        if not self.overs_db or self.ceiling_dbtp is None or self.ceiling_in_front_dbtp is None:
            return ""
        overs = ", ".join(f"{over:.2f}" for over in self.overs_db)
        times = {1: "once", 2: "twice"}.get(len(self.overs_db), f"{len(self.overs_db)} times")
        return (
            f"decoded it was {overs} dB over {self.ceiling_dbtp:.1f} dBTP: the ceiling in front of "
            f"the encoder was lowered {times}, to {self.ceiling_in_front_dbtp:.2f} dBTP"
        )


@dataclass(frozen=True, slots=True)
class MasterRun(Result):
    """A mix through one chain to all its targets.

    Attributes:
        source: The mix.
        preset: The mastering preset's name.
        before: The mix's figures.
        input_gain_db: The gain before the chain.
        inserts: What each dynamics insert of the chain did.
        matches: What each match stage found and does.
        stages: What each insert did to the loudness, where that was measured.
        results: One for each target, in the order asked for.
        notes: What had to be said on the way.
    """

    source: Path
    preset: str
    before: ProgrammeFigures
    input_gain_db: float
    inserts: tuple[ReductionFigures, ...]
    results: tuple[MasterResult, ...]
    notes: tuple[str, ...]
    matches: tuple[MatchFigures, ...] = ()
    stages: tuple[StageFigures, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 when every target has its master, 1 when one was refused."""
        return 1 if any(result.refused for result in self.results) else 0
