"""Only what has changed is rendered, and what has not comes out as it would by itself."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from tests.batch.conftest import Studio, hashes
from tests.tiny_documents import TARGET as TARGET_TEXT

from mixmaster.batch.planning.prepare import Prepared
from mixmaster.batch.state.files import read_state, write_state


@pytest.fixture
def two(studio: Studio) -> Studio:
    studio.song("Alpha", seed=1)
    studio.song("Beta", seed=2)
    summary = studio.run()
    assert (summary.made, summary.failed) == (4, 0)
    assert sorted(studio.began()) == [
        "master/Alpha/chain",
        "master/Beta/chain",
        "mix/Alpha",
        "mix/Beta",
    ]
    return studio


def whys(prepared: Prepared) -> dict[str, tuple[str, tuple[str, ...]]]:
    states = [state for song in prepared.songs for state in prepared.explain(song)]
    return {each.path: (each.state, each.why) for each in states}


def test_masters_are_those_of_render(two: Studio, tmp_path: Path) -> None:
    from mixmaster.cli.app import run

    words = ["render", str(two.folder / "songs/Alpha"), "-p", str(two.folder / "mix.toml")]
    words += ["-m", str(two.folder / "chain.toml"), "-t", str(two.folder / "loud.toml")]
    assert run([*words, "-t", str(two.folder / "quiet.toml"), "-o", str(tmp_path / "alone")]) == 0
    alone, ours = hashes(tmp_path / "alone"), two.hashes()
    for name in ("Alpha_loud.wav", "Alpha_quiet.flac"):
        assert ours[name] == alone[name]


def test_nothing_is_done_twice(two: Studio) -> None:
    before = two.hashes()
    summary = two.run()
    assert (summary.made, summary.current, summary.exit_code) == (0, 4, 0)
    assert two.began() == []
    assert two.hashes() == before


def test_a_gain_renders_its_song_again(two: Studio) -> None:
    two.table["song"].append({"path": "songs/Beta", "set": {"strip": {"low": {"gain_db": -3.0}}}})
    said = whys(two.prepared())
    assert said["Alpha_loud.wav"] == ("current", ())
    assert said["Beta_loud.wav"] == ("stale", ("mix: strip.low.gain_db: -6 → -3",))
    before = two.hashes()
    assert two.run().made == 2
    assert two.began() == ["mix/Beta", "master/Beta/chain"]
    after = two.hashes()
    assert after["Beta_loud.wav"] != before["Beta_loud.wav"]
    assert after["Alpha_loud.wav"] == before["Alpha_loud.wav"]


def test_a_target_renders_only_itself(two: Studio) -> None:
    two.target("loud", -13.0)
    said = whys(two.prepared())
    assert said["Alpha_loud.wav"] == ("stale", ("integrated_lufs: -12 → -13",))
    assert said["Alpha_quiet.flac"][0] == "current"
    before = two.hashes()
    assert two.run().made == 2
    assert sorted(two.began()) == ["master/Alpha/chain", "master/Beta/chain"]
    after = two.hashes()
    changed = {name for name in after if after[name] != before[name]}
    assert {"Alpha_loud.wav", "Beta_loud.wav"} <= changed
    assert not any("quiet" in name for name in changed)


def test_words_in_documents_render_nothing(two: Studio) -> None:
    text = TARGET_TEXT.format(name="Another name", lufs="-12.0", form="wav")
    (two.folder / "loud.toml").write_text(
        text.replace('kind = "target"', 'kind = "target"\ndescription = "said"')
    )
    preset = two.folder / "mix.toml"
    preset.write_text(preset.read_text().replace("Two strips", "Other words"))
    assert two.run().current == 4


def test_a_stem_renders_its_song(two: Studio) -> None:
    two.stem("Alpha", "high", seed=77)
    said = whys(two.prepared())
    assert said["Alpha_loud.wav"] == ("stale", ("mix: high.wav has changed",))
    assert two.run().made == 2
    assert two.began() == ["mix/Alpha", "master/Alpha/chain"]


def test_a_new_stem_is_seen(two: Studio) -> None:
    two.stem("Alpha", "organ", seed=5)
    assert two.run().made == 2
    assert two.began() == ["mix/Alpha", "master/Alpha/chain"]


def test_a_chain_needs_no_mix(two: Studio) -> None:
    chain = two.folder / "chain.toml"
    chain.write_text(chain.read_text() + 'character = "loud"\n')
    assert two.run().made == 4
    assert sorted(two.began()) == ["master/Alpha/chain", "master/Beta/chain"]


def test_a_mix_that_comes_out_the_same_needs_no_masters(two: Studio) -> None:
    preset = two.folder / "mix.toml"  # a strip that no stem goes to
    preset.write_text(preset.read_text().replace("gain_db = -12.0", "gain_db = -13.0"))
    summary = two.run()
    assert sorted(two.began()) == ["mix/Alpha", "mix/Beta"]
    assert (summary.made, summary.current) == (0, 4)
    assert two.run().current == 4
    assert two.began() == []


def test_neither_times_nor_places_matter(two: Studio) -> None:
    for path in two.folder.rglob("*"):
        os.utime(path, (1, 1))
    shutil.move(two.folder / "songs", two.folder / "elsewhere")
    two.table["song"] = [{"path": "elsewhere/*"}]
    assert two.run().current == 4
    assert two.began() == []


def test_a_song_of_the_same_content_shares_the_mix(two: Studio) -> None:
    shutil.copytree(two.folder / "songs/Alpha", two.folder / "songs/Again")
    assert two.run().made == 2
    assert two.began() == ["master/Again/chain"]
    ours = two.hashes()
    assert ours["Again_loud.wav"] == ours["Alpha_loud.wav"]
    said = json.loads((two.output / "Again_loud.wav.json").read_bytes())
    assert said["mix"]["inputs"]


def test_without_premasters_a_target_needs_its_mix(studio: Studio) -> None:
    studio.song("Alpha")
    studio.run(keep_premasters=False)
    assert not list(studio.output.rglob("premasters/*/*"))
    assert studio.run(keep_premasters=False).current == 2
    studio.target("loud", -13.0)
    assert studio.run(keep_premasters=False).made == 1
    assert studio.began() == ["mix/Alpha", "master/Alpha/chain"]


def test_a_replaced_premaster_goes(two: Studio) -> None:
    assert len(list(two.output.rglob("premasters/*/main.wav"))) == 2
    two.stem("Alpha", "high", seed=78)
    two.run()
    assert len(list(two.output.rglob("premasters/*/main.wav"))) == 2


def test_what_is_gone_or_changed_is_made_again(two: Studio) -> None:
    before = two.hashes()
    (two.output / "Alpha_loud.wav").unlink()
    (two.output / "Beta_quiet.flac.json").unlink()
    said = whys(two.prepared())
    assert said["Alpha_loud.wav"][0] == "missing"
    assert said["Beta_quiet.flac"][0] == "stale"
    summary = two.run()
    assert summary.made == 1
    # A master without its manifest may be anybody's: it is not replaced unasked.
    assert [each.song for each in summary.songs if each.failed] == ["Beta"]
    (two.output / "Beta_quiet.flac").unlink()
    two.run()
    assert two.hashes() == before


def test_a_damaged_premaster_is_not_used(two: Studio) -> None:
    before = two.hashes()
    for path in two.output.rglob("premasters/*/main.wav"):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    (two.output / "Alpha_loud.wav").unlink()
    assert two.run().made == 1
    assert two.began() == ["mix/Alpha", "master/Alpha/chain"]
    assert two.hashes() == before


@pytest.mark.parametrize("what", ["index", "costs", "made", "plans", "content", "all"])
def test_damaged_state_only_costs_work(two: Studio, what: str) -> None:
    before = two.hashes()
    state = two.output / ".mixmaster-batch"
    for path in state.rglob("*"):
        if path.is_file() and (what == "all" or path.relative_to(state).parts[0] == what):
            path.write_bytes(path.read_bytes()[:-7] + b"damaged")
    assert two.run().failed == 0
    assert two.hashes() == before


def test_versions_and_matrix(studio: Studio) -> None:
    studio.song("Alpha")
    studio.song("Beta", seed=3)
    studio.table["versions"] = ["main", "lowest"]
    studio.table["exclude"] = [
        {"version": "lowest", "target": "quiet"},
        {"song": "B*", "target": "loud"},
    ]
    studio.table["include"] = [{"song": "Beta", "versions": ["lowest"], "targets": ["loud.toml"]}]
    studio.run()
    assert set(studio.hashes()) == {
        f"{name}{more}"
        for name in (
            "Alpha_loud.wav",
            "Alpha_quiet.flac",
            "Alpha_lowest_loud.wav",
            "Beta_quiet.flac",
            "Beta_lowest_loud.wav",
        )
        for more in ("", ".json")
    }


def test_what_was_made_is_no_song(studio: Studio) -> None:
    """A pattern that finds the outputs, too, does not master masters."""
    studio.song("Alpha")
    (studio.folder / "songs/Alpha/low.wav").rename(studio.folder / "songs/whole.wav")
    shutil.rmtree(studio.folder / "songs/Alpha")
    studio.output = studio.folder / "songs"
    studio.table["song"] = [{"path": "songs/*.wav"}, {"path": "s*gs/whole.wav"}]
    assert studio.run().made == 2
    assert studio.run().current == 2
    studio.table["song"] = [{"path": "*/*.wav"}, {"path": "songs/whole.wav"}]
    assert studio.run().current == 2


def test_what_is_not_wanted_is_not_mixed(studio: Studio) -> None:
    """A version that a song is excluded from need not even be possible there."""
    studio.song("Alpha")
    studio.table["versions"] = ["main", "a_cappella"]
    assert "a_cappella" in studio.prepared().broken[0].error
    studio.table["exclude"] = [{"song": "Al*", "version": "a_cap*"}]
    assert studio.run().made == 2
    studio.table["include"] = [{"song": "Alpha", "versions": ["lowest"], "targets": ["loud.toml"]}]
    assert studio.run().made == 1
    assert {name for name in studio.hashes() if "lowest" in name} == {
        "Alpha_lowest_loud.wav",
        "Alpha_lowest_loud.wav.json",
    }


def test_state_of_another_version_only_costs_work(two: Studio) -> None:
    """Notes with other fields, well written, count as none."""
    before = two.hashes()
    state = two.output / ".mixmaster-batch"
    for name in ("made", "plans"):
        for path in (state / name).iterdir():
            said = read_state(path)
            if isinstance(said, dict):
                for table in (said, said.get("file", {}), said.get("plan", {})):
                    if isinstance(table, dict):
                        table["more"] = 1
            write_state(path, said)
    assert two.run().failed == 0
    assert two.hashes() == before
