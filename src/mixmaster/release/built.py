"""What a build comes to: its files, their proofs, and what was refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from mixmaster.release.freezing import TargetLevels
from mixmaster.release.proof.answers import Proof
from mixmaster.release.proof.proving import prove_files
from mixmaster.release.proof.record import FileRecord
from mixmaster.release.proof.recording import proven
from mixmaster.release.publishing.folder import ReleaseFolder
from mixmaster.results import Result


@dataclass(frozen=True, slots=True)
class Refusal(Result):
    """A file that the release cannot have.

    Attributes:
        target: The target's name.
        track: What it is of, in words.
        reason: Why, with figures.
        figures: The figures.
    """

    target: str
    track: str
    reason: str
    figures: dict[str, float]


@dataclass(slots=True)
class Built:
    """What a build has come to.

    Attributes:
        records: Every file, in order.
        proofs: What was found of each.
        levels: Each target's levels, to be frozen.
        coherence: How the tracks compare, as the record keeps it.
        made: The places of files that were made in this build.
        notes: What had to be said, by target; those of the whole under an empty name.
        refused: What cannot be had; then nothing is published.
    """

    records: list[FileRecord] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    levels: dict[str, TargetLevels] = field(default_factory=dict)
    coherence: dict[str, object] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)

    def note(self, target: str, texts: Sequence[str]) -> None:
        """Add what had to be said of a target."""
        self.notes.setdefault(target, []).extend(texts)

    def prove(
        self, folder: ReleaseFolder, threads: int | None, progress: Callable[[float], None]
    ) -> None:
        """Prove every file that was made; what fails is refused.

        Args:
            folder: What becomes the release.
            threads: How many files are decoded at once.
            progress: Told how much is done.
        """
        fresh = set(self.made)
        new = [record for record in self.records if record.path in fresh]
        found = prove_files(folder.new, new, threads=threads, progress=progress)
        proofs = {proof.path: proof for proof in found}
        for number, record in enumerate(self.records):
            proof = proofs.get(record.path)
            if proof is None:
                self.proofs.append(_stays(record))
                continue
            if proof.faults:
                self.refused.append(Refusal(record.target, record.path, proof.words, {}))
            # What decoding had to say goes with the record: a rebuild says the same.
            kept = proven(record, proof)
            notes = tuple(dict.fromkeys((*kept.notes, *proof.remarks)))
            self.records[number] = kept.model_copy(update={"notes": notes})
            self.proofs.append(replace(proof, remarks=()))


def _stays(record: FileRecord) -> Proof:
    """Return the proof of a file that was released before and has the same hash now."""
    return Proof(
        path=record.path,
        kind=record.kind,
        target=record.target,
        track=record.track,
        version=record.version,
        sha256=record.sha256,
        bytes=record.bytes,
        figures=record.figures,
        samples_sha256=None if record.audio is None else record.audio.samples_sha256,
    )
