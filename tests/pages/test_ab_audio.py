"""What the A/B page's player puts out, sample by sample: rendered by an OfflineAudioContext."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.pages.ab_sessions import Made, Signal, drums, loudness_of, make, versions_of
from tests.pages.chromium import needs_chromium, opened

from mixmaster.pages.ab.page import write_ab_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = needs_chromium

RATE = 44_100
SECONDS = 12  # two pieces, the last one shorter
FADE = 441  # 10 ms
LEAD = 2_205  # 50 ms from play() to the first sample
SWITCH = 662  # 15 ms from a key to the fade

Render = Callable[[float, Sequence[tuple[float, str]]], Signal]

_RENDER = """async ([seconds, actions]) => {
  const acts = actions.map(([at, code]) => [at, new Function('p', 'return ' + code)]);
  const out = await AB.offline(AB.data, AB.library, seconds, acts);
  const both = new Float32Array(out.length * 2);
  for (let c = 0; c < 2; c++) both.set(out.getChannelData(c), c * out.length);
  const bytes = new Uint8Array(both.buffer);
  let text = '';
  for (let i = 0; i < bytes.length; i += 32768)
    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}"""


def quantum(seconds: float) -> int:
    """Return the frame at which the renderer does what is asked for at a time."""
    return ceil(seconds * RATE / 128 - 1e-9) * 128


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("ab")
    signals = versions_of(drums(SECONDS, RATE), 3)
    signals[2] = -signals[2]
    made = make(folder, ["a", "b", "c"], signals, rate_hz=RATE, inverted=[2])
    write_ab_page(made.session, made.folder)
    return made


@pytest.fixture(scope="module")
def render(browser: Browser, made: Made) -> Iterator[Render]:
    page, seen = opened(browser, made.folder / "index.html")

    def run(seconds: float, actions: Sequence[tuple[float, str]]) -> Signal:
        text = page.evaluate(_RENDER, [seconds, [list(action) for action in actions]])
        return np.frombuffer(base64.b64decode(text), np.float32).reshape(2, -1).astype(np.float64)

    yield run
    seen.quiet()
    page.close()


def placed(audio: Signal, start: int, place: int, frames: int) -> Signal:
    """Return silence with the song from frame ``place``, beginning at frame ``start``."""
    out = np.zeros((2, frames))
    part = audio[:, place : place + frames - start]
    out[:, start : start + part.shape[1]] = part
    return out


def ramp(start: int, frames: int) -> Signal:
    """Return the closed form of a fade: 0, a straight line of 10 ms, 1."""
    return np.clip((np.arange(frames) - start) / FADE, 0.0, 1.0)


def test_versions_are_aligned_to_the_sample_and_switch_along_the_fade_alone(
    render: Render, made: Made
) -> None:
    # From 6 s, so that the switches and the piece's end at 8 s lie close together.
    play = f"p.seek({6 * RATE}) || p.play()"
    out = render(5.0, [(0.0, play), (1.0, "p.select('v2')"), (2.5, "p.select('v3')")])
    frames = out.shape[1]
    heard = [placed(made.audio[f"v{i}"], LEAD, 6 * RATE, frames) for i in (1, 2, 3)]
    first, second = (ramp(quantum(t) + SWITCH, frames) for t in (1.0, 2.5))
    begin = ramp(LEAD, frames)
    expected = begin * (heard[0] * (1.0 - first) + heard[1] * (first - second) + heard[2] * second)
    # float32 gains and samples: nothing else is there, no step, no gap, no shift.
    assert np.max(np.abs(out - expected)) < 1e-6
    # Between fades it is the file itself, bit for bit, over the piece's edge too.
    assert np.array_equal(out[:, 60_000:110_000], heard[1][:, 60_000:110_000])


def test_versions_of_one_level_are_matched_within_a_tenth(render: Render, made: Made) -> None:
    levels = {}
    for version in ("v1", "v2", "v3"):
        for level in ("matched", "unmatched"):
            if version == "v1" and level == "unmatched":
                continue  # the quietest: nothing was done to it
            select = f"p.select('{version}') || p.setLevel('{level}') || p.play()"
            out = render(SECONDS + 0.2, [(0.0, select)])
            levels[version, level] = loudness_of(out, RATE)
    matched = [levels[version, "matched"] for version in ("v1", "v2", "v3")]
    assert None not in matched
    assert np.ptp([value for value in matched if value is not None]) < 0.1
    # As delivered: what the session says of the originals.
    for loud in made.session.versions[1:]:
        delivered = loud.original.integrated_lufs
        assert delivered is not None
        assert levels[loud.id, "unmatched"] == pytest.approx(delivered, abs=0.05)
        assert delivered > matched[0] + 1.0  # type: ignore[operator]


def test_two_quick_switches_follow_one_another(render: Render, made: Made) -> None:
    out = render(2.0, [(0.0, "p.play()"), (1.0, "p.select('v2')"), (1.0, "p.select('v3')")])
    frames = out.shape[1]
    start = quantum(1.0) + SWITCH
    first, second = ramp(start, frames), ramp(start + FADE, frames)
    heard = [placed(made.audio[f"v{i}"], LEAD, 0, frames) for i in (1, 2, 3)]
    expected = heard[0] * (1.0 - first) + heard[1] * (first - second) + heard[2] * second
    assert np.max(np.abs(out - ramp(LEAD, frames) * expected)) < 1e-6


def test_a_loop_comes_round_with_a_crossfade_and_keeps_its_length(
    render: Render, made: Made
) -> None:
    low, high = 7.5, 8.25  # over a piece's edge
    start, length = round(low * RATE), round(high * RATE) - round(low * RATE)
    out = render(
        3.0, [(0.0, f"p.setLoop({low * RATE}, {high * RATE}) || p.select('v2') || p.play()")]
    )
    frames = out.shape[1]
    expected = np.zeros_like(out)
    for turn in range(4):
        begin = LEAD + turn * length
        heard = placed(made.audio["v2"], begin, start, frames) if begin < frames else 0.0
        expected += heard * (ramp(begin, frames) - ramp(begin + length, frames))
    assert np.max(np.abs(out - expected)) < 1e-6


def test_a_loop_that_is_cleared_goes_on_as_if_it_had_never_been(render: Render, made: Made) -> None:
    loop = f"p.setLoop({1.0 * RATE}, {2.0 * RATE}) || p.play()"
    # Cleared 0.2 s before its end, when the way back is scheduled already.
    out = render(2.0, [(0.0, loop), (0.85, "p.setLoop(null)")])
    expected = placed(made.audio["v1"], LEAD, RATE, out.shape[1]) * ramp(LEAD, out.shape[1])
    assert np.max(np.abs(out - expected)) < 1e-6


def test_seeking_crossfades_from_place_to_place(render: Render, made: Made) -> None:
    out = render(2.0, [(0.0, "p.play()"), (1.0, f"p.seek({9.5 * RATE})")])
    frames = out.shape[1]
    # The piece was not loaded yet: it plays on until it is, at the same instant here.
    jump = quantum(1.0) + LEAD
    before = placed(made.audio["v1"], LEAD, 0, frames) * ramp(LEAD, frames)
    after = placed(made.audio["v1"], jump, round(9.5 * RATE), frames)
    fade = ramp(jump, frames)
    assert np.max(np.abs(out - before * (1.0 - fade) - after * fade)) < 1e-6


def test_a_pause_fades_out_and_play_goes_on_from_there(render: Render, made: Made) -> None:
    out = render(2.0, [(0.0, "p.play()"), (1.0, "p.pause()"), (1.5, "p.play()")])
    frames = out.shape[1]
    end = quantum(1.0) + SWITCH
    again = quantum(1.5) + LEAD
    before = placed(made.audio["v1"], LEAD, 0, frames)
    after = placed(made.audio["v1"], again, end - LEAD, frames)
    expected = before * (ramp(LEAD, frames) - ramp(end, frames)) + after * ramp(again, frames)
    assert np.max(np.abs(out - expected)) < 1e-6


def test_the_difference_is_what_the_session_says(render: Render, made: Made) -> None:
    a, b, c = (made.audio[f"v{i}"] for i in (1, 2, 3))
    frames = 3 * RATE
    for other, second, sign in (("v2", b, 1), ("v3", c, -1)):
        sound = f"{{kind: 'difference', a: 'v1', b: '{other}', sign: {sign}}}"
        out = render(3.0, [(0.0, f"p.hear({sound}) || p.play()")])
        apart = placed(a - sign * second, LEAD, 0, frames) * ramp(LEAD, frames)
        assert np.max(np.abs(out - apart)) < 1e-6
        # Inverted, it is their sum, and no louder than a difference is.
        assert np.sqrt(np.mean(apart**2)) < 0.5 * np.sqrt(np.mean(a**2))


def test_every_piece_holds_the_files_samples(made: Made, tmp_path: Path) -> None:
    from mixmaster.audio.source import open_source

    for version in made.session.versions:
        stem = made.folder / version.audio.file
        parts = []
        for i in range(2):
            text = stem.with_name(f"{stem.stem}-{i}.js").read_text(encoding="ascii")
            start, stop = text.index(',"') + 2, text.rindex('"')
            path = tmp_path / "piece.flac"
            path.write_bytes(base64.b64decode(text[start:stop], validate=True))
            with open_source(path) as source:
                assert source.info.sample_rate_hz == RATE
                parts.append(source.read(8 * RATE))
        assert np.array_equal(np.concatenate(parts, axis=1), made.audio[version.id])
