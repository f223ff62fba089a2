"""Sessions told apart: by what they come to, automation by its times."""

from __future__ import annotations

from pathlib import Path

from tests.mixing.trio import write_song

from mixmaster.mixing.recall.apart import session_differences
from mixmaster.mixing.sessions.plan import resolve_session

LANE = '[[automation]]\ntarget = "strip.kick.gain_db"\npoints = {}\n'


def told(folder: Path, one: str, two: str) -> list[str]:
    first = resolve_session(write_song(folder / "a", one))
    second = resolve_session(write_song(folder / "b", two))
    return [str(each) for each in session_differences(first, second)]


def test_a_session_s_values_are_told_as_what_they_come_to(tmp_path: Path) -> None:
    one = "[set]\nstrip.kick.gain_db = -4.0\n"  # what the preset says anyway
    two = "[set.strip.kick]\ngain_db = -2.5\n"
    assert told(tmp_path, one, "") == []
    assert told(tmp_path, one, two) == ["strip.kick fader: +1.5 dB (−4 dB → −2.5 dB)"]


def test_stems_versions_and_tempo(tmp_path: Path) -> None:
    one = '[[stem]]\nfile = "stems/Kick.wav"\n'
    two = (
        "tempo_bpm = 90.0\n[version.tv]\nmute = ['lead_vocal']\n"
        '[[stem]]\nfile = "stems/Kick.wav"\ntrim_db = 1.5\n'
    )
    said = told(tmp_path, one, two)
    assert said[0] == "stem.Kick trim: +1.5 dB (0 dB → 1.5 dB)"
    assert "tempo: −30 BPM (120 BPM → 90 BPM)" in said
    assert any(line.startswith("version.tv: added") for line in said)


def test_automation_lane_by_lane_and_point_by_point(tmp_path: Path) -> None:
    one = "tempo_bpm = 120.0\n" + LANE.format('[[0.0, -4.0], ["2:1", -6.0], [2.5, -4.0]]')
    two = "tempo_bpm = 120.0\n" + LANE.format('[[0.0, -4.0], [1.0, 0.0], ["2:1", -5.0]]')
    where = "automation of strip.kick.gain_db"
    assert told(tmp_path, one, two) == [
        f"{where} at 0:01.000: added (0 dB)",
        f"{where} at 2:1 (0:02.000): +1 dB (−6 dB → −5 dB)",
        f"{where} at 0:02.500: removed (−4 dB)",
    ]
    assert told(tmp_path, one, "tempo_bpm = 120.0\n") == [
        f"{where}: removed (3 points, 0:00.000 to 0:02.500)"
    ]
    mute = '[[automation]]\ntarget = "strip.kick.mute"\npoints = [[1.0, {}]]\n'
    assert told(tmp_path, mute.format("true"), mute.format("false")) == [
        "automation of strip.kick.mute at 0:01.000: on → off"
    ]


def test_very_many_points_are_summed_up(tmp_path: Path) -> None:
    one, two = (LANE.format([[at / 10, float(-at - more)] for at in range(20)]) for more in (0, 1))
    said = told(tmp_path, one, two)
    assert len(said) == 9
    assert "12 more, at 0:00.800 to 0:01.900" in said[-1]
