"""One bad song never stops the night."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from tests.batch.conftest import RATE_HZ, Studio

from mixmaster.batch.events import Done, Event, Failed, Finished, Planned, Quarantined, Skipped
from mixmaster.batch.stages import mixing, working
from mixmaster.errors import DocumentError, OutputError, UsageError

BROKEN = ("cut", "empty", "nan", "nothing", "wrong")


def break_five(studio: Studio) -> None:
    """Break songs in five ways: unreadable, no audio, NaN, no stems, a session that is none."""
    songs = studio.folder / "songs"
    (songs / "cut" / "low.wav").write_bytes(b"RIFF\x00\x00\x00\x00WAVEfmt ")
    soundfile.write(songs / "empty" / "low.wav", np.zeros(0), RATE_HZ)
    samples = np.zeros(RATE_HZ // 2, dtype=np.float32)
    samples[100] = np.nan
    soundfile.write(songs / "nan" / "low.wav", samples, RATE_HZ, subtype="FLOAT")
    for stem in (songs / "nothing").iterdir():
        stem.unlink()
    (songs / "wrong" / "song.toml").write_text('format = 1\nkind = "session"\ntitel = "x"\n')


def test_of_forty_songs_five_are_broken(studio: Studio) -> None:
    names = [f"song{number:02d}" for number in range(35)]
    for number, name in enumerate(names):
        studio.song(name, seconds=0.45, seed=number)
    for name in BROKEN:
        studio.song(name, seconds=0.45)
    break_five(studio)
    studio.table["targets"] = ["quiet.toml"]
    summary = studio.run()
    assert (summary.made, summary.failed, summary.exit_code) == (35, 5, 1)
    rows = {each.song: each for each in summary.songs}
    assert {name for name, row in rows.items() if row.failed} == set(BROKEN)
    for name, word in zip(
        BROKEN, ("low.wav", "no audio", "NaN", "no audio files", "titel"), strict=True
    ):
        assert any(word in reason for reason in rows[name].reasons), rows[name]
    assert {Path(name).stem for name in studio.hashes() if name.endswith(".flac")} == {
        f"{name}_quiet" for name in names
    }
    assert isinstance(studio.events[0], Planned)
    done = studio.events[-1]
    assert isinstance(done, Done)
    assert (done.made, done.failed, done.exit_status) == (35, 5, 1)
    assert sum(isinstance(each, Failed) for each in studio.events) == 5
    assert sum(isinstance(each, Finished) for each in studio.events) == 70
    before = studio.hashes()
    again = studio.run()
    assert (again.made, again.current, again.failed) == (0, 35, 5)
    assert studio.began() == []  # what would fail again is left alone
    assert studio.hashes() == before


def test_quarantine_ends_when_something_changes(studio: Studio) -> None:
    studio.song("Alpha")
    samples = np.full(RATE_HZ // 2, np.nan, dtype=np.float32)
    soundfile.write(studio.folder / "songs/Alpha/low.wav", samples, RATE_HZ, subtype="FLOAT")
    assert studio.run().quarantined == 2
    assert any(isinstance(each, Quarantined) for each in studio.events)
    states = [state for song in studio.prepared().songs for state in song.states]
    assert {each.state for each in states} == {"quarantined"}
    assert all("NaN" in text for each in states for text in each.why)
    assert studio.run().failed == 2
    assert studio.began() == []
    assert studio.run(retry_failed=True).failed == 2
    assert studio.began() == ["mix/Alpha"]
    studio.stem("Alpha", "low", seed=3)
    assert studio.run().made == 2


def test_a_refused_target_leaves_the_others(studio: Studio) -> None:
    studio.song("Alpha")
    studio.table["finish"] = {"max_gain_reduction_db": 0.0}
    studio.target("loud", -5.0)
    studio.target("quiet", -30.0)
    summary = studio.run()
    assert (summary.made, summary.failed, summary.quarantined) == (1, 1, 1)
    assert list(studio.hashes()) == ["Alpha_quiet.wav", "Alpha_quiet.wav.json"]
    assert studio.run().current == 1
    assert studio.began() == []


def test_fail_fast_begins_nothing_more(studio: Studio) -> None:
    for number in range(4):
        studio.song(f"song{number}", seed=number)
    (studio.folder / "songs/song0/low.wav").write_bytes(b"no audio")
    summary = studio.run(fail_fast=True)
    assert summary.exit_code == 1
    assert studio.began() == []


def test_a_stem_that_changes_while_it_is_mixed_makes_no_master(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.song("Alpha")
    make = mixing.make_mixes

    def meddling(*arguments: Any) -> Any:
        found = arguments[1].fetch

        def fetch(item: Any, folder: Path) -> Path:
            path: Path = found(item, folder)
            if path.name == "high.wav":
                studio.stem("Alpha", "high", seed=99)
            return path

        arguments[1].fetch = fetch
        return make(*arguments)

    monkeypatch.setattr(working, "make_mixes", meddling)
    summary = studio.run()
    assert summary.made == 0
    assert any("changed since the batch was planned" in r for r in summary.songs[0].reasons)
    monkeypatch.undo()
    assert studio.run().made == 2


def test_two_songs_of_one_name_are_refused_before_any_work(studio: Studio) -> None:
    studio.song("Alpha")
    (studio.folder / "more").mkdir()
    (studio.folder / "songs/Alpha").rename(studio.folder / "more/Alpha")
    studio.song("alpha", seed=8)
    studio.table["song"] = [{"path": "songs/*"}, {"path": "more/*"}]
    with pytest.raises(UsageError, match="two songs are called"):
        studio.prepared()
    studio.table["song"][1]["name"] = "Beta"
    assert studio.run().made == 4


def test_a_name_that_would_stand_for_two_masters_is_refused(studio: Studio) -> None:
    studio.song("Alpha")
    studio.table["name_template"] = "{song}"
    studio.target("quiet", -16.0)
    with pytest.raises(UsageError, match="more than once"):
        studio.prepared()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"song": []}, "song"),
        ({"tagrets": ["cd"]}, "targets"),
        ({"song": [{"path": "nowhere/*"}]}, "nowhere"),
        ({"name_template": "../{song}"}, "leads out"),
        ({"include": [{"song": "A*"}]}, "adds nothing"),
    ],
)
def test_mistakes_in_a_jobs_document_are_named(
    studio: Studio, change: dict[str, Any], word: str
) -> None:
    studio.song("Alpha")
    studio.table |= change
    with pytest.raises(DocumentError, match=word):
        studio.prepared()


def test_events_are_lines_of_json(studio: Studio) -> None:
    studio.song("Alpha")
    studio.run()
    studio.run()
    assert any(isinstance(each, Skipped) for each in studio.events)
    for each in studio.events:
        assert isinstance(each, Event)
        said = json.loads(json.dumps(each.to_json(), allow_nan=False))
        assert said["event"] == type(each).__name__.lower()
        assert said["at_s"] > 0


def test_what_all_targets_refuse_is_said_once(studio: Studio) -> None:
    studio.song("Silence")
    for stem in (studio.folder / "songs/Silence").iterdir():
        soundfile.write(stem, np.zeros(RATE_HZ), RATE_HZ, subtype="PCM_16")
    summary = studio.run()
    (row,) = summary.songs
    assert (row.failed, row.broken) == (2, False)
    (reason,) = row.reasons
    assert reason.startswith("loud, quiet: ")
    assert reason.count("silent") == 1


def test_a_stages_own_folder_is_not_named(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_spec: Any, _workplace: Any, folder: Path, _tell: Any) -> None:
        raise OutputError(str(folder / "mixes"), "8 MB are needed, but 1 MB is free")

    monkeypatch.setattr(working, "make_mixes", full)
    studio.song("Alpha")
    summary = studio.run()
    assert (summary.failed, summary.quarantined) == (2, 0)
    assert summary.songs[0].reasons == ("temporary files: 8 MB are needed, but 1 MB is free",)
