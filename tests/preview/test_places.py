"""What places do to masters, against what they say they do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.preview.music import RATE_HZ, tone, write

from mixmaster.dsp.player_limiter import PlayerLimiter
from mixmaster.mastering.options import NamedTarget
from mixmaster.mastering.run import load_target
from mixmaster.mastering.target import Target
from mixmaster.mastering.target_playback import Playback
from mixmaster.metering.loudness import album_lufs
from mixmaster.preview.master_file import Master, read_master
from mixmaster.preview.places import Played, gains_of, play

CLOSE = 0.05


def place(**playback: object) -> NamedTarget:
    way = Playback.model_validate({"name": "way", "integrated_lufs": -14.0, **playback})
    target = Target(format=1, kind="target", name="Place", playback=(way,))
    return NamedTarget("place", target)


def played(master: Master, named: NamedTarget, *others: Master) -> list[Played]:
    ways = {way.name: way for way in named.target.playback}
    (first, *_) = gains_of(named, [master, *others])
    return [play(master, gain, ways.get(gain.setting)) for gain in first]


@pytest.fixture
def loud(tmp_path: Path) -> Master:
    return read_master(write(tmp_path / "loud.wav", tone(-8.0)))


@pytest.fixture
def quiet(tmp_path: Path) -> Master:
    """At about -20 LUFS with a peak near -3 dBTP: 2 dB of room are left under -1."""
    signal = tone(-20.0)
    signal[:, 24_000:24_480] += 0.6 * np.sin(2 * np.pi * 2_000.0 * np.arange(480) / RATE_HZ)
    return read_master(write(tmp_path / "quiet.wav", signal))


def test_louder_masters_are_turned_down_everywhere(loud: Master) -> None:
    for named in (place(), load_target("spotify"), load_target("youtube")):
        (first, *_) = played(loud, named)
        assert first.gain.gain_db == pytest.approx(-6.0, abs=CLOSE)
        assert first.integrated_lufs == pytest.approx(-14.0, abs=CLOSE)
        assert first.true_peak_dbtp == pytest.approx(-14.0, abs=CLOSE)
        assert first.limited_db is None
    ways = {each.gain.setting: each for each in played(loud, load_target("spotify"))}
    assert ways["quiet"].gain.gain_db == pytest.approx(-11.0, abs=CLOSE)
    assert ways["loud"].gain.gain_db == pytest.approx(-3.0, abs=CLOSE)
    assert ways["loud"].gain.limited is False


def test_quieter_ones_are_left_or_raised_as_far_as_peaks_allow(quiet: Master) -> None:
    peak, lufs = quiet.true_peak_dbtp, quiet.integrated_lufs
    assert peak is not None
    assert lufs is not None
    (left,) = played(quiet, place())
    assert left.gain.gain_db == 0.0
    (raised,) = played(quiet, place(quiet="raised", raised_to_dbtp=-1.0))
    assert raised.gain.gain_db == pytest.approx(-1.0 - peak, abs=1e-9)
    assert raised.true_peak_dbtp == pytest.approx(-1.0, abs=1e-9)
    assert "short" in raised.gain.what
    (whole,) = played(quiet, place(integrated_lufs=lufs + 1.0, quiet="raised"))
    assert whole.gain.gain_db == pytest.approx(1.0, abs=1e-9)
    assert whole.integrated_lufs == pytest.approx(lufs + 1.0, abs=1e-6)


def test_nobody_turns_down_a_quiet_master_for_its_peak(tmp_path: Path) -> None:
    signal = tone(-0.2, 1.0)
    master = read_master(write(tmp_path / "a.wav", signal))
    (row,) = played(master, place(integrated_lufs=-4.0, quiet="raised"))
    assert row.gain.gain_db == pytest.approx(-3.8, abs=CLOSE)
    short = read_master(write(tmp_path / "b.wav", signal * np.repeat([1.0, 0.001], [4800, 43200])))
    (row,) = played(short, place(integrated_lufs=-4.0, quiet="raised", raised_to_dbtp=-1.0))
    assert row.gain.gain_db == 0.0


def test_an_album_keeps_the_differences_of_its_tracks(tmp_path: Path) -> None:
    one = read_master(write(tmp_path / "1.wav", tone(-10.0)))
    two = read_master(write(tmp_path / "2.wav", tone(-13.0)))
    # Of equal length, both over the relative gate: the mean of their powers.
    together = 10.0 * np.log10((10.0**-1.0 + 10.0**-1.3) / 2.0)
    assert album_lufs([one.powers, two.powers]) == pytest.approx(together, abs=0.1)
    rows = gains_of(load_target("spotify"), [one, two])
    albums = [[g for g in row if g.mode == "album" and g.setting == "normal"] for row in rows]
    assert albums[0] == albums[1]
    assert albums[0][0].gain_db == pytest.approx(-14.0 - together, abs=0.1)
    loudest = [g for g in gains_of(load_target("tidal"), [one, two])[1] if g.mode == "album"]
    assert loudest[0].gain_db == pytest.approx(-4.0, abs=CLOSE)
    # YouTube knows no albums.
    assert {g.mode for g in gains_of(load_target("youtube"), [one, two])[0]} == {"track"}


def test_a_quiet_track_does_not_pull_its_album_down(tmp_path: Path) -> None:
    one = read_master(write(tmp_path / "1.wav", tone(-10.0)))
    two = read_master(write(tmp_path / "2.wav", tone(-35.0)))  # under the relative gate
    assert album_lufs([one.powers, two.powers]) == pytest.approx(-10.0, abs=CLOSE)


def test_spotify_loud_raises_quiet_masters_through_its_limiter(quiet: Master) -> None:
    ways = {each.gain.setting: each for each in played(quiet, load_target("spotify"))}
    loud = ways["loud"]
    lufs = quiet.integrated_lufs
    assert lufs is not None
    assert loud.gain.limited
    assert loud.gain.gain_db == pytest.approx(-11.0 - lufs, abs=1e-9)
    assert loud.limited_db is not None
    assert loud.limited_db > 1.0


def test_the_players_limiter_keeps_a_steady_tone_at_its_ceiling() -> None:
    limiter = PlayerLimiter(RATE_HZ, -1.0, 5.0, 100.0)
    signal = tone(3.0, 2.0)
    out = np.concatenate(
        [limiter.process(signal[:, start : start + 4_096]) for start in range(0, 96_000, 4_096)],
        axis=1,
    )
    steady = out[:, 48_000:90_000]
    # The release falls by 1/e in 100 ms: between the crests, 0.5 ms apart, by 0.5 % of 4 dB.
    assert 20.0 * np.log10(np.abs(steady).max()) == pytest.approx(-1.0, abs=0.05)
    # After the attack's time constant the reduction has come to 1 - 1/e of what is asked for.
    held = PlayerLimiter(RATE_HZ, -1.0, 5.0, 100.0)
    step = np.full((1, RATE_HZ), 10.0 ** (3.0 / 20.0))
    gain_db = -20.0 * np.log10(held.process(step)[0] / step[0])
    assert gain_db[239] == pytest.approx(4.0 * (1.0 - np.exp(-1.0)), abs=0.01)
    whole = PlayerLimiter(RATE_HZ, -1.0, 5.0, 100.0).process(signal)
    np.testing.assert_array_equal(out, whole)


def test_under_its_ceiling_the_players_limiter_is_not_there() -> None:
    signal = tone(-1.5, 0.5)
    np.testing.assert_array_equal(PlayerLimiter(RATE_HZ, -1.0, 5.0, 100.0).process(signal), signal)


def test_silence_has_no_loudness_and_is_played_as_it_is(tmp_path: Path) -> None:
    silent = read_master(write(tmp_path / "s.wav", np.zeros((2, RATE_HZ))))
    for each in played(silent, load_target("spotify")):
        assert each.gain.gain_db == 0.0
        assert each.integrated_lufs is None
