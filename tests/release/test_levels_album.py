"""Album levels: what the tracks are to each other stays, whatever the place asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixmaster.arrays import Block
from mixmaster.documents.loading import load_text
from mixmaster.errors import UsageError
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.run import load_target
from mixmaster.mastering.target import Target
from mixmaster.metering.loudness import integrated_lufs
from mixmaster.release.levels.album import TrackLoudness
from mixmaster.release.levels.gains import album_gains
from mixmaster.release.levels.policy import policy_of
from mixmaster.release.levels.reach import APPROVED, Limits
from mixmaster.release.levels.relations import relations


def powers(lufs: float, seconds: float = 10.0) -> Block:
    """Of a steady signal: L = -0.691 + 10 log10 p (BS.1770-5, Annex 1)."""
    return np.full(round(100 * seconds), 10.0 ** ((lufs + 0.691) / 10.0))


def track(
    lufs: float,
    peak: float = 0.0,
    key: str = "1",
    *,
    seconds: float = 10.0,
    offset: float = 0.0,
    limits: Limits | None = None,
) -> TrackLoudness:
    return TrackLoudness(
        key,
        f"Track {key}",
        lufs,
        lufs + 10.0 if peak == 0.0 else peak,
        powers(lufs, seconds),
        offset_lu=offset,
        limits=limits or Limits(),
    )


def album(*lufs: float, **more: object) -> list[TrackLoudness]:
    return [
        track(each, key=str(number), **more)  # type: ignore[arg-type]
        for number, each in enumerate(lufs, start=1)
    ]


def place(text: str) -> NamedTarget:
    head = 'format = 1\nkind = "target"\nname = "Place"\n'
    return NamedTarget("place", load_text(Target, head + text))


LOUDEST = "integrated_lufs = -14.0\ntrue_peak_dbtp = -1.0\n"
WHOLE = LOUDEST + '[[playback]]\nintegrated_lufs = -14.0\nalbum = "album"\n'


@given(
    st.lists(st.floats(-50.0, -3.0), min_size=1, max_size=20),
    st.lists(st.floats(-6.0, 6.0), min_size=20, max_size=20),
    st.sampled_from([LOUDEST, WHOLE]),
    st.sampled_from([Limits(), Limits(limiting=False), Limits(min_plr_lu=9.0), APPROVED]),
)
def test_relations_are_kept_and_every_track_is_within_reach(
    lufs: list[float], offsets: list[float], text: str, limits: Limits
) -> None:
    tracks = [
        replace(each, offset_lu=offset)
        for each, offset in zip(album(*lufs, limits=limits), offsets, strict=False)
    ]
    levels = album_gains(tracks, place(text), "album")
    wanted = [each.wanted_lufs or 0.0 for each in levels.tracks]
    aims = [level + offset for level, offset in zip(lufs, offsets, strict=False)]
    gains = [to - was for to, was in zip(wanted, aims, strict=True)]
    assert max(gains) - min(gains) < 0.001  # of the 0.05 LU that are allowed
    for each, was in zip(levels.tracks, lufs, strict=True):
        assert each.gain_db == pytest.approx((each.wanted_lufs or 0.0) - was, abs=0.001)
        if not limits.limiting:
            assert was + 10.0 + each.gain_db <= -1.0 or each.gain_db <= 0.0
        if limits.only_down:
            assert each.gain_db <= 0.001
        if limits.min_plr_lu:
            assert -1.0 - (each.wanted_lufs or 0.0) >= 9.0 - 0.001


def test_the_loudest_track_stands_at_the_figure_where_that_is_meant() -> None:
    levels = album_gains(album(-20.0, -17.0, -26.0), place(LOUDEST), "album")
    assert levels.mode == "loudest"
    assert "TD1008" in levels.means
    assert [each.wanted_lufs for each in levels.tracks] == [-17.0, -14.0, -23.0]
    assert levels.gain_db == 3.0
    assert levels.lowered_lu == 0.0


def test_the_whole_album_stands_at_the_figure_where_that_is_meant() -> None:
    """Two steady tracks of one length: their powers' mean, both above the gate 10 LU below."""
    levels = album_gains(album(-20.0, -17.0), load_target("spotify"), "album")
    assert levels.mode == "album"
    mean = 10.0 * np.log10((10.0**-2.0 + 10.0**-1.7) / 2.0)
    assert levels.gain_db == pytest.approx(-14.0 - mean, abs=0.02)  # blocks at the joins
    assert levels.album_lufs == pytest.approx(-14.0, abs=0.001)


def test_the_gate_leaves_a_quiet_interlude_out() -> None:
    """11 LU under the others it is gated out of the album's loudness, not of the album."""
    levels = album_gains(album(-20.0, -33.0), place(WHOLE), "album")
    assert levels.tracks[0].wanted_lufs == pytest.approx(-14.0, abs=0.001)
    assert levels.tracks[1].wanted_lufs == pytest.approx(-27.0, abs=0.001)


def test_the_album_waits_for_a_track_that_cannot_follow() -> None:
    tracks = album(-20.0, -17.0)
    tracks[0] = replace(tracks[0], limits=Limits(most_reduction_db=2.0), true_peak_dbtp=0.0)
    levels = album_gains(tracks, place(LOUDEST), "album")
    # Its peak may stand 2 dB over -1 dBTP before the limiter: 1 dB of gain, where 3 were asked.
    assert levels.gain_db == pytest.approx(1.0)
    assert levels.lowered_lu == pytest.approx(2.0)
    assert levels.lowered_by == "1"
    assert any("Track 1" in note and "2.00 LU" in note for note in levels.notes)
    assert levels.tracks[0].limited_db == pytest.approx(2.0)


def test_what_mastering_refuses_lowers_the_album_or_the_track() -> None:
    levels = album_gains(album(-20.0, -17.0), place(LOUDEST), "album")
    lowered = levels.lowered({"2": -15.5, "1": -17.5}, "no gain reaches it")
    assert [each.wanted_lufs for each in lowered.tracks] == [-18.5, -15.5]
    assert (lowered.lowered_by, lowered.lowered_lu, lowered.gain_db) == ("2", 1.5, 1.5)
    assert levels.lowered({"2": -13.0}) is levels
    alone = album_gains(album(-20.0, -17.0), place(LOUDEST), "track")
    assert [each.wanted_lufs for each in alone.tracks] == [-14.0, -14.0]
    alone = alone.lowered({"2": -15.5})
    assert [each.wanted_lufs for each in alone.tracks] == [-14.0, -15.5]


def test_min_plr_of_the_target_counts_and_dynamics_are_not_asked_back() -> None:
    text = LOUDEST + "min_plr_lu = 14.0\n"
    levels = album_gains([track(-20.0, -2.0)], place(text), "album")
    assert levels.tracks[0].wanted_lufs == -15.0
    # Of 10 LU by itself: no loudness would give it 14, so that the album waits for nobody.
    assert album_gains([track(-20.0)], place(text), "album").tracks[0].wanted_lufs == -14.0


def test_a_stricter_ceiling_for_the_loud_is_reckoned_with() -> None:
    """Unlimited, with a ratio of 12: at -14 LUFS it peaks at -2, louder it would have to be less.

    The usual ceiling of -1 dBTP lets it become -13, but louder than -14 only -2 holds.
    """
    text = LOUDEST.replace("-14.0", "-12.0")
    text += "[louder]\nthan_lufs = -14.0\ntrue_peak_dbtp = -2.0\n"
    stands = Limits(limiting=False)
    levels = album_gains([track(-20.0, -8.0, limits=stands)], place(text), "album")
    assert levels.tracks[0].wanted_lufs == pytest.approx(-14.0, abs=0.02)
    assert levels.tracks[0].ceiling_dbtp == -1.0


def test_approved_masters_come_down_together_and_only_for_the_ceiling() -> None:
    masters = [
        track(-9.0, -0.2, "1", limits=APPROVED),
        track(-12.0, -3.0, "2", limits=APPROVED),
    ]
    played = album_gains(masters, place(WHOLE), "album")
    assert played.mode == "as_is"
    assert played.gain_db == pytest.approx(-0.81)  # to -1 dBTP, and room for dither
    assert played.tracks[1].gain_db == played.gain_db
    asked = album_gains(masters, place(LOUDEST), "album")  # a condition: nobody levels there
    assert [each.wanted_lufs for each in asked.tracks] == [-14.0, -17.0]
    quiet = [replace(each, true_peak_dbtp=-1.0) for each in masters]
    as_is = album_gains(quiet, place(WHOLE), "album")
    assert as_is.gain_db == 0.0
    assert [each.said for each in as_is.tracks] == [(), ()]  # nothing was asked of them
    soft = [track(-20.0, -10.0, limits=APPROVED)]
    assert album_gains(soft, place(LOUDEST), "album").tracks[0].gain_db == 0.0


def test_mixes_beside_masters_are_brought_to_their_scale() -> None:
    tracks = [track(-9.0, -1.0, "1", limits=APPROVED), track(-24.0, -10.0, "2")]
    levels = album_gains(tracks, place(LOUDEST), "album")
    assert levels.tracks[0].wanted_lufs == pytest.approx(levels.tracks[1].wanted_lufs or 0.0)
    assert any("no common level" in note for note in levels.notes)


def test_gain_alone_fills_up_to_the_ceiling_with_one_gain() -> None:
    text = "true_peak_dbtp = -3.0\ngain_only = true\n"
    levels = album_gains([track(-20.0, -6.0, "1"), track(-18.0, -9.0, "2")], place(text), "album")
    assert levels.gain_db == pytest.approx(2.99)
    assert levels.lowered_lu == 0.0


def test_what_asks_for_no_loudness_takes_the_presets_or_none() -> None:
    cd = place("true_peak_dbtp = -0.3\n")
    assert album_gains(album(-20.0), cd, "album").gain_db == 0.0
    levels = album_gains(album(-20.0), cd, "album", preset_lufs=-9.0)
    assert levels.tracks[0].wanted_lufs == -9.0
    premaster = place("")
    assert album_gains(album(-20.0), premaster, "album", preset_lufs=-9.0).gain_db == 0.0


def test_the_loudest_three_seconds_hold_a_track_back() -> None:
    text = "integrated_lufs = -23.0\nmax_short_term_lufs = -20.0\ntrue_peak_dbtp = -1.0\n"
    burst = track(-30.0)
    loud = np.concatenate([powers(-30.0, 20.0), powers(-24.0, 3.0)])
    lufs = integrated_lufs(loud[None], np.ones(1))
    levels = album_gains([replace(burst, integrated_lufs=lufs, powers=loud)], place(text), "track")
    assert levels.tracks[0].gain_db == pytest.approx(4.0, abs=0.02)
    assert any("loudest 3 s" in each for each in levels.tracks[0].said)


def test_silence_has_no_loudness_and_disturbs_nobody() -> None:
    tracks = [track(-20.0), TrackLoudness("2", "Silence", None, None)]
    levels = album_gains(tracks, place(WHOLE), "album")
    assert levels.tracks[0].wanted_lufs == pytest.approx(-14.0, abs=0.001)
    assert levels.tracks[1].wanted_lufs is None
    assert levels.tracks[1].said
    assert album_gains(tracks[1:], place(WHOLE), "album").gain_db == 0.0


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="a track at least"):
        album_gains([], place(LOUDEST))
    with pytest.raises(UsageError, match="two tracks are called '1'"):
        album_gains([track(-20.0), track(-20.0)], place(LOUDEST))
    with pytest.raises(UsageError, match="powers are needed"):
        album_gains([replace(track(-20.0), powers=None)], place(WHOLE), "album")


def test_finished_tracks_are_held_against_what_was_wanted() -> None:
    levels = album_gains(album(-20.0, -17.0, -25.0), place(LOUDEST), "album")
    near = relations(levels, {"1": -17.02, "2": -13.98, "3": -22.0})
    assert near.off_lu == {"1": -0.02, "2": 0.02, "3": 0.0}
    assert (near.worst_lu, near.kept) == (0.04, True)
    far = relations(levels, {"1": -17.02, "2": -13.96})
    assert (far.worst_lu, far.kept, far.worst) == (0.06, False, ("Track 2", "Track 1"))
    assert "NOT kept" in far.words()
    assert relations(levels, {"1": -17.0, "2": None}).worst == ()
    alone = album_gains(album(-20.0, -17.0), place(LOUDEST), "track")
    assert relations(alone, {"1": -14.3, "2": -14.0}).kept


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("spotify", "album"),
        ("apple-music", "album"),
        ("tidal", "loudest"),
        ("deezer", "loudest"),
        ("aes-album", "loudest"),
        ("cd", "loudest"),
    ],
)
def test_places_mean_what_their_playback_says(name: str, mode: str) -> None:
    assert policy_of(load_target(name).target, "album").mode == mode


def test_only_what_levels_nothing_by_itself_makes_a_condition() -> None:
    assert policy_of(load_target("ebu-r128").target, "track").required
    assert not policy_of(load_target("spotify").target, "track").required
    assert not policy_of(load_target("cd").target, "album").required
