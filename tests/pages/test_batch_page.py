"""The page of a batch: what stands out, in which order, and that names stay text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from statistics import NormalDist
from typing import Any

import pytest
from tests.pages.batches import LIMITS, batch, many, output

from mixmaster.pages.batch.data import PageBatch, PageLimits, PageOutput, PageRun
from mixmaster.pages.batch.outliers import FEWEST, find_flags, off_limits, robust_z
from mixmaster.pages.batch.page import address, batch_page

HOSTILE = "</script><img src=x onerror=alert(1)> \u202e\"'{{ 7*7 }} & \x00\x1b[2J"


class Rows(HTMLParser):
    """The rows of the outputs: their groups, names and links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.groups: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.append(tag)
        if tag == "tr" and named.get("data-group"):
            self.groups.append(named["data-group"] or "")
        if tag == "a":
            self.links.append(named.get("href") or "")


def names(page: str) -> list[str]:
    return re.findall(r'class="file"[^>]*><bdi>([^<]*)</bdi>', page)


def test_robust_z_is_a_z_where_values_are_normal() -> None:
    # The quantiles of a normal distribution of mean 10 and deviation 2.
    values = [10.0 + 2.0 * NormalDist().inv_cdf((n + 0.5) / 1001) for n in range(1001)]
    scores = robust_z([*values, 30.0], 0.01)
    assert scores[-1] == pytest.approx(10.0, rel=0.01)
    assert scores[0] == pytest.approx((values[0] - 10.0) / 2.0, rel=0.01)


def test_robust_z_is_not_moved_by_what_it_looks_for_nor_by_a_hair() -> None:
    scores = robust_z([5.0] * 20 + [5.001] + [100.0] * 5, 1.0)
    assert scores[0] == 0.0
    assert scores[20] == pytest.approx(0.001)
    assert scores[-1] == pytest.approx(95.0)


@pytest.mark.parametrize(
    ("said", "figures"),
    [
        ({}, []),
        ({"integrated_lufs": -13.51}, []),
        ({"integrated_lufs": -13.4}, ["loudness"]),
        ({"integrated_lufs": -14.9}, ["loudness"]),
        ({"integrated_lufs": None}, ["loudness"]),
        ({"true_peak_dbtp": -1.0}, []),
        ({"true_peak_dbtp": -0.98}, ["peak"]),
        ({"true_peak_dbtp": None}, []),
        ({"reduction_db": 6.5, "limits": PageLimits(reduction_db=6.0)}, ["limiter"]),
        # -1.02 dBTP at -14 LUFS are 12.98 LU.
        ({"limits": PageLimits(plr_lu=13.5)}, ["plr"]),
        ({"limits": PageLimits(plr_lu=12.5)}, []),
        # The stricter of two counts: quiet enough by one, and right by the other.
        (
            {"limits": PageLimits(-10.0, short_term_lufs=-12.0), "max_short_term_lufs": -12.0},
            [],
        ),
        ({"limits": PageLimits(-14.0, short_term_lufs=-15.0)}, ["loudness"]),
        # Of speech nothing is known from the programme's figures.
        ({"limits": PageLimits(-27.0, of_dialogue=True)}, []),
        ({"duration_s": None, "integrated_lufs": -3.0}, []),
    ],
)
def test_what_is_off_its_limits(said: dict[str, Any], figures: list[str]) -> None:
    flags = off_limits(output("a", **said))
    assert [each.figure for each in flags] == figures
    assert all(each.off_limits for each in flags)


def test_what_is_unlike_the_others_is_found_among_its_own_target() -> None:
    outputs = many(40)
    outputs += [
        output("Epic", "web", duration_s=1_900.0),
        output("Flat", "cd", reduction_db=11.0),
        output("Wide", "web", loudness_range_lu=19.0),
    ]
    flags = dict(zip((each.song for each in outputs), find_flags(outputs), strict=False))
    found = {song: [each.figure for each in told] for song, told in flags.items() if told}
    assert found == {"Epic": ["length"], "Flat": ["limiter"], "Wide": ["range"]}
    assert not any(each.off_limits for told in flags.values() for each in told)
    # What is usual for one target may be unusual for another.
    other = [output(f"Song {n}", "club", reduction_db=11.0) for n in range(20)]
    assert not any(find_flags(outputs[:80] + other))


def test_of_few_nobody_can_say_what_is_usual() -> None:
    outputs = [output(f"{n}") for n in range(FEWEST - 2)] + [output("x", reduction_db=40.0)]
    assert not any(find_flags(outputs))
    assert find_flags([*outputs, output("y")])[-2]


def test_loudness_without_a_target_is_compared_with_its_like() -> None:
    free = PageLimits()
    outputs = [output(f"{n}", limits=free, integrated_lufs=-9.0 + 0.1 * n) for n in range(10)]
    outputs.append(output("quiet", limits=free, integrated_lufs=-20.0))
    assert [each.figure for each in find_flags(outputs)[-1]] == ["loudness"]


def test_the_worst_comes_first_and_the_rest_by_its_name() -> None:
    outputs = [
        *(output(f"Song {n}") for n in range(11, 0, -1)),
        output("odd", reduction_db=30.0),
        output("off", integrated_lufs=-11.0),
        output("further off", integrated_lufs=-5.0),
        output("old", state="stale", why=("mix: strip.kick.gain_db: 0 → 1",)),
        PageOutput("gone", target="web", state="missing", why=("it was never made",)),
        PageOutput("bad", target="web", state="quarantined", why=("no audio",)),
        PageOutput("worse", state="failed", why=("no such preset",)),
    ]
    page = batch_page(batch(*outputs))
    assert names(page)[:7] == ["bad", "worse", "further off", "off", "odd", "gone", "old"]
    assert names(page)[7:] == [f"Song {n}" for n in range(1, 12)]
    groups = Rows(page).groups
    assert groups[:7] == ["failed", "failed", "off", "off", "unusual", "open", "open"]
    assert set(groups[7:]) == {"fine"}
    assert "2 failed, 2 off their limits, 2 missing or stale of 18" in page
    assert "strip.kick.gain_db: 0 → 1" in page


def test_pages_of_nothing_and_of_one_song() -> None:
    assert "there are no outputs yet" in batch_page(batch())
    one = batch_page(batch(output("Song")))
    assert "the one output is made and within its limits" in one
    two = batch_page(batch(output("a"), output("b")))
    assert "all 2 are made and within their limits" in two
    run = PageRun(made=30, failed=1, songs=10, wall_s=1_800.0, cpu_s=3_000.0, audio_s=18_000.0)
    told = batch_page(PageBatch("x", (output("a"),), 1, run))
    assert "20 songs an hour" in told  # ten in half an hour
    assert "10.0 times real time" in told


def test_targets_are_summed_up() -> None:
    outputs = [output("a", integrated_lufs=-14.2), output("b", integrated_lufs=-13.9)]
    page = batch_page(batch(*outputs, output("c", integrated_lufs=-14.1)))
    assert "−14.0 LUFS ±0.5, −1.0 dBTP" in page
    assert ">−14.1<small>−14.2 to −13.9</small>" in page
    louder = output("c", limits=PageLimits(integrated_lufs=-9.0), integrated_lufs=-9.0)
    assert "it differs" in batch_page(batch(*outputs, louder))


def test_hostile_names_stay_text_and_links_stay_beside_the_page() -> None:
    path = f"../{HOSTILE}/javascript:alert(1)?#.flac"
    page = batch_page(
        batch(
            output(
                HOSTILE,
                HOSTILE,
                version=HOSTILE,
                master=HOSTILE,
                state="stale",
                why=(HOSTILE,),
                path=path,
                manifest=f"{path}.json",
                report="javascript:alert(1)",
                notes=(HOSTILE,) * 20,
            ),
            name=HOSTILE,
        )
    )
    rows = Rows(page)
    assert "img" not in rows.tags
    assert rows.tags.count("script") == 2
    assert "\x00" not in page
    assert "\x1b" not in page
    assert "{{ 7*7 }}" in page
    page.encode("utf-8")
    links = [each for each in rows.links if each != "#outputs"]
    assert len(links) == 3
    assert not any(set(each) & set(":?#<>\"'& ") for each in links)


def test_addresses_of_names_that_are_not_utf8() -> None:
    assert address("a b/\udcff%.wav") == "a%20b/%FF%25.wav"


def test_the_same_batch_is_the_same_page_and_needs_nothing_else() -> None:
    made = batch(*many(20), output("x", limits=LIMITS))
    page = batch_page(made)
    assert page == batch_page(made)
    assert "http://" not in page
    assert "https://" not in page
    nonce = re.search(r"script-src &#39;nonce-([\w-]+)&#39;", page)
    assert nonce is not None
    assert page.count(f'nonce="{nonce[1]}"') == 3
