"""Takes in a folder, and stems arranged of them: for tests of regions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from mixmaster.audio.source import probe
from mixmaster.documents.tempo import TempoMap
from mixmaster.errors import DocumentError
from mixmaster.mixing.regions.arranged import Arranged
from mixmaster.mixing.regions.arranging import Studio, arrange
from mixmaster.mixing.regions.declared import Arrangement, Region, RegionMode

RATE = 8_000


def noise(seconds: float, seed: int = 0, channels: int = 1, rate: int = RATE) -> np.ndarray:
    size = (channels, round(seconds * rate))
    # Float32, as the files hold it: what is read back is bit for bit what is expected here.
    return np.random.default_rng(seed).uniform(-0.5, 0.5, size).astype(np.float32).astype(float)


class Takes:
    """A folder of takes; ``stem`` is the stem's own file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.takes: dict[str, np.ndarray] = {}

    def add(self, name: str, samples: np.ndarray, rate: int = RATE) -> np.ndarray:
        sf.write(self.folder / name, samples.T, rate, "FLOAT")
        self.takes[name] = samples
        return samples

    def arrange(
        self, *regions: dict[str, Any], mode: RegionMode = "fix", rate: int = RATE, **more: Any
    ) -> Arranged:
        declared = tuple(Region(**region) for region in regions)
        own = self.folder / "stem.wav"
        takes = {r.file: self.folder / r.file for r in declared if r.file}
        arrangement = Arrangement(declared, mode, "stem.1", takes)
        tempo = more.pop("tempo", TempoMap.constant(120.0))
        studio = Studio(rate, tempo, "song.toml", **more)
        return arrange({own: arrangement}, {own: probe(own)}, studio)[own]

    def read(self, *regions: dict[str, Any], mode: RegionMode = "fix", **more: Any) -> np.ndarray:
        arranged = self.arrange(*regions, mode=mode, **more)
        with arranged.open() as source:
            block = source.read(arranged.frames + 1)
        assert block.shape[1] == arranged.frames
        return block

    def problems(self, *regions: dict[str, Any], mode: RegionMode = "comp") -> list[str]:
        with pytest.raises(DocumentError) as caught:
            self.arrange(*regions, mode=mode)
        assert caught.value.where == "song.toml"
        return [str(problem) for problem in caught.value.problems]
