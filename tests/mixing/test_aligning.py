"""Strips lined up with other strips, by what was measured between them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixmaster.arrays import Block
from mixmaster.documents.loading import load_text
from mixmaster.errors import DocumentError, RefusedError
from mixmaster.mixing.plan import MixPlan, plan_mix
from mixmaster.mixing.preset import MixPreset
from mixmaster.mixing.run import mix

RATE_HZ = 44_100


def preset(body: str) -> MixPreset:
    return load_text(MixPreset, f'format = 1\nkind = "mix"\nname = "Test"\n{body}')


KIT = """
[strip.overheads]
match = ["oh"]
[strip.snare]
match = ["snare"]
align_to = "overheads"
"""


def bursts(seed: int, seconds: float = 3.5) -> Block:
    """Decaying bursts of noise at irregular times: a drum."""
    random = np.random.default_rng(seed)
    frames = round(seconds * RATE_HZ)
    out = np.zeros(frames)
    at = 0.1 * RATE_HZ
    while at < frames - 0.4 * RATE_HZ:
        length = round(random.uniform(0.15, 0.3) * RATE_HZ)
        decay = np.exp(-np.arange(length) / (0.05 * RATE_HZ)) * np.linspace(1.0, 0.0, length)
        out[round(at) : round(at) + length] += decay * random.standard_normal(length)
        at += random.uniform(0.25, 0.6) * RATE_HZ
    return np.asarray(0.2 * out / np.max(np.abs(out)))


def later(signal: Block, frames: int) -> Block:
    return np.concatenate((np.zeros(frames), signal))[: signal.size]


def write(folder: Path, **signals: Block) -> Path:
    for name, signal in signals.items():
        sf.write(folder / f"{name}.wav", signal.T, RATE_HZ, "FLOAT")
    return folder


def output(plan: MixPlan, target: Path) -> Block:
    mix(plan, target)
    found, _ = sf.read(target, always_2d=True)
    return np.asarray(found.T)


def test_a_close_microphone_is_moved_later_to_where_the_overheads_hear_it(tmp_path: Path) -> None:
    drum = bursts(1)
    distant = later(drum, 220)
    stems = write(tmp_path, snare=drum, oh=0.5 * distant)
    plan = plan_mix([stems], preset(KIT))
    (entry,) = plan.alignments
    assert entry.id == "strip.snare/snare"
    assert entry.to == "strip.overheads/oh"
    assert entry.delay_ms == pytest.approx(220 / 44.1, abs=0.01)
    assert entry.moved_samples == 220
    assert entry.same_polarity
    assert any("moved 4.99 ms later, to line up with" in note for note in plan.notes)
    # In step to the sample: the two add up as one.
    heard = output(plan, tmp_path / "mix.wav")
    wanted = np.sqrt(0.5) * 1.5 * distant
    assert np.max(np.abs(heard[0] - wanted)) < 1e-6
    said = json.loads((tmp_path / "mix.wav.json").read_text(encoding="utf-8"))
    assert said["alignment"][0]["moved_samples"] == 220


def test_a_distant_microphone_is_moved_earlier(tmp_path: Path) -> None:
    drum = bursts(2)
    stems = write(tmp_path, snare=later(drum, 300), oh=drum)
    plan = plan_mix([stems], preset(KIT))
    assert plan.alignments[0].moved_samples == -300
    heard = output(plan, tmp_path / "mix.wav")
    assert np.max(np.abs(heard[0, :-300] - np.sqrt(2.0) * drum[:-300])) < 1e-6


def test_delays_come_on_top_and_the_others_place_counts(tmp_path: Path) -> None:
    """What is lined up with a strip that is itself moved goes along with it."""
    drum = bursts(3)
    stems = write(tmp_path, snare=drum, oh=later(drum, 100), room=later(drum, 400))
    body = """
    [strip.overheads]
    match = ["oh"]
    align_to = "strip.room"
    [strip.room]
    match = ["room"]
    delay_ms = 10
    [strip.snare]
    match = ["snare"]
    align_to = "overheads"
    """
    plan = plan_mix([stems], preset(body))
    found = {entry.id.partition("/")[0]: entry.moved_samples for entry in plan.alignments}
    assert found == {"strip.overheads": 300 + 441, "strip.snare": 100 + 300 + 441}
    heard = output(plan, tmp_path / "mix.wav")
    assert np.max(np.abs(heard[0] - np.sqrt(4.5) * later(drum, 841))) < 1e-6


def test_opposite_polarity_is_said_and_left(tmp_path: Path) -> None:
    drum = bursts(4)
    stems = write(tmp_path, snare=-drum, oh=later(drum, 50))
    plan = plan_mix([stems], preset(KIT))
    assert plan.alignments[0].moved_samples == 50
    assert not plan.alignments[0].same_polarity
    assert any("polarity is opposite to strip.overheads/oh" in note for note in plan.notes)
    turned = plan_mix([stems], preset(KIT.replace('["snare"]', '["snare"]\npolarity = true')))
    assert turned.alignments[0].same_polarity


def test_an_amplifier_that_bends_the_phase_is_lined_up_by_what_all_passages_say(
    tmp_path: Path,
) -> None:
    """Half of the bands turned by a quarter period: no polarity, but one delay throughout."""
    drum = bursts(11, 10.0)
    spectrum = np.fft.rfft(drum)
    hz = np.fft.rfftfreq(drum.size, 1.0 / RATE_HZ)
    spectrum[(hz > 300.0) & (hz < 2_000.0)] *= np.exp(0.55j * np.pi)
    amplifier = later(np.fft.irfft(spectrum, drum.size), 66)
    plan = plan_mix([write(tmp_path, snare=drum, oh=amplifier)], preset(KIT))
    (entry,) = plan.alignments
    assert entry.same_polarity is None
    assert abs(entry.moved_samples - 66) <= 6
    assert "trust your ears" in entry.note


def test_stereo_overheads_are_matched_by_the_side_that_hears_it_best(tmp_path: Path) -> None:
    drum, other = bursts(5), bursts(6)
    overheads = np.stack((later(drum, 120), 0.2 * later(drum, 260) + other))
    plan = plan_mix([write(tmp_path, snare=drum, oh=overheads)], preset(KIT))
    assert plan.alignments[0].moved_samples == 120


def test_what_has_nothing_in_common_is_refused(tmp_path: Path) -> None:
    stems = write(tmp_path, snare=bursts(7), oh=bursts(8))
    with pytest.raises(RefusedError, match="too little in common") as caught:
        plan_mix([stems], preset(KIT))
    assert caught.value.where == "strip.snare/snare"
    assert "leave align_to out of strip.snare" in caught.value.hint


def test_a_match_that_is_not_clear_is_refused_with_its_figures(tmp_path: Path) -> None:
    """A third of the song at each of three delays: no single one would be right."""
    drum = bursts(9, 8.0)
    cuts = (0, drum.size // 3, 2 * drum.size // 3, drum.size)
    parts = [later(drum, late)[cuts[n] : cuts[n + 1]] for n, late in enumerate((40, 90, 160))]
    moving = np.concatenate(parts)
    with pytest.raises(RefusedError, match="snare"):
        plan_mix([write(tmp_path, snare=drum, oh=moving)], preset(KIT))


def test_silence_and_missing_stems_stay_where_they_are(tmp_path: Path) -> None:
    drum = bursts(10)
    silent = plan_mix([write(tmp_path, snare=np.zeros(drum.size), oh=drum)], preset(KIT))
    assert silent.alignments[0].moved_samples == 0
    assert any("silent: left in its place" in note for note in silent.notes)
    alone = tmp_path / "alone"
    alone.mkdir()
    plan = plan_mix([write(alone, snare=drum)], preset(KIT))
    assert plan.alignments[0].to is None
    assert any("strip.overheads has no stem to line up with" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("overhead", r"strip.snare.align_to: no strip 'overhead' \(did you mean 'overheads'\?\)"),
        ("snare", "cannot be lined up with itself: snare -> snare"),
        ("bus.drums", "no strip 'bus.drums'"),
    ],
)
def test_a_strip_that_cannot_be_lined_up_with_is_named(to: str, reason: str) -> None:
    body = KIT.replace('align_to = "overheads"', f'align_to = "{to}"') + "[bus.drums]\n"
    with pytest.raises(DocumentError, match=reason):
        preset(body)


def test_a_circle_is_named_strip_by_strip() -> None:
    body = KIT.replace('["oh"]', '["oh"]\nalign_to = "snare"')
    with pytest.raises(DocumentError, match="itself: overheads -> snare -> overheads"):
        preset(body)
