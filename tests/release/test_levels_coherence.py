"""Coherence: what stands out of an album is found, and brought nearer within bounds."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.release.sounds import album, hear, noise

from mixmaster.dsp.filters import response
from mixmaster.effects.eq import Eq
from mixmaster.errors import DocumentError, UsageError
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import load_preset
from mixmaster.release.levels.coherence import AlbumTrack, analyse
from mixmaster.release.levels.corrections import Correction, corrected
from mixmaster.release.levels.hearing import HeardMeter
from mixmaster.release.levels.sound import sound_of, tilt_db, tilt_loudness_lu
from mixmaster.release.levels.spread import USUAL, spread_of


@cache
def plain() -> tuple[AlbumTrack, ...]:
    return tuple(album({}, {}, {}, {}, {}))


def with_one(**odd: float) -> list[AlbumTrack]:
    """Five tracks alike, and the third as told."""
    tracks = list(plain())
    tracks[2] = replace(tracks[2], heard=hear(noise(3, **odd)))
    return tracks


def test_tracks_that_are_alike_need_nothing() -> None:
    found = analyse(plain())
    assert not found.proposals
    assert not any(track.outlier for track in found.tracks)
    assert all((track.score or 0.0) < 1.0 for track in found.tracks)
    assert found.reference.kind == "anchor"
    assert not found.reference.chosen


def test_a_loud_track_is_brought_back_by_no_more_than_its_bound() -> None:
    found = analyse(with_one(level_db=5.0))
    (proposal,) = found.proposals
    finding = found.track("3").finding("loudness")
    assert finding is not None
    assert finding.from_middle == pytest.approx(5.0, abs=0.2)
    assert (proposal.key, proposal.gain_db, proposal.tilt_db) == ("3", -1.5, 0.0)
    assert "louder than the others" in proposal.why[0]


def test_what_hardly_stands_out_is_brought_to_the_edge_and_no_further() -> None:
    """Alike but for one, the spread is of what is usual: sqrt(4 / 9) of 1 LU with five tracks."""
    found = analyse(with_one(level_db=-2.0))
    (proposal,) = found.proposals
    finding = found.track("3").finding("loudness")
    assert finding is not None
    edge = np.sqrt(4.0 / 9.0)
    assert proposal.gain_db == pytest.approx(-finding.from_middle - edge, abs=0.15)
    assert 1.1 < proposal.gain_db < 1.5


@pytest.mark.parametrize("tilt", [-3.0, 3.0])
def test_a_tilted_track_is_tilted_back_and_keeps_its_loudness(tilt: float) -> None:
    tracks = with_one(tilt=tilt)
    found = analyse(tracks)
    finding = found.track("3").finding("tilt")
    assert finding is not None
    assert finding.from_middle == pytest.approx(tilt, abs=0.25)
    proposal = found.track("3").proposal
    assert proposal is not None
    assert proposal.tilt_db == -np.sign(tilt)
    lu = tilt_loudness_lu(tracks[2].heard.figures.sections.spectrum, proposal.tilt_db)
    by_loudness = found.track("3").finding("loudness")
    assert by_loudness is not None
    if not by_loudness.outlier:
        assert proposal.gain_db == pytest.approx(-lu, abs=0.11)


@pytest.mark.parametrize(
    ("figure", "odd", "away"),
    [("width", {"side_db": -16.0}, -10.0), ("low_end", {"bass_db": 8.0}, 8.0)],
)
def test_width_and_bass_are_told_and_not_touched(
    figure: str, odd: dict[str, float], away: float
) -> None:
    track = analyse(with_one(**odd)).track("3")
    finding = track.finding(figure)  # type: ignore[arg-type]
    assert finding is not None
    assert finding.outlier
    assert finding.from_middle == pytest.approx(away, abs=0.8)
    assert track.said
    assert track.proposal is None or track.proposal.tilt_db == 0.0


def test_a_voice_that_is_buried_is_told() -> None:
    tracks = [replace(each, vocal_lu=-2.0) for each in plain()]
    tracks[1] = replace(tracks[1], vocal_lu=-6.0)
    track = analyse(tracks).track("2")
    assert track.said == ("its voice is 4.0 LU quieter than the others",)
    assert track.proposal is None


def test_what_is_meant_to_stand_out_stays_and_does_not_move_the_middle() -> None:
    tracks = with_one(level_db=-12.0)
    tracks[2] = replace(tracks[2], declared=True)
    found = analyse(tracks)
    assert not found.proposals
    assert "meant to stand out" in found.track("3").said[-1]
    assert found.reference.spreads["loudness"].count == 4
    fixed = [replace(each, fixed=True) for each in with_one(level_db=5.0)]
    assert not analyse(fixed).proposals


def test_the_anchor_is_the_track_nearest_to_all() -> None:
    tracks = album(
        {"level_db": -2.0, "tilt": 1.0}, {"level_db": 0.0}, {"level_db": 2.0, "tilt": -1.0}
    )
    assert analyse(tracks).reference.key == "2"
    chosen = analyse(tracks, anchor="3")
    assert (chosen.reference.key, chosen.reference.chosen) == ("3", True)
    assert chosen.track("3").distance_to_anchor_db == 0.0
    with pytest.raises(UsageError, match="'9' is no track"):
        analyse(tracks, anchor="9")


def test_a_chosen_anchor_is_no_outlier_and_makes_none_of_the_others() -> None:
    """It stands 6 dB over four tracks alike: they are with each other, and it was chosen."""
    found = analyse(with_one(level_db=6.0), anchor="3")
    assert not found.proposals


def test_of_two_tracks_neither_is_odd_until_one_is_chosen() -> None:
    tracks = album({}, {"level_db": 6.0})
    found = analyse(tracks)
    assert not found.proposals
    assert any("choose an anchor" in note for note in found.notes)
    (proposal,) = analyse(tracks, anchor="1").proposals
    assert (proposal.key, proposal.gain_db) == ("2", -1.5)
    alone = analyse(tracks[:1])
    assert not alone.proposals
    assert not alone.notes


def test_silence_and_mono_are_compared_by_what_they_have() -> None:
    silent = AlbumTrack("6", "Silence", hear(np.zeros((2, 44_100))))
    mono = AlbumTrack("7", "Mono", hear(noise(7)[:1]))
    found = analyse([*plain(), silent, mono])
    # One channel on two loudspeakers is as powerful as both of its like.
    loudness = found.track("7").finding("loudness")
    assert loudness is not None
    assert loudness.from_middle == pytest.approx(0.0, abs=0.3)
    assert found.track("6").findings == ()
    assert found.track("6").score is None
    assert found.track("7").finding("width") is None
    assert found.track("7").finding("tilt") is not None
    assert found.to_json()["tracks"][5]["sound"]["loud_lufs"] is None
    nothing = analyse([silent])
    assert nothing.reference.key == ""


@given(
    st.lists(st.floats(-10.0, 10.0), min_size=2, max_size=20),
    st.sampled_from(sorted(USUAL)),
)
def test_spreads_are_never_less_than_what_is_heard(values: list[float], name: str) -> None:
    spread = spread_of(name, values)  # type: ignore[arg-type]
    assert spread is not None
    assert spread.scale >= 0.5 * USUAL[name]  # type: ignore[index]
    assert min(values) <= spread.middle <= max(values)
    moved = spread_of(name, [each + 3.0 for each in values])  # type: ignore[arg-type]
    assert moved is not None
    assert moved.scale == pytest.approx(spread.scale)
    one_gone = spread_of(name, [*values[:-1], values[-1] + 1_000.0])  # type: ignore[arg-type]
    assert one_gone is not None
    if len(values) >= 4:  # robust: one track does what it likes, and the rest is still seen
        assert one_gone.scale < 200.0


def test_mono_in_a_stereo_file_is_twice_as_powerful_and_peaks_no_higher() -> None:
    once = hear(noise(7)[:1])
    twice = hear(np.repeat(noise(7)[:1], 2, axis=0))
    told = once.loudness("1", "Mono", copies=2)
    stereo = twice.loudness("1", "Stereo")
    assert told.integrated_lufs == pytest.approx(stereo.integrated_lufs, abs=1e-6)
    assert told.true_peak_dbtp == pytest.approx(stereo.true_peak_dbtp, abs=1e-6)
    assert told.loud_lufs == pytest.approx(stereo.loud_lufs, abs=1e-6)
    assert told.powers is not None
    assert stereo.powers is not None
    assert np.allclose(told.powers, stereo.powers)
    meter = HeardMeter(44_100, 1, dual_mono=True)
    meter.update(noise(7)[:1])
    dual = meter.result()
    assert dual.loudness("1", "Mono").integrated_lufs == pytest.approx(told.integrated_lufs)
    assert dual.loudness("1", "Mono", copies=1).integrated_lufs == pytest.approx(
        once.figures.programme.integrated_lufs
    )


def test_what_no_gentle_hand_can_mend_is_told() -> None:
    track = analyse(with_one(level_db=8.0)).track("3")
    assert any("the rest is the mix's" in each for each in track.said)


@given(gain=st.floats(-12.0, 12.0))
def test_louder_is_what_would_have_been_heard(gain: float) -> None:
    heard = plain()[0].heard
    was, louder = sound_of(heard), sound_of(heard.louder(gain))
    assert louder.loud_lufs == pytest.approx((was.loud_lufs or 0.0) + gain, abs=0.002)
    assert louder.integrated_lufs == pytest.approx((was.integrated_lufs or 0.0) + gain, abs=0.002)
    assert louder.width_db == was.width_db
    assert tilt_db(louder.curve(), was.curve()) == pytest.approx(0.0, abs=0.002)


def test_a_corrected_preset_holds_the_tilt_as_an_ordinary_insert() -> None:
    preset = load_preset("warm")
    found = corrected(preset, Correction("3", -1.0, 0.8))
    assert found.insert[:-1] == preset.insert
    eq = found.insert[-1]
    assert isinstance(eq, Eq)
    assert eq.id == "cohere"
    # What is foretold of it is what it does: far above the top, far below the bottom, the pivot.
    sos = eq.bands[0].sections(48_000)
    at = 20.0 * np.log10(np.abs(response(sos, np.array([20.0, 1_000.0, 20_000.0]), 48_000)))
    assert at == pytest.approx([-0.8, 0.0, 0.8], abs=0.01)
    assert found.origin == preset.origin
    assert found.delivery_limiter() == preset.delivery_limiter()
    again = corrected(found, Correction("3", 0.0, -0.5))
    assert again.insert[-1].id == "cohere2"
    assert corrected(preset, Correction("3", -1.0, 0.0)) is preset


def test_a_full_chain_has_no_room() -> None:
    eq = corrected(load_preset("transparent"), Correction("1", 0.0, 1.0)).insert[-1]
    full = tuple(eq.model_copy(update={"id": f"eq{number}"}) for number in range(64))
    preset = MasteringPreset(format=1, kind="mastering", name="Full", insert=full)
    with pytest.raises(DocumentError, match="no room"):
        corrected(preset, Correction("1", 0.0, 1.0))
