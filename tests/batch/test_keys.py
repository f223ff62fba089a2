"""Keys change if, and only if, content or a resolved setting changes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.batch.conftest import Studio

from mixmaster.batch.planning.reasons import differences
from mixmaster.batch.state.files import digest
from mixmaster.batch.state.index import StatIndex, settled
from mixmaster.effects.compressor import Compressor
from mixmaster.errors import AudioFileError

CHOICES: dict[str, tuple[Any, ...]] = {
    "gain_db": (-6.0, -6.5),
    "pan": (0.0, 0.25),
    "lufs": (-12.0, -12.5),
    "bits": (16, 24),
    "fade_out_s": (0.0, 0.1),
    "seed": (1, 2),
    "versions": (["main"], ["main", "lowest"]),
    "strict": (False, True),
    "rate": (8_000, 16_000),
}
"""Content and resolved settings, each with two values."""

WORDS: dict[str, tuple[str, ...]] = {
    "folder": ("one", "two"),
    "description": ("said", "said otherwise"),
    "template": ("{song}_{version}_{target}", "{target}/{song}_{version}"),
    "name": ("Alpha", "Omega"),
}
"""What no sound depends on."""

options = st.fixed_dictionaries({name: st.sampled_from(two) for name, two in CHOICES.items()})
words = st.fixed_dictionaries({name: st.sampled_from(two) for name, two in WORDS.items()})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


def keys(place: Path, chosen: dict[str, Any], said: dict[str, str]) -> dict[str, Any]:
    """Return a song's keys with some choices made."""
    folder = place / said["folder"]
    shutil.rmtree(folder, ignore_errors=True)
    studio = Studio(folder)
    studio.song("Alpha", seconds=0.01, seed=chosen["seed"])
    (folder / "songs/Alpha").rename(folder / "songs" / said["name"])
    target = folder / "loud.toml"
    studio.target("loud", chosen["lufs"])
    text = target.read_text().replace("bit_depth = 16", f"bit_depth = {chosen['bits']}")
    target.write_text(
        text.replace("format = 1", f'format = 1\ndescription = "{said["description"]}"')
    )
    low = {"gain_db": chosen["gain_db"], "pan": chosen["pan"]}
    studio.table |= {
        "targets": ["loud.toml"],
        "set": {"strip": {"low": low}},
        "finish": {"fade_out_s": chosen["fade_out_s"]},
        "versions": chosen["versions"],
        "strict": chosen["strict"],
        "sample_rate_hz": chosen["rate"],
        "name_template": said["template"],
    }
    (song,) = studio.prepared().songs
    assert song.plan.error == ""
    assert song.plan.mix is not None
    main = song.plan.masters[0]
    return {"mix": song.plan.mix.key, "chain": main.chain, "target": main.targets["loud"]}


OF_THE_MIX = {"gain_db", "pan", "seed", "versions", "strict", "rate"}
OF_THE_CHAIN = {"fade_out_s", "strict"}
OF_THE_TARGET = {"lufs", "bits"}


@given(one=options, other=options, said=words, otherwise=words)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_keys_change_with_content_and_settings_alone(
    place: Path,
    one: dict[str, Any],
    other: dict[str, Any],
    said: dict[str, str],
    otherwise: dict[str, str],
) -> None:
    changed = {name for name in one if one[name] != other[name]}
    first, second = keys(place, one, said), keys(place, other, otherwise)
    assert (first["mix"] != second["mix"]) == bool(changed & OF_THE_MIX)
    assert (first["chain"] != second["chain"]) == bool(changed & OF_THE_CHAIN)
    assert (first["target"] != second["target"]) == bool(changed & OF_THE_TARGET)


def test_a_new_revision_of_an_effect_is_another_key(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.song("Alpha")
    preset = studio.folder / "mix.toml"
    insert = '[[strip.low.insert]]\neffect = "compressor"\n'
    preset.write_text(preset.read_text().replace("[strip.high]", f"{insert}[strip.high]"))
    (before,) = studio.prepared().songs
    newer = Compressor.current_revision + 1
    monkeypatch.setattr(Compressor, "current_revision", newer)
    shutil.rmtree(studio.output, ignore_errors=True)
    (after,) = studio.prepared().songs
    assert before.plan.mix is not None
    assert after.plan.mix is not None
    assert before.plan.mix.key != after.plan.mix.key


def test_another_library_is_another_key_and_said(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.song("Alpha")
    studio.run()
    from mixmaster.batch.planning import depends, resolve, resolve_mix

    now = {**depends.libraries(), "numpy": "99.0"}
    for module in (depends, resolve, resolve_mix):
        monkeypatch.setattr(module, "libraries", lambda: now)
    prepared = studio.prepared()
    states = prepared.explain(prepared.songs[0])
    assert {each.state for each in states} == {"stale"}
    assert all(any(text.startswith("mix: numpy ") for text in each.why) for each in states)


# ---------------------------------------------------------------- hashes of unchanged files


def test_an_unchanged_file_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, kept = tmp_path / "file", tmp_path / "index"
    file.write_bytes(b"content")
    time.sleep(0.05)
    first = StatIndex(kept)
    expected = first.sha256(file)
    first.save()

    def read(_path: object) -> str:
        raise AssertionError("it was read")

    monkeypatch.setattr("mixmaster.batch.state.index.hash_once", read)
    assert StatIndex(kept).sha256(file) == expected
    with pytest.raises(AssertionError):
        StatIndex(kept, trusting=False).sha256(file)
    file.write_bytes(b"CONTENT")
    with pytest.raises(AssertionError):
        StatIndex(kept).sha256(file)


def test_a_file_as_young_as_its_hash_is_read_again(tmp_path: Path) -> None:
    """Racily clean: a later change may bear the same time."""
    file, kept = tmp_path / "file", tmp_path / "index"
    file.write_bytes(b"content")
    index = StatIndex(kept)
    index._note(str(file), _stat(file), file.stat().st_mtime_ns, "0" * 64)
    assert index.sha256(file) != "0" * 64


def _stat(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]


def test_whole_seconds_are_not_trusted_soon() -> None:
    second = 1_000_000_000
    assert settled(5 * second + 123_456_789, 5 * second + 200_000_000)
    assert not settled(5 * second + 123_456_789, 5 * second + 130_000_000)
    assert not settled(5 * second, 6 * second)
    assert settled(5 * second, 7 * second)


def test_a_hash_that_is_told_holds_for_that_very_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"content")
    index = StatIndex(None)
    index.note(file, "1" * 64, file.stat().st_mtime_ns)
    assert index.sha256(file) == "1" * 64
    index.note(file, "2" * 64, file.stat().st_mtime_ns - 1)
    assert index.sha256(file) not in {"1" * 64, "2" * 64}


# ---------------------------------------------------------------- what has changed, in words


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"preset": {"gain_db": -3.0}}, {"preset": {"gain_db": -2.5}}, "gain_db: -3 → -2.5"),
        ({}, {"insert": [{"effect": "eq"}]}, "insert.eq.effect: none → eq"),
        ({"libraries": {"numpy": "1"}}, {"libraries": {"numpy": "2"}}, "numpy 1 → 2"),
        ({"stems": ["a" * 64]}, {"stems": ["b" * 64]}, "Kick.wav has changed"),
        ({"stems": ["a" * 64]}, {"stems": []}, "stems.1 is gone"),
    ],
)
def test_differences_in_words(before: dict[str, Any], now: dict[str, Any], said: str) -> None:
    assert differences(before, now, {"b" * 64: "Kick.wav"}) == [said]


def test_two_inserts_of_one_effect_are_told_apart() -> None:
    def chain(ratio: float) -> dict[str, Any]:
        return {"insert": [{"effect": "eq", "q": 1.0}, {"effect": "eq", "q": ratio}]}

    assert differences(chain(1.0), chain(2.0), {}) == ["insert.eq#2.q: 1 → 2"]


def test_the_order_of_keys_does_not_count(make_studio: Callable[[str], Studio]) -> None:
    assert digest({"a": 1, "b": [1.0]}) == digest({"b": [1.0], "a": 1})
    assert digest([1, 2]) != digest([2, 1])
    with pytest.raises(ValueError, match="JSON"):
        digest({"a": float("nan")})


def test_what_belongs_to_another_plan_is_not_taken_for_this_one(studio: Studio) -> None:
    """A second batch may plan anew, and keep that, between one's planning and its work."""
    studio.song("Alpha")
    studio.run()
    studio.stem("Alpha", "high", seed=50)
    first = studio.prepared()
    before = first.planner.full(first.songs[0].job)
    studio.stem("Alpha", "high", seed=51)
    second = studio.prepared()
    assert second.songs[0].plan != first.songs[0].plan
    with pytest.raises(AudioFileError, match="changed since"):
        first.planner.full(first.songs[0].job)
    assert second.planner.full(second.songs[0].job) != before
