"""The shipped mixes on sessions of their kind: the lead in front, compressors at work, mono holds.

What an engineer would respect, as figures. In the loud sections the lead lies where its style has
it: a song's voice between 6 LU under the rest and level with it, a section of an orchestra as one
of many, speech well over its music. Each compressor's 95th-percentile reduction is 1 to 8 dB, or
up to 12 where it ducks something for a key. Folded down to mono the mix loses under 3 dB. Nothing
clips. Effect returns are heard and do not dominate. And all of it still holds when every stem
comes 12 dB hotter or quieter, which is what gain staging is for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests.mixing import ensembles
from tests.mixing.trying import (
    Mixed,
    lead_against_rest_lu,
    lufs_of,
    mixed,
    mono_loss_db,
    taken_away,
)

from mixmaster.arrays import Block
from mixmaster.song.score import SAMPLE_RATE_HZ

SONG = Path(__file__).parents[2] / "test_audio"
EXCERPT_S = (9.0, 22.0)
"""The end of the verse and most of the chorus."""

VOICES = {"12_Lead Vox": "Lead Vox", "13_BGV 1": "BGV 1", "14_BGV 2": "BGV 2"}


@dataclass(frozen=True)
class Promise:
    """What a mix promises.

    Attributes:
        session: Whose stems it is tried on.
        lead: What is in front: a strip or a bus.
        against_rest_lu: Where the lead lies.
    """

    session: str
    lead: str
    against_rest_lu: tuple[float, float]


SONG_VOICE = ("song", "strip.lead_vocal", (-6.0, 0.0))
PROMISES = {
    "rock-band": Promise(*SONG_VOICE),
    "metal": Promise(*SONG_VOICE),
    "pop": Promise(*SONG_VOICE),
    "singer-songwriter": Promise(*SONG_VOICE),
    "electronic": Promise(*SONG_VOICE),
    "hip-hop": Promise(*SONG_VOICE),
    "acoustic": Promise("string_band", "strip.lead_vocal", (-6.0, 0.0)),
    "jazz": Promise("jazz", "strip.horns", (-4.0, 2.0)),
    "orchestral": Promise("orchestra", "strip.violins_1", (-14.0, -5.0)),
    "podcast": Promise("podcast", "bus.voices", (9.0, 20.0)),
    "voice": Promise("talk", "bus.voices", (5.0, 20.0)),
    "film-dialogue": Promise("film", "bus.dialogue", (4.0, 20.0)),
}


@cache
def excerpt() -> dict[str, Block]:
    import soundfile

    start, stop = (round(at * SAMPLE_RATE_HZ) for at in EXCERPT_S)
    found = {}
    for path in sorted(SONG.glob("*.flac")):
        sound, _ = soundfile.read(path, start=start, stop=stop, always_2d=True)
        found[path.stem] = sound.T
    return found


def voices() -> dict[str, Block]:
    return {name: excerpt()[stem][:, : ensembles.FRAMES] for stem, name in VOICES.items()}


SESSIONS: dict[str, Callable[[], dict[str, Block]]] = {
    "song": excerpt,
    "string_band": lambda: ensembles.string_band(voices()),
    "jazz": ensembles.jazz,
    "orchestra": ensembles.orchestra,
    "podcast": ensembles.podcast,
    "talk": ensembles.talk,
    "film": ensembles.film,
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The sessions' stems as recorded."""
    folder = tmp_path_factory.mktemp("recorded")

    @cache
    def written(session: str) -> Path:
        return ensembles.write(folder / session, SESSIONS[session](), gain_db=lambda _: 0.0)

    return written


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The same with every stem up or down by 12 dB, at random; float, so that nothing clips."""
    folder = tmp_path_factory.mktemp("moved")
    rng = np.random.default_rng(12)

    @cache
    def written(session: str) -> Path:
        stems = SESSIONS[session]()
        gains = {name: float(rng.choice([-12.0, 12.0])) for name in stems}
        return ensembles.write(folder / session, stems, gain_db=gains.__getitem__)

    return written


@pytest.fixture(scope="module")
def tried(recorded: Callable[[str], Path]) -> Callable[[str], Mixed]:
    """Each preset on its session as recorded."""

    @cache
    def made(name: str) -> Mixed:
        return mixed(recorded(PROMISES[name].session), name)

    return made


def astray(found: Mixed) -> dict[str, float]:
    """Return the compressors that do nothing, or too much."""
    limits = [(found.reductions_db, 8.01), (found.ducked_db, 12.01)]
    return {
        where: round(db, 1)
        for reductions, most in limits
        for where, db in reductions.items()
        if not 1.0 <= db <= most
    }


@pytest.mark.parametrize("name", PROMISES)
def test_the_lead_lies_where_its_style_has_it(
    name: str, tried: Callable[[str], Mixed], recorded: Callable[[str], Path]
) -> None:
    promise = PROMISES[name]
    rest = mixed(recorded(promise.session), name, f"{promise.lead}.mute=true")
    low, high = promise.against_rest_lu
    assert low <= lead_against_rest_lu(tried(name), rest) <= high
    if name == "film-dialogue":
        # Deliveries for streaming anchor dialogue at -27 LUFS, within 2 LU.
        heard = taken_away(tried(name), rest)
        assert lufs_of(heard, rest.sample_rate_hz) == pytest.approx(-27.0, abs=2.0)


@pytest.mark.parametrize("name", PROMISES)
def test_compressors_work_mono_holds_and_nothing_clips(
    name: str, tried: Callable[[str], Mixed]
) -> None:
    found = tried(name)
    assert not astray(found)
    assert mono_loss_db(found.audio) < 3.0
    # Headroom for the master: neither over full scale nor lost far under it.
    assert -14.0 < found.true_peak_dbtp < -1.0
    assert -29.0 < found.lufs < -15.0


@pytest.mark.parametrize("name", PROMISES)
def test_returns_are_heard_and_do_not_dominate(name: str, tried: Callable[[str], Mixed]) -> None:
    under = {
        name: None if lu is None else round(lu, 1) for name, lu in tried(name).returns_lu().items()
    }
    used = {name: lu for name, lu in under.items() if lu is not None}
    assert used or name in {"podcast", "voice"}
    assert {name: lu for name, lu in used.items() if not 5.0 <= lu <= 30.0} == {}


@pytest.mark.parametrize("name", PROMISES)
def test_every_stem_may_come_12_db_hotter_or_quieter(
    name: str, tried: Callable[[str], Mixed], moved: Callable[[str], Path]
) -> None:
    found = mixed(moved(PROMISES[name].session), name)
    assert not astray(found)
    assert mono_loss_db(found.audio) < 3.0
    assert found.lufs == pytest.approx(tried(name).lufs, abs=1.5)
