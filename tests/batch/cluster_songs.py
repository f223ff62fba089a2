"""Short songs for a cluster, and a loop that takes them through an executor."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from mixmaster.batch.events import Event
from mixmaster.batch.planning.depends import Watch
from mixmaster.batch.planning.resolve import Resolved, resolve
from mixmaster.batch.planning.songs import SongJob
from mixmaster.batch.planning.specs import Specs
from mixmaster.batch.stages.stage import Executor, StageResult, StageSpec
from mixmaster.batch.state.costs import Costs
from mixmaster.batch.state.index import StatIndex
from mixmaster.batch.state.store import FOLDER, Store

RATE = 44_100
MIX = """
format = 1
kind = "mix"
name = "Small"
[strip.kick]
match = ["kick*"]
[strip.voice]
match = ["voice*"]
[[strip.voice.insert]]
effect = "compressor"
threshold_db = -20.0
[mix]
"""
MASTER = """
format = 1
kind = "mastering"
name = "Small"
[[insert]]
effect = "limiter"
"""


def write_songs(folder: Path, count: int, seconds: float = 2.0) -> list[Path]:
    """Write folders of two stems, every song another one."""
    made = []
    for number in range(count):
        stems = folder / f"song {number}"
        stems.mkdir(parents=True)
        rng = np.random.default_rng(number)
        t = np.arange(round(seconds * RATE)) / RATE
        kick = 0.5 * np.sin(2 * np.pi * 55.0 * t) * np.exp(-8.0 * (t % 0.5))
        voice = 0.2 * np.sin(2 * np.pi * (300.0 + 10 * number) * t) + 0.02 * rng.standard_normal(
            t.size
        )
        for name, samples in (("Kick", kick), ("Voice", voice)):
            soundfile.write(stems / f"{name}.wav", samples, RATE, "PCM_16")
        made.append(stems)
    (folder / "small.toml").write_text(MIX)
    (folder / "master.toml").write_text(MASTER)
    return made


class Songs:
    """Planned songs.

    Args:
        folder: Where `write_songs` wrote them.
        count: How many.
        store: The folder of outputs.
    """

    def __init__(self, folder: Path, count: int, store: Path) -> None:
        self.store = Store(store)
        self.specs = Specs(self.store, Costs(None), allow_plugins=False)
        self.found: dict[str, Resolved] = {}
        for number in range(count):
            job = SongJob(
                source=str(folder / f"song {number}"),
                form="stems",
                name=f"song-{number}",
                preset=str(folder / "small.toml"),
                masters=(str(folder / "master.toml"),),
                targets=("spotify",),
                versions=("main",),
                overrides=(),
                master_overrides=(),
                sample_rate_hz=None,
                strict=False,
                finish={},
                profile="",
                reference="",
                dialogue="",
                include=(),
                exclude=(),
                template="{song}_{target}",
            )
            self.found[job.name] = resolve(job, Watch(StatIndex(None)))

    def mix(self, song: str) -> StageSpec:
        each = self.found[song]
        return self.specs.mix(each.plan, each.full)

    def master(self, song: str, mixed: StageResult) -> StageSpec:
        each = self.found[song]
        mixes = {made.version: made.sha256 for made in mixed.files}
        (master,) = each.plan.masters
        return self.specs.master(each.plan, master, list(master.targets), mixes, each.full)

    def run(
        self,
        executor: Executor,
        each: Callable[[Event | StageResult], Any] = lambda _: None,
    ) -> dict[str, StageResult]:
        """Take all songs through an executor; return the results by the stages' ids."""
        waiting = [self.mix(song) for song in self.found]
        results: dict[str, StageResult] = {}
        under_way = 0
        while waiting or under_way:
            while waiting and executor.takes(waiting[0]):
                executor.submit(waiting.pop(0))
                under_way += 1
            for said in executor.events(1.0):
                each(said)
                if isinstance(said, StageResult):
                    under_way -= 1
                    if said.outcome == "busy":
                        waiting.append(self._again(said, results))
                        continue
                    results[said.id] = said
                    if said.kind == "mix" and said.outcome != "failed":
                        waiting.insert(0, self.master(said.song, said))
        return results

    def _again(self, said: StageResult, results: Mapping[str, StageResult]) -> StageSpec:
        if said.kind == "mix":
            return self.mix(said.song)
        return self.master(said.song, results[f"mix/{said.song}"])


def hashes(folder: Path) -> dict[str, str]:
    """Return what lies in an output folder: all that is the user's, and premasters."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        kept = not name.startswith(FOLDER) or name.startswith(f"{FOLDER}/premasters")
        if path.is_file() and kept:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
