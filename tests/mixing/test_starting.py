"""Starting a session: the balance by definition, pans, findings, and a document that reads back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.mixing.trio import bursts, write_song, write_stem

from mixmaster.documents.loading import load_text
from mixmaster.engine.render import render
from mixmaster.errors import DocumentError, OutputError
from mixmaster.mixing.balance import balance
from mixmaster.mixing.plan import MixPlan
from mixmaster.mixing.sessions.files import write_new
from mixmaster.mixing.sessions.plan import open_song, plan_song
from mixmaster.mixing.sessions.session import Session
from mixmaster.mixing.sessions.starting import Started, start
from mixmaster.mixing.sessions.text import session_text
from mixmaster.mixing.usual import USUAL

LONG = 8.0
STAGED = """
format = 1
kind = "mix"
name = "Levels"
[strip.kick]
input_lufs = -23.0
gain_db = -4.0
[strip.lead_vocal]
input_lufs = -23.0
[[strip.lead_vocal.insert]]
effect = "utility"
trim_db = -3.0
[strip.electric_guitar]
input_lufs = -20.0
trim_db = 1.0
gain_db = -9.0
spread = 0.5
[strip.backing_vocals]
input_lufs = -23.0
gain_db = -8.0
[vca.all]
members = ["kick", "lead_vocal", "electric_guitar", "backing_vocals"]
gain_db = -1.0
"""


@pytest.fixture
def band(tmp_path: Path) -> Path:
    """Stems at levels of their own, and a preset."""
    for name, hz, level in (
        ("Kick", 70.0, 0.02),
        ("Lead Vox", 440.0, 0.2),
        ("EGtr 1", 330.0, 0.05),
        ("EGtr 2", 370.0, 0.05),
    ):
        write_stem(tmp_path / f"stems/{name}.wav", bursts(hz, LONG, level))
    (tmp_path / "levels.toml").write_text(STAGED, encoding="utf-8")
    return tmp_path


def started(
    band: Path, preset: str = "levels.toml", *, balanced: bool = True, checked: bool = True
) -> Started:
    name = str(band / preset) if preset.endswith(".toml") else preset
    output = band / "song.toml"
    return start(
        [band / "stems"], name, output=output, balanced=balanced, checked=checked, threads=1
    )


def planned(band: Path, text: str) -> MixPlan:
    path = band / "song.toml"
    path.write_text(text, encoding="utf-8")
    return plan_song(open_song(path), threads=1)


def test_each_strip_stands_where_the_preset_means_it_to_be(band: Path) -> None:
    begun = started(band, checked=False)
    by_strip = {each.strip: each for each in begun.balance}
    # input_lufs + trim + fader + VCA
    assert by_strip["kick"].wanted_lufs == pytest.approx(-23.0 - 4.0 - 1.0)
    assert by_strip["electric_guitar"].wanted_lufs == pytest.approx(-20.0 + 1.0 - 9.0 - 1.0)
    # The insert takes 3 dB from the voice, and nothing else moves.
    voice, kick = by_strip["lead_vocal"], by_strip["kick"]
    assert voice.measured_lufs == pytest.approx(-23.0 - 3.0 - 1.0, abs=0.05)
    assert voice.change_db - kick.change_db == pytest.approx(3.0, abs=0.11)
    # Measured again through the session, differences between strips are those that were wanted.
    plan = planned(band, session_text(begun))
    again = {each.strip: each for each in balance(plan, {})}
    off = [
        again[name].measured_lufs - by_strip[name].wanted_lufs  # type: ignore[operator]
        for name in by_strip
    ]
    assert max(off) - min(off) < 0.15


def test_the_sum_of_all_stays_as_loud(band: Path) -> None:
    def power(plan: MixPlan) -> float:
        rendering = render(plan.graph, plan.sources, threads=1)
        return sum(float(np.square(block).sum()) for block in rendering.blocks)

    plain = planned(band, session_text(started(band, balanced=False, checked=False)))
    before = power(plain)
    after = power(planned(band, session_text(started(band, checked=False))))
    # K-weighted power is kept; without the weighting a kick counts for more.
    assert abs(10 * np.log10(after / before)) < 0.7


def test_mono_stems_of_a_strip_are_spread(band: Path) -> None:
    pans = {stem.file: stem.pan for stem in started(band, checked=False).stems}
    assert pans["stems/EGtr 1.wav"] == -0.5
    assert pans["stems/EGtr 2.wav"] == 0.5
    assert pans["stems/Kick.wav"] is None


def test_without_staging_roles_have_their_usual_places(band: Path) -> None:
    begun = started(band, "flat", checked=False)
    by_role = {each.role: each for each in begun.balance}
    for one, other in (("kick", "lead_vocal"), ("electric_guitar", "lead_vocal")):
        a, b = by_role[one], by_role[other]
        assert a.measured_lufs is not None
        assert b.measured_lufs is not None
        apart = a.measured_lufs + a.change_db - b.measured_lufs - b.change_db
        assert apart == pytest.approx(USUAL[one].offset_lu - USUAL[other].offset_lu, abs=0.11)
    trims = {stem.file: stem.trim_db for stem in begun.stems}
    # Stems of one role keep their relation.
    assert trims["stems/EGtr 1.wav"] == trims["stems/EGtr 2.wav"] != 0.0


def test_silence_and_strangers_are_left_alone(band: Path) -> None:
    write_stem(band / "stems/BGV.wav", np.zeros(1000))
    write_stem(band / "stems/Zzxq.wav", bursts(200.0, LONG))
    begun = started(band)
    stems = {stem.file: stem for stem in begun.stems}
    assert stems["stems/Zzxq.wav"].strip is None
    text = session_text(begun)
    assert "# no strip of the preset matches its name" in text
    by_strip = {each.strip: each for each in begun.balance}
    assert by_strip["backing_vocals"].change_db == 0.0
    plan = planned(band, text)
    assert not [name for name in plan.sources if "Zzxq" in name]
    with pytest.raises(DocumentError, match="no strip matches"):
        start([band / "stems/Zzxq.wav"], str(band / "levels.toml"), threads=1)


def test_findings_stand_beside_their_stems_as_comments(band: Path) -> None:
    # The same drum from two microphones, the second turned over.
    rng = np.random.default_rng(5)
    hits = np.zeros(round(LONG * 8000))
    for at in range(0, hits.size - 4000, 4000):
        hits[at : at + 3000] += rng.standard_normal(3000) * np.exp(-np.arange(3000) / 300.0)
    write_stem(band / "stems/Kick.wav", 0.2 * hits)
    write_stem(band / "stems/Kick Out.wav", -0.15 * hits)
    begun = started(band)
    fixes = [finding.fix for stem in begun.stems for finding in stem.findings if finding.fix]
    assert fixes == ["polarity = true"]
    text = session_text(begun)
    assert "\n# polarity = true\n" in text
    session = load_text(Session, text.replace("\n# polarity = true\n", "\npolarity = true\n"))
    assert sum(stem.polarity for stem in session.stem) == 1


def test_the_document_is_the_same_every_time_and_reads_back(band: Path) -> None:
    text = session_text(started(band))
    assert session_text(started(band)) == text
    session = load_text(Session, text)
    assert [stem.role for stem in session.stem] == [
        "kick",
        "lead_vocal",
        "electric_guitar",
        "electric_guitar",
    ]
    assert session.preset == "levels.toml"
    assert all(len(line) <= 100 for line in text.splitlines())


def test_names_that_need_quotes(tmp_path: Path) -> None:
    write_song(tmp_path)
    name = 'Kick "in" \\ [x] # é'
    write_stem(tmp_path / f"stems/{name}.wav", bursts(60.0))
    begun = start(
        [tmp_path / "stems"],
        str(tmp_path / "trio.toml"),
        output=tmp_path / "song.toml",
        title='Say "no"',
        balanced=False,
        checked=False,
        threads=1,
    )
    plan = planned(tmp_path, session_text(begun))
    assert plan.session is not None
    assert plan.session.title == 'Say "no"'
    assert f"strip.kick/{name}" in plan.stems


def test_a_session_that_is_there_is_never_replaced_unasked(tmp_path: Path) -> None:
    path = write_song(tmp_path)
    before = path.read_bytes()
    with pytest.raises(OutputError, match="may have been edited"):
        write_new(path, before.decode() + "# new\n")
    assert path.read_bytes() == before
    write_new(path, before.decode() + "# new\n", overwrite=True)
    assert path.read_bytes() == before + b"# new\n"
    with pytest.raises(OutputError, match="name it song"):
        write_new(tmp_path / "song.txt", before.decode())
    assert sorted(each.name for each in tmp_path.iterdir()) == ["song.toml", "stems", "trio.toml"]


def test_the_table_of_usual_levels_is_that_of_the_presets_that_ship() -> None:
    from statistics import median

    from mixmaster.documents.finding import list_presets
    from mixmaster.documents.loading import load
    from mixmaster.mixing.preset import MixPreset
    from mixmaster.mixing.sessions.stems import roles_of
    from mixmaster.mixing.stem_names.roles import vocabulary

    found: dict[str, list[float]] = {}
    for each in list_presets("mix"):
        preset = load(MixPreset, each.path)
        levels = {
            name: strip.input_lufs + strip.gain_db
            for name, strip in preset.strip.items()
            if strip.input_lufs is not None
        }
        lead = next((levels[name] for name in ("lead_vocal", "voice") if name in levels), None)
        if lead is None:
            continue
        for name, level in levels.items():
            for role in roles_of(name, preset):
                found.setdefault(role, []).append(level - lead)
    assert set(USUAL) <= set(vocabulary())
    for role, usual in USUAL.items():
        assert usual.offset_lu == pytest.approx(median(found[role]), abs=3.0), role
