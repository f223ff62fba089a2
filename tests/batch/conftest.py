"""Tiny songs, and an executor that runs stages in this very process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from tests.tiny_documents import CHAIN, TARGET

from mixmaster.batch.events import Event, Started
from mixmaster.batch.local.workplace import LocalWorkplace
from mixmaster.batch.planning.document import Batch
from mixmaster.batch.planning.prepare import BatchOptions, Prepared
from mixmaster.batch.planning.songs import song_jobs
from mixmaster.batch.running.run import Run
from mixmaster.batch.running.summary import Summary
from mixmaster.batch.stages.stage import StageResult, StageSpec
from mixmaster.batch.stages.working import run_stage
from mixmaster.batch.state.store import FOLDER
from mixmaster.documents.loading import validate

RATE_HZ = 8_000
PRESET = """
format = 1
kind = "mix"
name = "Two strips"
[strip.low]
match = ["low"]
gain_db = -6.0
[strip.high]
match = ["high"]
gain_db = -6.0
[strip.other]
match = ["*"]
gain_db = -12.0
[version.lowest]
mute = ["high"]
"""


class Serial:
    """Runs each stage when it is submitted, here."""

    workers = 1

    def __init__(self, output: Path) -> None:
        self._workplace = LocalWorkplace(output)
        self._told: list[Event | StageResult] = []

    def takes(self, spec: StageSpec) -> bool:
        return not self._told

    def submit(self, spec: StageSpec, *, waiting: int = 0) -> None:
        # What a worker is handed crosses a pipe as JSON.
        handed = StageSpec.from_json(json.loads(json.dumps(spec.to_json(), allow_nan=False)))
        self._told.append(Started(stage=spec.id, kind=spec.kind, song=spec.song))
        result = run_stage(handed, self._workplace)
        self._told.append(StageResult.from_json(json.loads(json.dumps(result.to_json()))))

    def events(self, timeout_s: float) -> Sequence[Event | StageResult]:
        told, self._told = self._told, []
        return told

    def cancel(self) -> None:
        self._told.clear()

    def close(self) -> None:
        self.cancel()


class Studio:
    """A folder with presets, songs and a jobs document."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "out"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mix.toml").write_text(PRESET)
        (folder / "chain.toml").write_text(CHAIN)
        self.target("loud", -12.0)
        self.target("quiet", -16.0, "flac")
        self.table: dict[str, Any] = {
            "format": 1,
            "kind": "batch",
            "name": "Night",
            "preset": "mix.toml",
            "masters": ["chain.toml"],
            "targets": ["loud.toml", "quiet.toml"],
            "song": [{"path": "songs/*"}],
        }
        self.events: list[Event] = []

    def target(self, name: str, lufs: float, form: str = "wav") -> None:
        text = TARGET.format(name=name, lufs=lufs, form=form)
        (self.folder / f"{name}.toml").write_text(text)

    def song(self, name: str, seconds: float = 0.5, seed: int = 0) -> Path:
        folder = self.folder / "songs" / name
        folder.mkdir(parents=True)
        for number, stem in enumerate(("low", "high")):
            self.stem(name, stem, seconds, 100 * seed + number)
        return folder

    def stem(self, song: str, stem: str, seconds: float = 0.5, seed: int = 0) -> Path:
        random = np.random.default_rng(seed)
        path = self.folder / "songs" / song / f"{stem}.wav"
        samples = 0.1 * random.standard_normal(round(seconds * RATE_HZ))
        soundfile.write(path, samples, RATE_HZ, subtype="PCM_16")
        return path

    def prepared(self, **options: Any) -> Prepared:
        batch = validate(Batch, self.table, where="jobs.toml")
        jobs = song_jobs(batch, self.folder, overrides=options.pop("overrides", ()))
        found = BatchOptions(
            self.output, jobs, keep_premasters=options.pop("keep_premasters", True), **options
        )
        return Prepared(found, lambda _what, _share: None)

    def run(self, *, fail_fast: bool = False, **options: Any) -> Summary:
        self.events = []
        prepared = self.prepared(**options)
        prepared.store.start()
        prepared.store.recover()
        executor = Serial(self.output)
        return Run(prepared, executor, self.events.append, cores=1, fail_fast=fail_fast).run()

    def began(self) -> list[str]:
        """Return the stages that the last run has begun."""
        return [each.stage for each in self.events if isinstance(each, Started)]

    def hashes(self) -> dict[str, str]:
        return hashes(self.output)


def hashes(output: Path) -> dict[str, str]:
    """Return the hash of every master and manifest; times stand in the overview."""
    return {
        str(path.relative_to(output)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(output.rglob("*"))
        if path.is_file() and FOLDER not in path.parts and path.suffix != ".html"
    }


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "studio")


@pytest.fixture
def make_studio(tmp_path: Path) -> Callable[[str], Studio]:
    return lambda name: Studio(tmp_path / name)
