"""Stems that are missing, renamed or changed since the session was written."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.mixing.trio import RATE, SECONDS, bursts, song, write_song, write_stem

from mixmaster.errors import DocumentError
from mixmaster.mixing.sessions.plan import open_song, plan_song


def entry(folder: Path, name: str = "Kick") -> str:
    """Return a stem's entry as the session's beginning writes it."""
    path = folder / f"stems/{name}.wav"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return (
        f'[[stem]]\nfile = "stems/{name}.wav"\nduration_s = {SECONDS}\n'
        f'sample_rate_hz = {RATE}\nsha256 = "{digest}"\n'
    )


@pytest.fixture
def known(tmp_path: Path) -> str:
    """A song whose three stems are known to its session; return the entries."""
    write_song(tmp_path)
    return "".join(entry(tmp_path, name) for name in ("Kick", "EGtr", "Lead Vox"))


def error(path: Path, *, strict: bool = False) -> str:
    with pytest.raises(DocumentError) as caught:
        plan_song(open_song(path), strict=strict, threads=1)
    assert caught.value.where == str(path)
    return str(caught.value)


def test_what_is_as_it_was_is_not_spoken_of(tmp_path: Path, known: str) -> None:
    plan = plan_song(song(tmp_path, known), threads=1, strict=True)
    assert not [note for note in plan.notes if "changed" in note or "new" in note]


def test_a_renamed_stem_is_found_by_its_sound(tmp_path: Path, known: str) -> None:
    path = write_song(tmp_path, known)
    (tmp_path / "stems/EGtr.wav").rename(tmp_path / "stems/Guitar final.wav")
    said = error(path)
    assert "stem.EGtr.file" in said or "stem.2.file" in said
    assert "there is no file 'stems/EGtr.wav'" in said
    assert (
        "the same audio lies in 'stems/Guitar final.wav': file = 'stems/Guitar final.wav'" in said
    )
    path.write_text(path.read_text().replace("stems/EGtr.wav", "stems/Guitar final.wav"))
    assert plan_song(open_song(path), threads=1).stems


def test_a_missing_stem_is_named_with_the_nearest(tmp_path: Path) -> None:
    said = error(write_song(tmp_path, '[[stem]]\nfile = "stems/Kik.wav"\n'))
    assert "no file 'stems/Kik.wav' (did you mean 'stems/Kick.wav'?)" in said
    said = error(write_song(tmp_path, '[[stem]]\nfile = "stems/Zither solo.wav"\n'))
    assert "take its [[stem]] out, or use = false" in said
    gone = '[[stem]]\nfile = "stems/Kik.wav"\nuse = false\n'
    assert plan_song(song(tmp_path, gone), threads=1).stems


def test_another_sound_of_the_same_length_is_a_note_and_an_error_if_strict(
    tmp_path: Path, known: str
) -> None:
    path = write_song(tmp_path, known)
    write_stem(tmp_path / "stems/Kick.wav", bursts(61.0))
    plan = plan_song(open_song(path), threads=1)
    assert [note for note in plan.notes if "Kick.wav has changed since" in note]
    now = hashlib.sha256((tmp_path / "stems/Kick.wav").read_bytes()).hexdigest()
    assert f'if that is right: sha256 = "{now}"' in error(path, strict=True)


def test_another_length_or_rate_is_an_error_with_the_right_figures(
    tmp_path: Path, known: str
) -> None:
    path = write_song(tmp_path, known)
    write_stem(tmp_path / "stems/Kick.wav", bursts(60.0, SECONDS + 0.5))
    said = error(path)
    assert "lasts 3.5000 s now, was 3.0000 s" in said
    assert "duration_s = 3.5" in said
    write_stem(tmp_path / "stems/Kick.wav", bursts(60.0, 2 * SECONDS), 2 * RATE)
    said = error(path)
    assert "is at 16000 Hz now, was at 8000" in said
    assert "duration_s" not in said


def test_a_stem_that_nobody_knew_is_spoken_of(tmp_path: Path, known: str) -> None:
    write_stem(tmp_path / "stems/Kick 2.wav", bursts(55.0))
    plan = plan_song(song(tmp_path, known), threads=1)
    assert "strip.kick/Kick 2" in plan.stems
    assert [note for note in plan.notes if "names Kick 2.wav" in note]
    by_hand = '[[stem]]\nfile = "stems/Kick.wav"\nrole = "kick"\n'
    plan = plan_song(song(tmp_path, by_hand), threads=1)
    assert not [note for note in plan.notes if "names" in note]


def test_stems_are_found_from_the_session_s_folder_on(tmp_path: Path) -> None:
    home = tmp_path / "songs [2026]/blue"
    write_song(home)
    write_stem(tmp_path / "songs [2026]/shared/Kick Sub.wav", bursts(50.0))
    text = 'stems = ["stems/*.wav"]\n[[stem]]\nfile = "../shared/Kick Sub.wav"\n'
    plan = plan_song(song(home, text), threads=1)
    assert len(plan.stems) == 4
    assert "strip.kick/Kick Sub" in plan.stems
