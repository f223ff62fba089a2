"""The overview: figures from manifests, made again at any time, and never over somebody's file."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from tests.batch.conftest import Studio

from mixmaster.batch.overview import write_overview
from mixmaster.errors import OutputError


def rows(page: Path) -> dict[tuple[str, str], str]:
    """Return the page's rows by song and target."""
    text = page.read_text(encoding="utf-8")
    found = {}
    for row in re.findall(r"<tr data-group=.*?</tr>", text, re.DOTALL):
        song = re.search(r'class="file"[^>]*><bdi>(.*?)</bdi>', row)
        target = re.search(r'data-label="Target"><bdi>(.*?)</bdi>', row)
        assert song is not None
        assert target is not None
        found[song[1], target[1]] = row
    return found


def cell(row: str, label: str) -> str:
    found = re.search(rf'data-label="{label}">([^<]*)', row)
    assert found is not None
    return found[1]


@pytest.fixture
def night(studio: Studio) -> Studio:
    studio.song("one", seconds=1.0, seed=1)
    studio.song("two", seconds=2.0, seed=2)
    (studio.folder / "songs" / "<b>broken").mkdir()
    (studio.folder / "songs" / "<b>broken" / "low.wav").write_bytes(b"no audio")
    return studio


def test_its_figures_are_those_of_the_manifests(night: Studio) -> None:
    summary = night.run()
    page = write_overview(night.prepared(), summary)
    assert page == night.output / "overview.html"
    found = rows(page)
    assert len(found) == 5
    for name, suffix in (("one_loud", "wav"), ("two_quiet", "flac")):
        song, target = name.split("_")
        row = found[song, target]
        manifest = json.loads((night.output / f"{name}.{suffix}.json").read_bytes())
        figures = manifest["figures"]
        lufs, peak = figures["integrated_lufs"], figures["true_peak_dbtp"]
        assert cell(row, "Loudness") == f"{lufs:.1f}".replace("-", "−")
        assert cell(row, "True peak") == f"{peak:.2f}".replace("-", "−")
        assert f'href="{name}.{suffix}"' in row
        assert f'href="{name}.{suffix}.json"' in row
    broken = found["&lt;b&gt;broken", "–"]
    assert 'data-group="failed"' in broken
    assert "not audio" in broken
    assert "4 made, 1 failed" in page.read_text(encoding="utf-8")


def test_it_can_be_made_again_and_stays_while_nothing_changes(night: Studio) -> None:
    page = write_overview(night.prepared(), night.run())
    first, before = page.read_bytes(), page.stat().st_ino
    # A run that had nothing to do says nothing new: the last one that had is told of.
    night.song("three", seed=3)
    night.table["song"] = [{"path": "songs/one"}, {"path": "songs/two"}, {"path": "songs/<*"}]
    summary = night.run()
    assert summary.made == 0
    write_overview(night.prepared())
    assert page.stat().st_ino == before
    page.unlink()
    assert write_overview(night.prepared()).read_bytes() == first


def test_what_is_stale_or_gone_is_told_with_the_figures_there_are(night: Studio) -> None:
    page = write_overview(night.prepared(), night.run())
    night.target("loud", -11.0)
    (night.output / "two_quiet.flac").unlink()
    write_overview(night.prepared())
    found = rows(page)
    assert "stale" in found["one", "loud"]
    assert "integrated_lufs" in found["one", "loud"]
    assert cell(found["one", "loud"], "Loudness") == "−12.0"
    assert "missing" in found["two", "quiet"]
    assert cell(found["two", "quiet"], "Loudness") == "–"


def test_a_report_beside_a_file_is_linked(night: Studio) -> None:
    summary = night.run()
    (night.output / "one_loud.report.html").write_text("a report")
    page = write_overview(night.prepared(), summary)
    assert 'href="one_loud.report.html"' in rows(page)["one", "loud"]
    assert "report.html" not in rows(page)["two", "loud"]


def test_a_damaged_manifest_is_told_and_breaks_nothing(night: Studio) -> None:
    summary = night.run()
    for name, text in (("one_loud.wav", b'{"figures": 3}'), ("two_loud.wav", b"\xff{")):
        (night.output / f"{name}.json").write_bytes(text)
    page = write_overview(night.prepared(), summary)
    assert cell(rows(page)["one", "loud"], "Loudness") in {"–", "−12.0"}
    assert cell(rows(page)["two", "loud"], "Loudness") in {"–", "−12.0"}


def test_somebodys_page_of_that_name_stays(night: Studio) -> None:
    summary = night.run()
    theirs = night.output / "overview.html"
    theirs.write_text("my own")
    with pytest.raises(OutputError, match="was not made by mixmaster"):
        write_overview(night.prepared(), summary)
    assert theirs.read_text() == "my own"
    write_overview(night.prepared(), summary, overwrite=True)
    assert theirs.read_text(encoding="utf-8") != "my own"


def test_a_folder_that_nothing_was_made_in_yet(studio: Studio) -> None:
    studio.song("one")
    prepared = studio.prepared()
    prepared.store.start()
    page = write_overview(prepared)
    found = rows(page)
    assert set(found) == {("one", "loud"), ("one", "quiet")}
    assert "2 missing or stale of 2" in page.read_text(encoding="utf-8")


@pytest.mark.skipif(os.name != "posix", reason="names that are not UTF-8 are POSIX's")
def test_names_that_are_not_utf8(studio: Studio) -> None:
    song = studio.song("plain")
    try:
        song.rename(song.with_name(os.fsdecode(b"Caf\xe9")))
    except OSError:
        pytest.skip("this file system takes no such names")
    page = write_overview(studio.prepared(), studio.run())
    text = page.read_text(encoding="utf-8")
    assert "Caf" in text
    for address in re.findall(r'href="([^"#][^"]*)"', text):
        assert Path(
            os.fsdecode(os.fsencode(studio.output) + b"/" + unquote_to_bytes(address))
        ).is_file()
