"""Names by template: what they say, and what they cannot do."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixmaster.errors import DocumentError, OutputError, UsageError
from mixmaster.mixing.prints.file_names import (
    DEFAULT_TEMPLATE,
    FIELDS,
    TemplateError,
    bits_text,
    check_template,
    file_name,
    place,
    rate_text,
)

VALUES = {
    "artist": "Nina",
    "title": "Blue Hour",
    "song": "blue",
    "version": "tv",
    "preset": "Rock band",
    "rate": "44.1",
    "bits": "24",
}


@pytest.mark.parametrize(
    ("template", "changes", "wanted"),
    [
        (DEFAULT_TEMPLATE, {}, "Nina_Blue Hour_tv_44.1k24.wav"),
        (DEFAULT_TEMPLATE, {"artist": ""}, "Blue Hour_tv_44.1k24.wav"),
        ("{title} - {artist} - {version}", {"artist": ""}, "Blue Hour - tv.wav"),
        ("{title}_{artist}", {"artist": ""}, "Blue Hour.wav"),
        ("{song}-{preset}.FLAC", {}, "blue-Rock band.FLAC"),
        ("{title}/{version}", {}, "Blue Hour/tv.wav"),
        ("{artist}/{title}", {"artist": ""}, "Blue Hour.wav"),
        ("{title}", {"title": "Vol. 2.flac"}, "Vol. 2.flac.wav"),
        ("{title}", {"title": "../../etc/passwd"}, "etc passwd.wav"),
        ("{title}_{version}", {"title": "a\0b\nc\x1b[31m"}, "a b c [31m_tv.wav"),
        ("{title}", {"title": "..hidden"}, "hidden.wav"),
        ("{title}", {"title": "NUL"}, "NUL_.wav"),
        ("{title}", {"title": 'AC/DC: "Live?" <1|2>'}, "AC DC Live 1 2.wav"),
        ("take {{1}} {title}", {}, "take {1} Blue Hour.wav"),
        ("{song:02} {title:03}", {"song": "7", "title": "A"}, "07 A.wav"),
        ("{title}", {"title": "Nul.tar"}, "Nul_.tar.wav"),
        ("{title}", {"title": "CON .x"}, "CON_.x.wav"),
        ("{title}", {"title": "COM¹"}, "COM¹_.wav"),
        ("{title}/x", {"title": "aux"}, "aux_/x.wav"),
        ("{title}", {"title": "abc\u202egpj.exe\u2066\u200f"}, "abc gpj.exe.wav"),
        ("{title}", {"title": "a\ud800b"}, "a b.wav"),
        ("{title}", {"title": "trailing. . "}, "trailing.wav"),
        ("caf{title}", {"title": "e\u0301"}, "caf\u00e9.wav"),
    ],
)
def test_names(template: str, changes: dict[str, str], wanted: str) -> None:
    assert file_name(template, {**VALUES, **changes}, ".wav") == wanted


@pytest.mark.parametrize(
    ("template", "reason", "hint"),
    [
        ("{titel}", "no field '{titel}'", "did you mean 'title'?"),
        ("{}", "no field '{}'", "known: artist"),
        ("{0}", "no field '{0}'", "known: artist"),
        ("{title.__class__}", "no field '{title.__class__}'", ""),
        ("{title!r}", "takes no format", "write {title}"),
        ("{rate:.1f}", "takes no format", "write {rate}"),
        ("{title", "expected '}'", "fields are {artist}"),
        ("../{title}", "leads out of the folder", "inside the folder"),
        ("/tmp/{title}", "leads out of the folder", "inside the folder"),
        ("{title}/", "leads out of the folder", "inside the folder"),
        (".{title}", "hidden", "inside the folder"),
        ("{title}?", "no file's name may hold", "fields"),
        ("{title}\n", "no file's name may hold", "fields"),
        ("", "leads out of the folder", "inside the folder"),
    ],
)
def test_bad_templates_are_named(template: str, reason: str, hint: str) -> None:
    with pytest.raises(TemplateError) as error:
        check_template(template)
    assert reason in error.value.reason
    assert hint in error.value.hint


def test_a_name_that_is_nothing_is_refused() -> None:
    with pytest.raises(TemplateError, match="leaves the name empty"):
        file_name("{artist}", {**VALUES, "artist": " / "}, ".wav")


@given(
    template=st.lists(
        st.sampled_from([*(f"{{{name}}}" for name in FIELDS), "_", " - ", "/", "x", "."]),
        min_size=1,
        max_size=8,
    ).map("".join),
    values=st.fixed_dictionaries({name: st.text(max_size=12) for name in FIELDS}),
)
@settings(max_examples=150, deadline=None)
def test_no_value_leads_out_of_the_folder(template: str, values: dict[str, str]) -> None:
    try:
        name = file_name(template, values, ".wav")
    except TemplateError:
        return
    parts = PurePosixPath(name).parts
    assert len(parts) <= 1 + template.count("/")
    assert not PurePosixPath(name).is_absolute()
    assert all(part not in {".", ".."} and not part.startswith(".") for part in parts)
    assert name.isprintable()
    assert not re.search(r'[\\:*?"<>|]', name)
    assert name.endswith(".wav")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"version 'a' and version 'b' would both be 'Song\.wav'"):
        place(tmp_path, {"version 'a'": "song.wav", "version 'b'": "Song.wav"})
    # Composed and decomposed letters are one name to some file systems.
    with pytest.raises(UsageError, match="would both be"):
        place(tmp_path, {"a": "\u00e9.wav", "b": "e\u0301.wav"})
    with pytest.raises(UsageError, match="would both be"):
        place(tmp_path, {"a": "\u0390.wav", "b": "\u1fd3.wav"})


@pytest.mark.parametrize("title", ["😀" * 300, "é" * 10_000, "a" * 10_000, "漢字" * 4_000])
def test_names_fit_every_file_system(tmp_path: Path, title: str) -> None:
    name = file_name("{song} {title}", {**VALUES, "song": "01", "title": title}, ".flac")
    assert len(name.encode()) <= 255 - len(".json")
    assert name.startswith("01 " + title[0])
    assert name.endswith(title[0] + ".flac") or title.startswith("漢")
    (tmp_path / name).touch()


def test_links_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "away").symlink_to(tmp_path)
    with pytest.raises(OutputError, match="leads out of"):
        place(tmp_path / "out", {"a": "away/song.wav"})


def test_rates_and_depths() -> None:
    assert [rate_text(rate) for rate in (44_100, 48_000, 88_200, 11_025)] == [
        "44.1",
        "48",
        "88.2",
        "11.025",
    ]
    assert [bits_text(bits) for bits in (16, 24, 32)] == ["16", "24", "32f"]


def test_a_session_names_what_is_wrong_with_its_template() -> None:
    from mixmaster.documents.loading import load_text
    from mixmaster.mixing.sessions.session import Session

    text = 'format = 1\nkind = "session"\ntitle = "T"\npreset = "flat"\nstems = ["stems"]\n'
    with pytest.raises(DocumentError, match=r"name_template: .*no field '{vesion}'"):
        load_text(Session, text + 'name_template = "{vesion}"\n')
