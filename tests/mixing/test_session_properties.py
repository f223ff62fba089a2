"""What holds for every session: random songs, rendered in memory."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mixing.trio import RATE, write_stem

from mixmaster.arrays import Block
from mixmaster.engine.render import render
from mixmaster.mixing.passages import Section
from mixmaster.mixing.sessions.plan import open_song, plan_song

SECONDS = 2.5
STRIPS = {"kick": 70.0, "electric_guitar": 330.0, "keys": 510.0, "lead_vocal": 440.0}
FEW = settings(max_examples=5, deadline=None)

INSERTS = (
    'effect = "eq"\nbands = [{ shape = "bell", frequency_hz = 700.0, gain_db = 4.0 }]',
    'effect = "compressor"\nthreshold_db = -26.0\nratio = 4.0',
    'effect = "gate"\nthreshold_db = -45.0',
    'effect = "saturation"\ndrive_db = 6.0',
)
LANES = ("gain_db", "pan", "send.room.gain_db", "mute")


@dataclass(frozen=True)
class Made:
    """A session that was drawn: its preset, and what it says itself."""

    preset: str
    session: str
    strips: tuple[str, ...]


@st.composite
def songs(draw: st.DrawFn, *, bus_dynamics: bool = False) -> Made:
    """Draw a song: strips with inserts and sends, a return, a group, a VCA, moving parameters."""
    strips = draw(st.lists(st.sampled_from(sorted(STRIPS)), min_size=2, max_size=4, unique=True))
    preset = ['format = 1\nkind = "mix"\nname = "Drawn"']
    session = [
        'format = 1\nkind = "session"\ntitle = "Drawn"\npreset = "drawn.toml"\nstems = ["stems"]',
        f"tempo_bpm = {draw(st.sampled_from([90.0, 133.0]))}",
    ]
    for name in strips:
        output = draw(st.sampled_from(["mix", "group"]))
        preset.append(f'[strip.{name}]\ninput_lufs = -23.0\noutput = "{output}"')
        preset += [
            f"[[strip.{name}.insert]]\n{text}"
            for text in draw(st.lists(st.sampled_from(INSERTS), max_size=2, unique=True))
        ]
        preset.append(f'[[strip.{name}.send]]\nto = "room"\ngain_db = -9.0')
    preset.append('[bus.room]\n[[bus.room.insert]]\neffect = "delay"\ntime_ms = 90.0')
    preset.append("[bus.group]\ngain_db = -1.0")
    if bus_dynamics:
        preset.append('[[bus.group.insert]]\neffect = "compressor"\nthreshold_db = -24.0')
    preset.append(f'[vca.all]\nmembers = ["{strips[0]}", "{strips[1]}"]\ngain_db = -2.0')
    session.append("[set]")
    session += [f"strip.{name}.gain_db = {draw(st.integers(-12, 0))}.0" for name in strips]
    moving = draw(st.lists(st.sampled_from(LANES), max_size=3, unique=True))
    session += [_lane(draw, draw(st.sampled_from(strips)), path) for path in moving]
    return Made("\n".join(preset) + "\n", "\n".join(session) + "\n", tuple(strips))


def _lane(draw: st.DrawFn, strip: str, path: str) -> str:
    def value() -> str:
        if path == "mute":
            return str(draw(st.booleans())).lower()
        if path == "pan":
            return str(draw(st.integers(-10, 10)) / 10)
        return str(float(draw(st.integers(-20, 0))))

    points = [f"[{time}, {value()}]" for time in ("0.0", '"1:3"', "1.7")]
    way = (
        ""
        if path == "mute"
        else f'interpolation = "{draw(st.sampled_from(["linear", "smooth"]))}"\n'
    )
    return f'[[automation]]\ntarget = "strip.{strip}.{path}"\n{way}points = [{", ".join(points)}]'


def mixed(
    made: Made, *overrides: str, moved_db: float = 0.0, section: Section | None = None
) -> Block:
    """Return the mix of a song, ``(2, frames)``.

    Args:
        made: The song.
        overrides: As ``--set`` writes them.
        moved_db: By how much every stem's file is louder.
        section: The part that is wanted.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        time = np.arange(round(SECONDS * RATE)) / RATE
        for strip in made.strips:
            hz = STRIPS[strip]
            swell = 0.55 + 0.45 * np.cos(2.0 * np.pi * (1.0 + hz / 400.0) * time)
            # Loud enough that staging never needs more than the 24 dB it may raise by.
            tone = 0.2 * swell * np.sin(2.0 * np.pi * hz * time)
            write_stem(folder / f"stems/{strip}.wav", tone * 10.0 ** (moved_db / 20.0))
        (folder / "drawn.toml").write_text(made.preset, encoding="utf-8")
        (folder / "song.toml").write_text(made.session, encoding="utf-8")
        song = open_song(folder / "song.toml", overrides=overrides)
        plan = plan_song(song, section=section, threads=1)
        rendering = render(plan.graph, plan.sources, passage=plan.passage, threads=1)
        blocks = list(rendering.blocks)
        for stem in plan.stems.values():
            stem.close()
    return np.concatenate([np.zeros((2, 0)), *blocks], axis=1)


def apart_db(one: Block, two: Block) -> float:
    """Return the level of a difference against the first, dB; a shorter one is silent behind."""
    frames = max(one.shape[1], two.shape[1])
    padded = [np.pad(each, ((0, 0), (0, frames - each.shape[1]))) for each in (one, two)]
    power = float(np.square(padded[0]).mean())
    rest = float(np.square(padded[0] - padded[1]).mean())
    return 10.0 * float(np.log10(rest / power)) if rest > 0.0 and power > 0.0 else -np.inf


@FEW
@given(made=songs(bus_dynamics=True), moved_db=st.integers(-12, 12))
def test_recording_levels_do_not_matter_to_a_staged_mix(made: Made, moved_db: int) -> None:
    # 0.1 dB apart would be -38.7 dB; what is left is the stems' float32 rounding.
    assert apart_db(mixed(made), mixed(made, moved_db=float(moved_db))) < -80.0


@FEW
@given(made=songs(), which=st.integers(0, 3))
def test_a_mute_takes_a_strip_and_its_returns_and_nothing_else(made: Made, which: int) -> None:
    name = made.strips[which % len(made.strips)]
    # A lane of its own would have the last word about the mute.
    lanes = made.session.split("[[automation]]")
    kept = [lane for lane in lanes[1:] if f"strip.{name}.mute" not in lane]
    made = Made(made.preset, "[[automation]]".join([lanes[0], *kept]), made.strips)
    whole = mixed(made)
    without = mixed(made, f"strip.{name}.mute=true")
    alone = mixed(made, f"strip.{name}.solo=true")
    frames = max(each.shape[1] for each in (whole, without, alone))
    parts = [np.pad(each, ((0, 0), (0, frames - each.shape[1]))) for each in (without, alone)]
    # Tails end at -120 dBFS, each its own.
    whole = np.pad(whole, ((0, 0), (0, frames - whole.shape[1])))
    assert np.abs(whole - parts[0] - parts[1]).max() < 5e-6
    assert np.abs(parts[1]).max() > 1e-4


@FEW
@given(made=songs(bus_dynamics=True), start=st.integers(0, 15), length=st.integers(3, 9))
def test_a_section_is_that_of_the_whole(made: Made, start: int, length: int) -> None:
    from_s, to_s = start / 10, (start + length) / 10
    whole = mixed(made)[:, round(from_s * RATE) : round(to_s * RATE)]
    section = mixed(made, section=Section(from_s, to_s))
    assert section.shape == whole.shape
    assert apart_db(whole, section) == pytest.approx(-np.inf) or apart_db(whole, section) < -80.0
