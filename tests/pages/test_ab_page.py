"""The A/B page as text: it renders for anything, names stay text, audio is cut once."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from tests.pages.ab_sessions import Made, drums, make, versions_of
from tests.pages.subjects import HOSTILE_NAMES
from tests.pages.test_page import Page

from mixmaster.errors import AudioFileError, OutputError
from mixmaster.pages.ab.page import SCRIPTS, ab_page, write_ab_page

RATE = 44_100


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("ab") / "page"
    signals = versions_of(drums(9.0, RATE), 3)
    signals[2] = np.zeros_like(signals[2])
    return make(folder, HOSTILE_NAMES[:3], signals, rate_hz=RATE, title=HOSTILE_NAMES[1])


def test_names_with_markup_stay_text(made: Made) -> None:
    html = ab_page(made.session)
    page = Page(html.replace("<!doctype html>", ""))
    assert page.of("img") == []
    assert len(page.of("script")) == 2
    texts = [text for tag, text in page.texts if tag == "bdi"]
    for name in (*HOSTILE_NAMES[:3], made.session.title):
        assert name in texts
    # What the script reads is JSON that cannot end its element.
    blob = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', html, re.DOTALL)
    assert blob
    data = json.loads(blob.group(1))
    assert [version["name"] for version in data["versions"]] == list(HOSTILE_NAMES[:3])
    assert data["title"] == made.session.title


def test_the_policy_allows_the_pages_own_scripts_alone(made: Made) -> None:
    html = ab_page(made.session)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy
    rules = policy.group(1).replace("&#39;", "'")
    assert "default-src 'none'" in rules
    assert "unsafe" not in rules
    assert "http" not in rules
    assert "connect-src" not in rules
    nonces = set(re.findall(r'nonce="([^"]+)"', html))
    assert len(nonces) == 1
    assert f"script-src 'nonce-{nonces.pop()}'" in rules
    assert not re.search(r'\s(style|on[a-z]+)="', html)


def test_the_same_session_is_the_same_bytes_and_another_has_another_nonce(made: Made) -> None:
    assert ab_page(made.session) == ab_page(made.session)
    other = dataclasses.replace(made.session, title="Another")
    assert re.findall(r'nonce="([^"]+)"', ab_page(other)) != re.findall(
        r'nonce="([^"]+)"', ab_page(made.session)
    )


def test_every_script_is_in_the_page(made: Made) -> None:
    templates = Path(__file__).parents[2] / "src/mixmaster/pages/ab/templates"
    assert {path.name for path in templates.glob("*.js")} == set(SCRIPTS)
    html = ab_page(made.session)
    assert "AB.Player = Player" in html


def test_the_page_and_its_pieces_are_written_and_pieces_that_are_there_are_kept(
    made: Made,
) -> None:
    first = write_ab_page(made.session, made.folder)
    # 9 s are two pieces of each of three versions, and the page.
    assert len(first) == len(set(first)) == 7
    assert first[-1] == made.folder / "index.html"
    assert all(path.is_file() for path in first)
    stamps = {path: path.stat().st_mtime_ns for path in first}
    content = {path: path.read_bytes() for path in first}
    # One is cut short, as by a full disk.
    broken = first[0]
    broken.write_bytes(content[broken][:-5])
    assert write_ab_page(made.session, made.folder) == first
    for path in first:
        assert path.read_bytes() == content[path]
        if path not in {broken, first[-1]}:
            assert path.stat().st_mtime_ns == stamps[path]
    assert not list(made.folder.rglob(".*"))


def test_a_strangers_page_is_not_replaced(made: Made, tmp_path: Path) -> None:
    (tmp_path / "audio").symlink_to(made.folder / "audio")
    (tmp_path / "index.html").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="not made by mixmaster"):
        write_ab_page(made.session, tmp_path)
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "mine"


def test_audio_that_is_not_what_the_session_says_is_refused(made: Made, tmp_path: Path) -> None:
    short = dataclasses.replace(made.session, frames=made.session.frames + 1)
    (tmp_path / "audio").mkdir()
    for version in made.session.versions:
        file = version.audio.file
        (tmp_path / file).write_bytes((made.folder / file).read_bytes())
    with pytest.raises(AudioFileError, match="frames"):
        write_ab_page(short, tmp_path)
    assert not (tmp_path / "index.html").exists()


def test_no_text_that_a_person_gave_reaches_the_script_as_code(made: Made) -> None:
    html = ab_page(made.session)
    script = html[html.rindex("<script") :]
    for name in HOSTILE_NAMES[:3]:
        assert name not in script
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert forbidden not in script
