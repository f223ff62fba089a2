"""The session document: what it lays over its preset, and what is wrong with a bad one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.mixing.trio import PRESET, bursts, song, write_song, write_stem

from mixmaster.errors import DocumentError
from mixmaster.mixing.plan import MixPlan
from mixmaster.mixing.sessions.plan import open_song, plan_song


def problem(folder: Path, session: str, *overrides: str) -> str:
    with pytest.raises(DocumentError) as caught:
        song(folder, session, *overrides)
    assert caught.value.where == str(folder / "song.toml")
    return str(caught.value)


def gains(plan: MixPlan) -> dict[str, float | None]:
    return {place.id: place.fader_db for place in plan.places}


def test_preset_then_session_then_the_command_line(tmp_path: Path) -> None:
    session = "[set]\nstrip.kick.gain_db = -2.0\nstrip.guitar.gain_db = -1.0\n"
    given = song(tmp_path, session, "strip.guitar.gain_db=-9")
    strips = given.preset.strip
    assert (strips["kick"].gain_db, strips["guitar"].gain_db) == (-2.0, -9.0)
    assert strips["lead_vocal"].gain_db == 0.0
    assert open_song(tmp_path / "song.toml").preset.strip["guitar"].gain_db == -1.0


def test_set_is_dotted_nested_or_quoted_alike(tmp_path: Path) -> None:
    forms = [
        "[set]\nstrip.guitar.insert.eq.bands.1.gain_db = 5.0\n",
        "[set.strip.guitar.insert.eq.bands.1]\ngain_db = 5.0\n",
        '[set]\n"strip.guitar.insert.eq.bands.1.gain_db" = 5.0\n',
        '[set]\n"strip.*.insert.eq.bands.*.gain_db" = 5.0\n',
    ]
    presets = [song(tmp_path, form).preset for form in forms]
    assert all(preset == presets[0] for preset in presets)
    assert presets[0].strip["guitar"].insert[0].model_dump()["bands"][0]["gain_db"] == 5.0


def test_add_makes_strips_and_puts_inserts_where_they_are_wanted(tmp_path: Path) -> None:
    write_stem(tmp_path / "stems/Theremin.wav", bursts(700.0))
    session = """
[add.strip.theremin]
match = ["theremin"]
gain_db = -8.0
[[add.strip.guitar.insert]]
effect = "utility"
id = "first"
before = "eq"
[[add.strip.guitar.insert]]
effect = "eq"
bands = []
[[add.strip.kick.send]]
to = "room"
gain_db = -20.0
"""
    given = song(tmp_path, session)
    plan = plan_song(given, threads=1)
    assert gains(plan)["strip.theremin/Theremin"] == -8.0
    (node,) = (node for node in plan.graph.nodes if node.id == "strip.guitar/EGtr")
    prefix = "strip.guitar/EGtr.insert."
    assert [each.id.removeprefix(prefix) for each in node.inserts] == ["first", "eq", "eq2"]
    assert [send.to for send in given.preset.strip["kick"].send] == ["room"]


@pytest.mark.parametrize(
    ("session", "said"),
    [
        ("[set]\nstrip.vocal.gain_db = 1.0\n", "set.strip.vocal.gain_db: strip has no 'vocal'"),
        ("[set]\nstrip.kick.gain_db = 99.0\n", "set.strip.kick.gain_db: must be from -144 to 36"),
        ("[set]\nstrip.kick.gian_db = 1.0\n", "did you mean 'gain_db'?"),
        ("[add.strip.kick]\ngain_db = 1.0\n", "change it: [set] strip.kick.gain_db = ..."),
        ("[add.strip.new]\noutput = 'nowhere'\nmatch = ['x']\n", "add.strip.new.output: no bus"),
        ("[add.stirp.new]\n", "add.stirp: no such key (did you mean 'strip'?)"),
        (
            "[[add.strip.guitar.insert]]\neffect = 'eq'\nbefore = 'eq'\nbands = []\n",
            "'eq' would no longer mean the insert it means now",
        ),
        (
            "[[add.strip.guitar.insert]]\neffect = 'eq'\nbefore = 'eg'\nbands = []\n",
            "there is no insert 'eg' (known: eq)",
        ),
        ("tempo_bpm = 5.0\n", "tempo_bpm: must be from 20 to 400 BPM"),
        ("time_signature = '4/5'\n", "time_signature"),
        (
            "tempo_bpm = 90.0\n[tempo_map]\nchange = [{ at = '1', tempo_bpm = 90.0 }]\n",
            "tempo_bpm: the song has a tempo map",
        ),
        (
            "[tempo_map]\nchange = [{at='1',tempo_bpm=90.0},{at='9'},{at='5'}]\n",
            "the map goes backwards",
        ),
        ("stems = []\n", "the song has no stems (stems = "),
        ("stems = ['nowhere']\n", "stems.1: 'nowhere': there is no such file or folder"),
        ("[[stem]]\nfile = 'stems/Kick.wav'\nrole = 'kicks'\n", "no role 'kicks' (did you mean"),
        ("[[stem]]\nfile = 'stems/Kick.wav'\nrole = 'organ'\n", "has no strip for role 'organ'"),
        ("[[stem]]\nfile = 'stems/Kick.wav'\nstrip = 'organ'\n", "it is a role: role = 'organ'"),
        (
            "[[stem]]\nfile = 'stems/Kick.wav'\nstrip = 'kick'\nrole = 'kick'\n",
            "a strip is named, too",
        ),
        ("[[stem]]\nfile = 'a'\n[[stem]]\nfile = 'a'\n", "'a' is stem 1 already"),
        ("[version.x]\nmute = ['drums']\n", "version.x.mute"),
        ("[add.vca.x]\n", "add.vca.x.members: is missing"),
        ("[[automation]]\ntarget = 'strip.kick.pan'\n", "automation.1.points: is missing"),
        ("[[stem]]\nfile = 'stems/Kick.wav'\nsha256 = 'abc'\n", "stem.Kick.sha256"),
    ],
)
def test_a_mistake_names_its_key_and_what_would_be_right(
    session: str, said: str, tmp_path: Path
) -> None:
    assert said in problem(tmp_path, session)


def test_a_mistake_in_the_preset_is_the_preset_s(tmp_path: Path) -> None:
    path = write_song(tmp_path, preset=PRESET + "[strip.bass]\ngain = 3.0\n")
    with pytest.raises(DocumentError, match=r"strip\.bass\.gain") as caught:
        open_song(path)
    assert caught.value.where == str(tmp_path / "trio.toml")
    path.write_text(path.read_text().replace("trio.toml", "duo.toml"))
    with pytest.raises(DocumentError, match=r"preset: 'duo\.toml': no such file"):
        open_song(path)


def test_the_command_line_reaches_the_session_itself(tmp_path: Path) -> None:
    lane = '[[automation]]\nid = "ride"\ntarget = "strip.kick.gain_db"\npoints = [[0.0, 0.0]]\n'
    given = song(
        tmp_path,
        lane + "[[stem]]\nfile = 'stems/Lead Vox.wav'\n",
        "automation.ride.points=[[0.5, -3.0], [1.0, -6.0]]",
        "tempo_bpm=90",
        "stem.Lead Vox.name=Anna",
        'title="Another"',
    )
    assert [point.value for point in given.session.automation[0].points] == [-3.0, -6.0]
    assert given.preset.tempo_bpm == 90.0
    assert given.session.title == "Another"
    assert "strip.lead_vocal/Anna" in gains(plan_song(given, threads=1))  # found by its file


def test_a_stem_goes_where_the_session_says(tmp_path: Path) -> None:
    write_stem(tmp_path / "stems/Audio 7.wav", bursts(90.0))
    write_stem(tmp_path / "stems/Audio 8.wav", bursts(95.0))
    session = """
[[stem]]
file = "stems/Audio 7.wav"
name = "Kick Sub"
[[stem]]
file = "stems/Audio 8.wav"
role = "electric_guitar"
[[stem]]
file = "stems/EGtr.wav"
strip = "lead_vocal"
[[stem]]
file = "stems/Kick.wav"
use = false
"""
    plan = plan_song(song(tmp_path, session), threads=1)
    assert set(gains(plan)) == {
        "strip.kick/Kick Sub",
        "strip.guitar/Audio 8",
        "strip.lead_vocal/EGtr",
        "strip.lead_vocal/Lead Vox",
    }
    assert "left out by the session: Kick.wav" in plan.notes


def test_head_values_act_on_one_stem_alone(tmp_path: Path) -> None:
    session = """
[[stem]]
file = "stems/EGtr.wav"
trim_db = -3.0
polarity = true
delay_ms = 2.0
pan = -0.5
"""
    plain = plan_song(song(tmp_path), threads=1)
    plan = plan_song(song(tmp_path, session), threads=1)
    before, after = ({node.id: node for node in each.graph.nodes} for each in (plain, plan))
    one, two = before["strip.guitar/EGtr"], after["strip.guitar/EGtr"]
    assert two.head_gain == pytest.approx(-one.head_gain * 10 ** (-3 / 20))
    assert two.delay_samples == 16
    # Constant power at -0.5: cos and sin of an eighth of a circle; the fader is -6 dB.
    fader = 10 ** (-6 / 20)
    gains_now = [row[0] for row in two.post]
    assert gains_now == pytest.approx([fader * np.cos(np.pi / 8), fader * np.sin(np.pi / 8)])
    assert before["strip.kick/Kick"] == after["strip.kick/Kick"]


def test_halves_of_a_pair_are_treated_alike(tmp_path: Path) -> None:
    for side in "LR":
        write_stem(tmp_path / f"stems/Gtr Rhythm {side}.wav", bursts(220.0))
    session = "[[stem]]\nfile = 'stems/Gtr Rhythm L.wav'\ntrim_db = 2.0\n"
    with pytest.raises(DocumentError, match="one stereo pair"):
        plan_song(song(tmp_path, session), threads=1)


def test_bars_lie_where_the_session_s_tempo_puts_them(tmp_path: Path) -> None:
    session = """
tempo_bpm = 120.0
time_signature = "3/4"
[[automation]]
target = "strip.kick.gain_db"
points = [["1", -4.0], ["2", -10.0]]
"""
    plan = plan_song(song(tmp_path, session), threads=1)
    assert plan.tempo_map is not None
    assert plan.tempo_map.seconds("2") == 1.5  # three quarters at 120
    with pytest.raises(
        DocumentError, match=r"automation\.1\.points\.2: 3 \(4\.000 s\) lies beyond"
    ) as e:
        plan_song(open_song(tmp_path / "song.toml", overrides=LATE), threads=1)
    assert e.value.where == str(tmp_path / "song.toml")


LATE = ['automation.1.points=[["1", -4.0], ["3", -10.0]]', "time_signature=4/4"]


def test_files_that_the_session_names_lie_beside_it(tmp_path: Path) -> None:
    session = """
[[add.bus.room.insert]]
effect = "convolution"
impulse = "halls/../hall.wav"
"""
    home = tmp_path / "song"
    path = write_song(home, session)
    (home / "trio.toml").rename(tmp_path / "trio.toml")
    path.write_text(path.read_text().replace('"trio.toml"', '"../trio.toml"'))
    (home / "halls").mkdir()
    hall = write_stem(home / "hall.wav", bursts(100.0, 0.1))
    plan = plan_song(open_song(path), threads=1)
    assert [each.resolve() for each in plan.resources] == [hall.resolve()]
    # The same words in the preset itself would reach out of its folder.
    text = (tmp_path / "trio.toml").read_text() + session.replace("add.", "")
    (tmp_path / "trio.toml").write_text(text)
    path.write_text(path.read_text().replace(session, ""))
    with pytest.raises(DocumentError, match="no plain path below the preset's folder"):
        plan_song(open_song(path), threads=1)
