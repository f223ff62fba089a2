"""Where tracks, gaps and marks lie, for any lengths."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.errors import UsageError
from mixmaster.release.cd.disc import Disc, DiscTrack
from mixmaster.release.cd.layout import lay_out
from mixmaster.release.cd.plan import CdPlan, plan_cd
from mixmaster.release.cd.sheet import Words, clock

SECOND = 44_100
FILE = Path("a.wav")


def codes(plan: CdPlan, severity: str) -> list[str]:
    return [finding.code for finding in plan.findings if finding.severity == severity]


JOINS = st.one_of(
    st.just((0.0, 0.0)),
    st.tuples(st.floats(0.001, 10.0), st.just(0.0)),
    st.tuples(st.none(), st.floats(0.001, 2.0)),
)


@settings(max_examples=300, deadline=None)
@given(
    lengths=st.lists(st.integers(6 * SECOND, 400 * SECOND), min_size=1, max_size=12),
    joins=st.lists(JOINS, min_size=12, max_size=12),
    hidden=st.lists(st.sampled_from([0, 0, 0, 1, 40_000, 588 * 99]), min_size=12, max_size=12),
)
def test_every_layout_keeps_the_red_book_and_every_sample(
    lengths: list[int], joins: list[tuple[float | None, float]], hidden: list[int]
) -> None:
    secrets = hidden[: len(lengths)]
    tracks = [
        DiscTrack(
            FILE,
            gap_s=gap if number else None,
            crossfade_s=fade if number and not secret else 0.0,
            hidden=FILE if secret else None,
        )
        for number, ((gap, fade), secret) in enumerate(zip(joins, secrets, strict=False))
    ]
    plan = plan_cd(tracks, Disc(), lengths, secrets)
    layout = plan.layout
    assert not codes(plan, "error")
    end = 0
    last = -1
    for track, place, length in zip(tracks, layout.tracks, lengths, strict=True):
        assert place.frames == length
        begin = place.start_frame - place.hidden_frames
        gap_s = 2.0 if track.gap_s is None else track.gap_s
        if place.number == 1:
            assert 0 <= begin < 588
        elif track.crossfade_s:
            assert begin == end - round(track.crossfade_s * SECOND)
        elif gap_s == 0.0:
            assert begin == end  # not a sample between, not a sample lost
        else:
            # As asked for to half a sector; where that were none, to the next sector's edge.
            assert -294.5 <= begin - end - gap_s * SECOND < 588
            assert place.start_frame % 588 == 0
        start = place.marks[-1]
        assert start.index == 1
        assert 0 <= place.start_frame - (start.sector - 150) * 588 < 588
        for mark in place.marks:
            assert mark.sector > last
            last = mark.sector
        if len(place.marks) == 2 and place.number > 1 and begin > end:
            # The pause begins behind the last frame of the track before, within a sector.
            assert 0 <= (place.marks[0].sector - 150) * 588 - end < 588
        end = place.start_frame + length
    assert layout.frames % 588 == 0
    assert 0 <= layout.frames - end < 588
    assert layout.tracks[0].marks[0].sector == 0
    assert layout.tracks[0].marks[-1].sector >= 150


@pytest.mark.parametrize(
    ("minutes", "severity"),
    [(74 * 60 + 28, None), (74 * 60 + 29, "warning"), (79 * 60 + 55, "warning"), (4796, "error")],
)
def test_long_discs_are_told(minutes: int, severity: str | None) -> None:
    """The limits are the disc's, its first 2 s included: 74:30 and 79:57."""
    plan = plan_cd([DiscTrack(FILE)], Disc(), [minutes * SECOND])
    found = [finding for finding in plan.findings if finding.code in {"cd_long", "cd_too_long"}]
    assert [finding.severity for finding in found] == ([severity] if severity else [])
    if severity == "error":
        assert clock(plan.layout.lead_out) == "79:58:00"
        with pytest.raises(UsageError, match="the disc is 79:58:00 long"):
            plan.require()
    else:
        plan.require()


@pytest.mark.parametrize(("count", "right"), [(1, True), (99, True), (100, False), (0, False)])
def test_a_disc_has_1_to_99_tracks(count: int, *, right: bool) -> None:
    plan = plan_cd([DiscTrack(FILE)] * count, Disc(cd_text=False), [4 * SECOND] * count)
    assert ("cd_tracks" in codes(plan, "error")) is not right


def test_tracks_last_4_seconds_without_their_pause() -> None:
    tracks = [DiscTrack(FILE), DiscTrack(FILE)]
    assert "cd_track_short" not in codes(plan_cd(tracks, Disc(), [4 * SECOND] * 2), "error")
    plan = plan_cd(tracks, Disc(), [4 * SECOND - 588, 4 * SECOND])
    (short,) = [finding for finding in plan.findings if finding.code == "cd_track_short"]
    assert (short.file, short.severity) == ("track 1", "error")


def test_joins_that_cannot_be_are_named() -> None:
    def plan(*tracks: DiscTrack) -> CdPlan:
        return plan_cd(tracks, Disc(), [6 * SECOND] * len(tracks))

    plain = DiscTrack(FILE)
    wrong = [
        [DiscTrack(FILE, crossfade_s=1.0), plain],
        [plain, DiscTrack(FILE, crossfade_s=1.0, gap_s=2.0)],
        [plain, DiscTrack(FILE, crossfade_s=7.0)],
        [plain, DiscTrack(FILE, crossfade_s=31.0)],
        # Two fades of 3.5 s in 6 s would have three tracks sound at once.
        [plain, DiscTrack(FILE, crossfade_s=3.5), DiscTrack(FILE, crossfade_s=3.5)],
        [plain, DiscTrack(FILE, mark_offset_s=-8.5)],
    ]
    for tracks in wrong:
        assert "cd_join" in codes(plan(*tracks), "error"), tracks
    assert not codes(plan(plain, DiscTrack(FILE, crossfade_s=1.9), plain), "error")


def test_a_mark_may_lie_elsewhere() -> None:
    tracks = [DiscTrack(FILE), DiscTrack(FILE, gap_s=0.0, mark_offset_s=-0.2)]
    (_, place) = lay_out(tracks, Disc(), [10 * SECOND, 10 * SECOND]).tracks
    assert place.start_frame == 10 * SECOND
    assert place.marks[-1].sector == 150 + 750 - 15


def test_a_longer_first_pause_is_silence_in_the_file() -> None:
    (place,) = lay_out([DiscTrack(FILE, gap_s=5.0)], Disc(), [6 * SECOND]).tracks
    assert place.start_frame == 3 * SECOND
    assert [mark.sector for mark in place.marks] == [0, 5 * 75]
    (place,) = lay_out([DiscTrack(FILE, gap_s=0.5)], Disc(), [6 * SECOND]).tracks
    assert [mark.sector for mark in place.marks] == [0, 150]


def test_codes_are_held_to_their_forms() -> None:
    tracks = [
        DiscTrack(FILE, isrc="QZ-AB1-26-00001"),
        DiscTrack(FILE, isrc="qzab12600001"),
        DiscTrack(FILE, isrc="QZ-AB1-26"),
    ]
    # GS1's own example of a GTIN-12, and with a wrong check digit.
    plan = plan_cd(tracks, Disc(upc="614141000036"), [5 * SECOND] * 3)
    assert plan.sheet.catalogue == "0614141000036"
    assert [track.isrc for track in plan.sheet.tracks] == ["QZAB12600001", "QZAB12600001", ""]
    assert [finding.severity for finding in plan.findings] == ["warning", "error"]
    wrong = plan_cd(tracks[:1], Disc(upc="614141000037", master_id="x" * 49), [5 * SECOND])
    assert codes(wrong, "error") == ["cd_upc", "cd_master_id"]


def test_too_much_cd_text_is_refused_before_any_audio() -> None:
    track = DiscTrack(FILE, Words("T" * 60, "P" * 60))
    plan = plan_cd([track] * 50, Disc(), [5 * SECOND] * 50)
    assert "cd_text_packs" in codes(plan, "error")
    assert not codes(plan_cd([track] * 50, Disc(cd_text=False), [5 * SECOND] * 50), "error")


def test_times_of_a_disc() -> None:
    assert clock(150) == "00:02:00"
    assert clock((99 * 60 + 59) * 75 + 74) == "99:59:74"
