"""Corrections: what helps is kept, what does not is dropped, and an album is remembered."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.release.sounds import RATE, album, hear, noise

from mixmaster.documents.loading import load_text
from mixmaster.documents.writing import to_toml
from mixmaster.errors import DocumentError, OutputError, UsageError
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import load_preset
from mixmaster.mastering.target import Target
from mixmaster.metering.loudness import integrated_lufs
from mixmaster.release.levels.album import TrackLoudness
from mixmaster.release.levels.coherence import AlbumTrack, analyse
from mixmaster.release.levels.cohering import cohere, coherence_from_json, made_from_json
from mixmaster.release.levels.corrections import Correction, corrected
from mixmaster.release.levels.frozen import kept, levels_from_json
from mixmaster.release.levels.gains import album_gains
from mixmaster.release.levels.hearing import Heard, hear_file, hear_mix
from mixmaster.release.levels.reach import APPROVED, Limits
from mixmaster.release.levels.signature import (
    Signature,
    draw_signature,
    load_signature,
    save_signature,
)
from mixmaster.release.levels.vocal import vocal_level_of_files, vocal_level_of_versions

PLAIN = 'format = 1\nkind = "mastering"\nname = "Plain"\n'
PLACE = NamedTarget(
    "place",
    load_text(
        Target,
        'format = 1\nkind = "target"\nname = "Place"\nintegrated_lufs = -14.0\n'
        'true_peak_dbtp = -1.0\n[[playback]]\nintegrated_lufs = -14.0\nalbum = "album"\n',
    ),
)


@cache
def five() -> tuple[AlbumTrack, ...]:
    """Four tracks alike, and the third bright and loud."""
    return tuple(album({}, {}, {"tilt": 3.0, "level_db": 3.0}, {}, {}))


def really(tmp_path: Path, signal: dict[str, float]) -> tuple[list[Correction], object]:
    """What renders the third track again: its mix through the corrected chain."""
    mix = tmp_path / "mix.wav"
    soundfile.write(mix, noise(3, **signal).T, RATE, subtype="FLOAT")
    asked: list[Correction] = []

    def remake(key: str, correction: Correction) -> Heard:
        assert key == "3"
        asked.append(correction)
        return hear_mix(mix, corrected(load_text(MasteringPreset, PLAIN), correction))

    return asked, remake


def test_corrections_are_made_heard_again_and_bring_the_track_nearer(tmp_path: Path) -> None:
    asked, remake = really(tmp_path, {"tilt": 3.0, "level_db": 3.0})
    run = cohere(five(), remake)  # type: ignore[arg-type]
    correction = run.corrections["3"]
    assert asked == [correction]
    assert (correction.gain_db, correction.tilt_db) == (-1.5, -1.0)
    before, after = run.before.track("3"), run.after.track("3")
    was, now = before.finding("tilt"), after.finding("tilt")
    assert was is not None
    assert now is not None
    assert now.value == pytest.approx(was.value - 1.0, abs=0.1)  # a tilt of 3 and one of -1
    assert (after.distance_to_anchor_db or 0.0) < (before.distance_to_anchor_db or 0.0)
    assert (after.score or 0.0) < (before.score or 0.0)
    assert not run.after.proposals  # the bounds are of all that is done, not of each time
    assert after.said[-1].startswith("it was corrected by -1.50 dB and 1.00 dB of tilt, darker")
    (made,) = run.made
    assert made.said == ""
    assert (made.score_after or 0.0) < (made.score_before or 0.0)
    assert run.after.reference.key == run.before.reference.key
    assert run.to_json()["made"][0]["made"]["tilt_db"] == -1.0
    assert coherence_from_json(run.after.to_json(), "release.json") == run.after
    assert made_from_json(made.to_json(), "release.json") == made
    with pytest.raises(DocumentError, match=r"coherence\.made\.proposed\.gain_db"):
        made_from_json(made.to_json() | {"proposed": {"key": "3", "gain_db": "1"}}, "release.json")


def test_what_makes_it_worse_is_not_kept_but_the_rest_is() -> None:
    """Rendered again it comes back brighter still: the tilt is dropped, the gain helps."""

    def remake(key: str, correction: Correction) -> Heard:
        assert (key, correction.tilt_db) == ("3", -1.0)
        return hear(noise(3, tilt=4.0, level_db=3.0))

    run = cohere(five(), remake)
    (made,) = run.made
    assert made.made is not None
    assert (made.made.gain_db, made.made.tilt_db) == (-1.5, 0.0)
    assert "not all of it was kept" in made.said


def test_where_nothing_helps_nothing_is_kept() -> None:
    tracks = album({}, {}, {"tilt": 3.0}, {}, {})

    def remake(key: str, correction: Correction) -> Heard:
        del key, correction
        return hear(noise(3, tilt=5.0, level_db=6.0))

    run = cohere(tracks, remake)
    (made,) = run.made
    if made.made is not None:  # the gain that went with the tilt may stand by itself
        assert made.made.tilt_db == 0.0
        assert (made.score_after or 0.0) < (made.score_before or 0.0)
    else:
        assert run.after is run.before
        assert made.said.startswith("it was not kept")


def test_a_gain_alone_renders_nothing() -> None:
    def remake(key: str, correction: Correction) -> Heard:
        raise AssertionError((key, correction))

    tracks = album({}, {}, {"level_db": -5.0}, {}, {})
    run = cohere(tracks, remake)
    assert run.corrections["3"].gain_db == 1.5
    after = run.after.track("3").finding("loudness")
    assert after is not None
    assert after.from_middle == pytest.approx(-3.5, abs=0.25)


def test_a_mix_is_heard_after_its_chain_with_the_level_it_came_with(tmp_path: Path) -> None:
    path = tmp_path / "mix.wav"
    soundfile.write(path, noise(1, level_db=-6.0).T, RATE, subtype="FLOAT")
    preset = load_text(MasteringPreset, PLAIN + "input_lufs = -18.0\n")
    as_is, heard = hear_file(path), hear_mix(path, preset)
    lufs = as_is.figures.programme.integrated_lufs
    assert lufs is not None
    assert heard.figures.programme.integrated_lufs == pytest.approx(lufs, abs=0.001)
    assert heard.figures.programme.true_peak_dbtp == pytest.approx(
        as_is.figures.programme.true_peak_dbtp or 0.0, abs=0.001
    )
    assert integrated_lufs(heard.powers[None], np.ones(1)) == pytest.approx(lufs, abs=0.001)
    louder = hear_mix(path, load_preset("warm"))
    assert louder.figures.sections.loudness_lufs is not None


def test_an_album_stays_as_it_was_released() -> None:
    tracks = [each.heard.loudness(each.key, each.name) for each in five()]
    levels = album_gains(tracks, PLACE, "album")
    frozen = levels_from_json(levels.to_json(), "release.json")
    assert frozen == levels
    # The second track's mix was changed: 2 dB louder. Nothing moves, not even itself.
    tracks[1] = replace(tracks[1], integrated_lufs=(tracks[1].integrated_lufs or 0.0) + 2.0)
    again = kept(frozen, tracks, PLACE)
    assert [each.wanted_lufs for each in again.tracks] == [
        each.wanted_lufs for each in levels.tracks
    ]
    assert again.gain_db == levels.gain_db
    assert again.tracks[1].gain_db == pytest.approx(levels.tracks[1].gain_db - 2.0, abs=0.001)
    assert "2.0 LU louder than when the album was released" in again.tracks[1].said[-1]
    # One that cannot follow stays below alone; a new one joins with the album's gain.
    tracks[0] = replace(tracks[0], limits=Limits(min_plr_lu=20.0), true_peak_dbtp=6.0)
    bonus = replace(tracks[2], key="6", name="Bonus")
    more = kept(frozen, [*tracks[:4], bonus], PLACE)
    assert more.tracks[0].wanted_lufs == -21.0
    assert more.tracks[3].wanted_lufs == levels.tracks[3].wanted_lufs
    assert more.tracks[4].gain_db == pytest.approx(levels.gain_db or 0.0, abs=0.001)
    assert any("Bonus" in note for note in more.notes)
    assert any("Track 5" in note and "not there" in note for note in more.notes)


@pytest.mark.parametrize(
    "change",
    [
        {"gain_db": float("nan")},
        {"gain_db": "3"},
        {"tracks": [{"key": "1"}]},
        {"more": 1},
        {"mode": "loud"},
        {"tracks": None},
        {"tracks": []},
        {"gain_db": 10**400},
    ],
)
def test_what_is_no_albums_levels_is_refused(change: dict[str, object]) -> None:
    tracks = [TrackLoudness("1", "One", -20.0, -10.0, np.full(1_000, 0.01))]
    data = album_gains(tracks, PLACE, "album").to_json() | change
    with pytest.raises(DocumentError) as error:
        levels_from_json(data, "release.json")
    assert error.value.where == "release.json"
    with pytest.raises(DocumentError):
        levels_from_json([], "release.json")


def masters() -> list[AlbumTrack]:
    """An album of three masters."""
    return album({"level_db": 11.0}, {"level_db": 13.0}, {"level_db": 12.0, "tilt": 0.5})


def test_a_signature_is_saved_and_read_as_it_was(tmp_path: Path) -> None:
    signature = draw_signature(
        masters(), name="Album", artist="Them", target="spotify", made=dt.date(2026, 11, 20)
    )
    path = save_signature(signature, tmp_path / "album.toml")
    found = load_signature(path)
    assert found == signature
    assert to_toml(found) == path.read_text(encoding="utf-8")
    loudest = max(each.integrated_lufs or -99.0 for each in found.track)
    assert found.loudest_lufs == pytest.approx(loudest, abs=0.006)
    assert found.profile().tone == signature.tone
    with pytest.raises(OutputError, match="it exists"):
        save_signature(signature, path)
    with pytest.raises(UsageError, match=r"no \.toml"):
        save_signature(signature, tmp_path / "album.txt")
    with pytest.raises(DocumentError, match="there twice"):
        load_text(Signature, to_toml(signature).replace('"low_end"', '"loudness"', 1))
    silent = AlbumTrack("1", "Silence", hear(np.zeros((2, RATE))))
    with pytest.raises(UsageError, match="silence"):
        draw_signature([silent], name="Nothing")


def test_next_years_single_stands_where_the_album_stood() -> None:
    """The same music 25 dB down: it gets the loudness that its like had on the album."""
    signature = draw_signature(masters(), name="Album")
    single = hear(noise(3, level_db=-13.0, tilt=0.5))
    was = next(each for each in signature.track if each.name == "Track 3").integrated_lufs
    assert was is not None
    levels = album_gains(
        [single.loudness("1", "Single")], PLACE, "album", standing=signature.standing()
    )
    # Track 3 is the median; the album is played at -14 as a whole.
    assert levels.tracks[0].wanted_lufs == pytest.approx(
        -14.0 + was - signature.album_lufs, abs=0.1
    )
    assert any("'Album'" in note for note in levels.notes)
    found = analyse([AlbumTrack("1", "Single", single)], reference=signature.reference())
    assert not found.track("1").outlier
    assert found.track("1").distance_to_anchor_db == pytest.approx(0.0, abs=0.5)


def test_a_single_that_sounds_otherwise_is_brought_nearer_to_the_signature() -> None:
    signature = draw_signature(masters(), name="Album")
    bright = AlbumTrack("1", "Single", hear(noise(8, level_db=-13.0, tilt=4.0)))
    found = analyse([bright], reference=signature.reference())
    (proposal,) = found.proposals
    assert proposal.tilt_db == -1.0
    assert abs(proposal.gain_db) < 1.0  # only what the tilt takes: its level follows the album's


def test_approved_singles_are_only_turned_down_to_it() -> None:
    signature = draw_signature(masters(), name="Album")
    single = hear(noise(3, level_db=20.0)).loudness("1", "Single", limits=APPROVED)
    levels = album_gains([single], PLACE, "album", standing=signature.standing())
    assert levels.gain_db is not None
    assert levels.gain_db <= 0.0


def test_mixes_and_masters_are_compared_on_one_scale() -> None:
    """Three masters 20 dB over two mixes: none is quiet, for a mix has any level."""
    tracks = album({"level_db": 20.0}, {"level_db": 20.0}, {"level_db": 20.0}, {}, {})
    tracks = [replace(each, fixed=each.key < "4") for each in tracks]
    found = analyse(tracks)
    assert not any(each.outlier for each in found.tracks)
    loud = [each.sound.loud_lufs or 0.0 for each in found.tracks]
    assert max(loud) - min(loud) < 0.5


def test_the_vocal_level_counts_where_somebody_sings(tmp_path: Path) -> None:
    """A voice 6 dB under a band of the same spectrum, in the middle third of the song."""
    band = noise(1, seconds=12.0)
    voice = 10.0 ** (-6.0 / 20.0) * noise(2, seconds=12.0)
    t = np.arange(band.shape[1]) / RATE
    voice[:, (t < 4.0) | (t >= 8.0)] = 0.0
    band[:, t < 4.0] *= 10.0  # where nobody sings, the band may do what it likes
    paths = []
    for name, signal in (("voice", voice), ("band", band)):
        paths.append(tmp_path / f"{name}.wav")
        soundfile.write(paths[-1], signal.T, RATE, subtype="FLOAT")
    assert vocal_level_of_files(*paths) == pytest.approx(-6.0, abs=0.4)
    mix = tmp_path / "mix.wav"
    soundfile.write(mix, (voice + band).T, RATE, subtype="FLOAT")
    assert vocal_level_of_versions(mix, paths[1]) == pytest.approx(-6.0, abs=0.4)
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros((RATE, 2)), RATE)
    assert vocal_level_of_files(silent, paths[1]) is None
    assert vocal_level_of_files(paths[0], silent) is None
    with pytest.raises(UsageError, match="the voice and as the rest"):
        vocal_level_of_files(paths[0], paths[0])
