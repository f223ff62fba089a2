from __future__ import annotations

import pytest

from mixmaster.arrays import Block
from mixmaster.song import Stem, generate
from mixmaster.song.stems import FULL_SCALE


@pytest.fixture(scope="session")
def song() -> dict[str, Stem]:
    return generate()


@pytest.fixture(scope="session")
def audio(song: dict[str, Stem]) -> dict[str, Block]:
    return {name[3:]: stem.samples / FULL_SCALE for name, stem in song.items()}
