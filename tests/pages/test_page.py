"""The page: it renders for anything, its text stays text, and it asks for nothing."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser

import pytest
from tests.pages.subjects import HOSTILE_NAMES, KINDS, renamed, subject

from mixmaster.errors import UsageError
from mixmaster.mastering.target import LouderRule, Target
from mixmaster.pages.page import report_page
from mixmaster.pages.subject import Subject

TARGET = Target(
    format=1,
    kind="target",
    name="Somewhere",
    integrated_lufs=-14.0,
    true_peak_dbtp=-1.0,
    louder=LouderRule(than_lufs=-14.0, true_peak_dbtp=-2.0),
    max_short_term_lufs=-12.0,
    max_loudness_range_lu=8.0,
)
VOID = {"meta", "input", "br", "path", "rect", "circle", "line"}


class Page(HTMLParser):
    """Reads a page: its elements, their text, and whether every one is closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in {"meta", "input"}:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack[-1] == tag, f"</{tag}> closes <{self.stack[-1]}>"
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append((self.stack[-1] if self.stack else "", data))

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text_in(self, tag: str) -> list[str]:
        return [text for where, text in self.texts if where == tag]


def page_of(*subjects: Subject, target: Target | None = TARGET) -> Page:
    return Page(report_page(subjects, target=target))


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_of_anything_is_well_formed_and_has_no_nonsense_in_it(kind: str) -> None:
    html = report_page([subject(kind)], target=TARGET)
    page = Page(html)
    figures = [attributes for attributes in page.of("svg") if attributes.get("role") == "img"]
    assert len(figures) >= 6  # three charts at least, in two sizes
    visible = re.sub(r"<script.*?</script>|<style.*?</style>", "", html, flags=re.DOTALL)
    for nonsense in ("nan", "inf ", "None", "Infinity", "undefined", "-0.0 "):
        assert nonsense not in re.sub(r"<[^>]*>", " ", visible).replace("None: no clipped", "")
    paths = [attributes["d"] for attributes in page.of("path")]
    assert not any("nan" in path or "inf" in path or "e" in path for path in paths)
    for attributes in (*page.of("rect"), *page.of("text"), *page.of("circle")):
        for key in ("x", "y", "width", "height", "cx", "cy"):
            assert float(attributes.get(key, "0")) < 1e5
    for attributes in page.of("rect"):
        assert float(attributes["width"]) >= 0.0
        assert float(attributes["height"]) >= 0.0


@pytest.mark.parametrize("count", [2, 3, 7, 30])
def test_any_number_of_files_stands_side_by_side(count: int) -> None:
    kinds = [KINDS[i % len(KINDS)] for i in range(count)]
    files = [renamed(subject(kind), f"{i:02d} {kind}.wav") for i, kind in enumerate(kinds)]
    page = page_of(*files)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert sum(tag == "article" for tag, _ in page.elements) == count
    anchors = {a["href"] for a in page.of("a") if a["href"].startswith("#file-")}
    assert anchors == {f"#file-{i + 1}" for i in range(count)}
    headings = page.text_in("bdi")
    assert all(headings.count(file.name) >= 2 for file in files)


def test_the_difference_of_two_files_is_that_of_the_figures_as_printed() -> None:
    before, after = subject("stereo"), subject("faults")
    html = report_page([before, after])
    rows = [re.findall(r"<t[hd][^>]*>(?:<[^>]*>)*([^<]*)", row) for row in _summary_rows(html)]
    first, second, difference = rows
    for a, b, apart in zip(first[1:], second[1:], difference[1:], strict=True):
        want = _number(b) - _number(a)
        assert _number(apart) == pytest.approx(want, abs=1e-9)


def _summary_rows(html: str) -> list[str]:
    table = (
        html.split('<table class="summary">')[1]
        .split("</table>", maxsplit=1)[0]
        .split("<tbody>")[1]
    )
    return re.findall(r"<tr.*?</tr>", table, flags=re.DOTALL)


def _number(text: str) -> float:
    return float(text.replace("−", "-").replace("+", "") or "nan")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_stays_text_everywhere(name: str) -> None:
    harmless = page_of(renamed(subject("stereo"), "x.wav"), renamed(subject("mono"), "y.wav"))
    hostile = dataclasses.replace(renamed(subject("stereo"), name), notes=(f"{name} is short",))
    page = page_of(hostile, renamed(subject("mono"), name))
    note = [("p", {"class": "notice"}), ("bdi", {})]
    tags = [tag for tag, _ in page.elements]
    for tag, _ in note:
        tags.remove(tag)
    # The very same elements as with plain names: nothing was opened, closed or added.
    assert sorted(tags) == sorted(tag for tag, _ in harmless.elements)
    assert name in page.text_in("bdi")
    assert any(text.startswith(name) for text in page.text_in("title"))
    assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)


def test_the_policy_allows_the_pages_own_script_and_style_and_nothing_else() -> None:
    page = page_of(subject("stereo"))
    (policy,) = [m["content"] for m in page.of("meta") if "http-equiv" in m]
    found = re.search(r"script-src 'nonce-([\w-]{24})'; style-src 'nonce-([\w-]{24})'", policy)
    assert found
    assert policy.startswith("default-src 'none'; ")
    assert "img-src data:" in policy
    assert "unsafe" not in policy
    assert found[1] == found[2]
    assert {a["nonce"] for tag, a in page.elements if tag in {"script", "style"}} == {found[1]}
    assert not any("style" in attributes for _, attributes in page.elements)
    # The policy comes before anything that it is to hold.
    assert [tag for tag, _ in page.elements][:4] == ["html", "head", "meta", "meta"]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_asked_for_from_outside(kind: str) -> None:
    html = report_page([subject(kind), subject("stereo")], target=TARGET)
    page = Page(html)
    for _, attributes in page.elements:
        for key in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
            assert attributes.get(key, "#").startswith("#")
    assert not {"link", "iframe", "img", "object", "embed", "base"} & {t for t, _ in page.elements}
    style = "".join(page.text_in("style"))
    assert "url(" not in style
    assert "@import" not in style
    # XML's own name is no address: the script must say it to draw a line.
    assert set(re.findall(r"\w+://[^\s\"'<]+", html)) == {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_chart_has_its_text_and_its_table(kind: str) -> None:
    html = report_page([subject(kind)], target=TARGET)
    page = Page(html)
    ids = {a["id"]: tag for tag, a in page.elements if "id" in a}
    for chart in (a for a in page.of("svg") if a.get("role") == "img"):
        title, description = chart["aria-labelledby"].split()
        assert (ids[title], ids[description]) == ("title", "desc")
    assert all(text.strip() for text in page.text_in("desc"))
    over_time = html.split("<h3>Over time</h3>")[1].split("<h3>Events</h3>")[0]
    spectrum = html.split("<h3>Spectrum</h3>")[1].split("<h3>All figures</h3>")[0]
    assert "<table>" in over_time
    assert "<table>" in spectrum
    for figure in (a for a in page.of("figure") if "data-seconds" in a):
        assert figure["tabindex"] == "0"
        assert "arrow keys" in figure["aria-label"]
    for table in (a for a in page.of("div") if "scroll" in a.get("class", "")):
        assert table["tabindex"] == "0"
        assert table["aria-label"]


def test_the_same_figures_give_the_same_bytes_and_others_another_nonce() -> None:
    files = [subject("stereo"), subject("faults")]
    first = report_page(files, target=TARGET)
    assert report_page(files, target=TARGET) == first
    other = report_page([renamed(files[0], "other.wav"), files[1]], target=TARGET)
    assert _nonce(other) != _nonce(first)


def _nonce(html: str) -> str:
    found = re.search(r"nonce-([\w-]+)", html)
    assert found
    return found[1]


def test_events_are_marked_on_the_time_line_and_listed_at_their_times() -> None:
    html = report_page([subject("faults")])
    listed = html.split('<table class="events">')[1].split("</table>")[0]
    for time in ("0:03.000", "0:07.500", "0:08.250"):
        assert time in listed
    assert "0:05.000" in listed
    assert "dropout" in listed
    wide = html.split('class="chart wide"')[1].split("</svg></svg>")[0]
    assert "3 clipped runs" in wide
    # A clipped run at 3 of 12 s: a quarter along the field from 46 to 848.
    places = [float(x) for x in re.findall(r'f-fault" x="([\d.]+)"', wide)]
    assert any(abs(x - (46.0 + 802.0 / 4.0)) < 0.1 for x in places)


def test_the_target_says_what_is_over() -> None:
    loud = subject("faults")
    assert loud.survey.programme.integrated_lufs is not None
    html = report_page([loud], target=TARGET)
    peak = loud.survey.programme.true_peak_dbtp
    assert peak is not None
    ceiling = TARGET.ceiling_dbtp(loud.survey.programme.integrated_lufs)
    assert ceiling is not None
    assert f"{peak - ceiling:.2f} dB over the ceiling" in html
    assert "target −14.0" in html
    assert "Somewhere" in html
    without = report_page([loud])
    assert "ceiling" not in without.split("<script")[0].split("<body>")[1]


def test_the_scripts_data_are_json_without_nonsense() -> None:
    for kind in KINDS:
        html = report_page([renamed(subject(kind), "</script>")])
        text = html.split('id="data"')[1].split(">", 1)[1].split("</script>")[0]
        (file,) = json.loads(text)["files"]
        assert file["seconds"] == subject(kind).seconds
        assert len(file["momentary"]) == len(file["short_term"])


def test_mono_says_which_convention_was_measured() -> None:
    mono = subject("mono")
    assert "one loudspeaker" in report_page([mono])
    assert "two loudspeakers" in report_page([dataclasses.replace(mono, dual_mono=True)])
    assert "loudspeaker" not in report_page([subject("stereo")]).split("<body>")[1]


def test_no_file_is_no_page() -> None:
    with pytest.raises(UsageError, match="at least one"):
        report_page([])
