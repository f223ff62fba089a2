"""Match stages: they reach what can be reached, stay within bounds, and say what they did."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import welch

from mixmaster.arrays import Block
from mixmaster.documents.loading import load_text
from mixmaster.documents.writing import to_toml
from mixmaster.engine.measuring import measure_file
from mixmaster.errors import DocumentError
from mixmaster.mastering.family import Member, master_family
from mixmaster.mastering.job import open_mix
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.profile import NamedProfile, Profile
from mixmaster.mastering.profile_building import profile_of
from mixmaster.mastering.results import MasterRun
from mixmaster.mastering.run import (
    MasterOptions,
    NamedTarget,
    load_preset,
    load_target,
    master,
)

RATE = 44_100
MIDS_HZ = 1_000.0 * 10.0 ** (np.arange(-14, 13) / 10.0)
Write = Callable[..., Path]
MakePreset = Callable[[str], MasteringPreset]
MATCH = '[[insert]]\neffect = "match"\n'


def pink(seconds: float = 16.0, seed: int = 1, side: float = 0.4) -> Block:
    """Pink noise from 30 Hz, mid and a narrower side."""
    frames = round(seconds * RATE)
    white = np.random.default_rng(seed).standard_normal((2, frames))
    mid, sides = shaped(white, lambda hz: np.asarray(-10.0 * np.log10(np.maximum(hz, 30.0))))
    out = np.stack((mid + side * sides, mid - side * sides))
    return np.asarray(0.08 * out / out.std())


def shaped(signal: Block, gain_db: Callable[[Block], Block]) -> Block:
    """The signal through an exact zero-phase curve."""
    frames = signal.shape[1]
    hz: Block = np.fft.rfftfreq(frames, 1.0 / RATE).astype(np.float64)
    gain = 10.0 ** (gain_db(hz) / 20.0)
    return np.asarray(np.fft.irfft(np.fft.rfft(signal, axis=1) * gain, frames, axis=1))


def thirds_db(signal: Block) -> Block:
    """Third octaves of both channels by Welch's method, their mean 0 dB."""
    hz, density = welch(signal, RATE, "hann", 32_768, axis=1)
    below = np.concatenate(([0.0], np.cumsum(density.sum(axis=0))))
    ends = np.concatenate((hz - hz[1] / 2.0, [hz[-1] + hz[1] / 2.0]))
    low, high = MIDS_HZ * 10.0**-0.05, MIDS_HZ * 10.0**0.05
    level = 10.0 * np.log10(np.interp(high, ends, below) - np.interp(low, ends, below))
    return np.asarray(level - level.mean())


def side_db(signal: Block, low_hz: float, high_hz: float) -> float:
    """Side over mid between two frequencies."""
    both = np.stack((signal[0] + signal[1], signal[0] - signal[1]))
    hz, density = welch(both, RATE, "hann", 32_768, axis=1)
    inside = (hz >= low_hz) & (hz < high_hz)
    mid, side = density[:, inside].sum(axis=1)
    return float(10.0 * np.log10(side / mid))


def run(
    mix: Path, preset: MasteringPreset, profile: NamedProfile | None = None, threads: int = 2
) -> tuple[MasterRun, Block]:
    out = mix.with_name(f"{mix.stem}-out.wav")
    options = MasterOptions(overwrite=True, profile=profile, threads=threads)
    done = master(mix, preset, [load_target("premaster")], out, options)
    return done, soundfile.read(out, always_2d=True)[0].T


def tilt(hz: Block) -> Block:
    return np.asarray(0.6 * np.log2(np.clip(hz, 30.0, 20_000.0) / 1_000.0))


def waves(hz: Block) -> Block:
    """Hills and valleys of 3 dB, an octave and a half from one to the next."""
    octaves = np.log2(np.clip(hz, 30.0, 20_000.0) / 1_000.0)
    return np.asarray(3.0 * np.sin(2.0 * np.pi * octaves / 3.0))


@pytest.mark.parametrize("curve", [tilt, waves])
def test_a_known_curve_is_reached_within_half_a_db(
    curve: Callable[[Block], Block], write: Write, preset: MakePreset
) -> None:
    mix = pink()
    reference, _ = profile_of(write(shaped(mix, curve), "ref.wav"))
    done, out = run(write(mix), preset(""), reference)
    wanted = thirds_db(mix) + curve(MIDS_HZ)
    off = thirds_db(out) - wanted
    assert np.abs(off - off.mean()).max() < 0.5
    (found,) = done.matches
    assert found.distance_after_db is not None
    assert found.distance_after_db < 0.1
    assert found.largest_move_db <= 6.0
    # It is as loud as before.
    before, after = done.before.integrated_lufs, done.results[0].after
    assert before is not None
    assert after is not None
    assert after.integrated_lufs == pytest.approx(before, abs=0.02)


def test_no_band_moves_further_than_allowed_and_beyond_the_ends_it_is_level(
    write: Write, preset: MakePreset
) -> None:
    steep, _ = profile_of(write(shaped(pink(seed=1), lambda hz: 6.0 * tilt(hz)), "ref.wav"))
    signal = 0.01 * np.random.default_rng(3).standard_normal((1, 20 * RATE))
    done, out = run(write(signal), preset(MATCH + "max_db = 3.0\nmax_plr_loss_db = 12.0\n"), steep)
    assert done.matches[0].largest_move_db == pytest.approx(3.0, abs=0.05)
    # Of noise through a filter, the cross spectrum is the filter.
    from scipy.signal import csd

    hz, cross = csd(signal[0], out[0, : signal.shape[1]], RATE, nperseg=16_384)
    power = welch(signal[0], RATE, nperseg=16_384)[1]
    response = 20.0 * np.log10(np.abs(cross / power))
    level = (response.max() + response.min()) / 2.0
    inside = (hz > 50.0) & (hz < 15_000.0)
    assert np.abs(response[inside] - level).max() < 3.2
    high = response[(hz > 16_500.0) & (hz < 21_500.0)]
    assert np.ptp(high) < 0.5  # what the estimate scatters


@pytest.mark.parametrize(("amount", "share"), [("", 0.5), ("tone = 0.5\n", 0.25)])
def test_amounts_take_their_share(
    amount: str, share: float, write: Write, preset: MakePreset
) -> None:
    reference, _ = profile_of(write(shaped(pink(seed=2), tilt), "ref.wav"))
    stage = preset(MATCH + "amount = 0.5\n" + amount)
    _, out = run(write(pink(seed=2)), stage, reference)
    off = thirds_db(out) - thirds_db(pink(seed=2)) - share * tilt(MIDS_HZ)
    assert np.abs(off - off.mean()).max() < 0.2


def test_inside_tolerance_nothing_moves(write: Write, preset: MakePreset) -> None:
    mix = pink()
    level = (thirds_db(mix) + 0.3 * tilt(MIDS_HZ)).round(2).tolist()
    hz = [40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800]
    hz += [1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000, 6300, 8000, 10000, 12500, 16000]
    head = 'format = 1\nkind = "profile"\nname = "Test"\n[tone]\n'
    text = f"{head}hz = {hz}\nlevel_db = {level}\ntolerance_db = {[1.0] * 27}\n".replace(
        "hz = [", "hz = [", 1
    )
    profile = NamedProfile("test", load_text(Profile, text))
    done, _ = run(write(mix), preset(MATCH + 'aim = "tolerance"\n'), profile)
    assert done.matches[0].largest_move_db < 0.15
    done, _ = run(write(mix), preset(MATCH), profile)
    assert done.matches[0].largest_move_db > 0.5


def test_width_moves_by_band_and_the_bass_is_only_narrowed(
    write: Write, preset: MakePreset
) -> None:
    reference, _ = profile_of(write(pink(seed=1, side=0.2), "narrow.wav"))
    mix = pink(seed=2, side=0.4)  # 6.02 dB wider
    _, out = run(write(mix), preset(MATCH + "width = 1.0\n"), reference)
    for low, high in ((40.0, 110.0), (200.0, 2_000.0), (4_000.0, 10_000.0)):
        assert side_db(out, low, high) - side_db(mix, low, high) == pytest.approx(-6.0, abs=0.7)
    _, out = run(write(mix), preset(MATCH + "width = 0.0\n"), reference)
    assert side_db(out, 40.0, 90.0) - side_db(mix, 40.0, 90.0) == pytest.approx(-6.0, abs=0.8)
    assert side_db(out, 400.0, 9e3) - side_db(mix, 400.0, 9e3) == pytest.approx(0.0, abs=0.1)
    wide, _ = profile_of(write(pink(seed=1, side=0.8), "wide.wav"))
    _, out = run(write(mix), preset(MATCH + "width = 1.0\n"), wide)
    assert side_db(out, 400.0, 9e3) - side_db(mix, 400.0, 9e3) > 4.0
    assert side_db(out, 40.0, 80.0) - side_db(mix, 40.0, 80.0) < 0.5


def test_the_stage_hears_what_the_stages_before_it_made(write: Write, preset: MakePreset) -> None:
    """A shelf before the match is taken back by it; one behind it is not."""
    shelf = (
        '[[insert]]\neffect = "eq"\n'
        'bands = [{ shape = "high_shelf", frequency_hz = 3000.0, gain_db = 4.0 }]\n'
    )
    mix = pink(seed=2)
    reference, _ = profile_of(write(mix, "ref.wav"))
    before, _ = run(write(mix), preset(shelf + MATCH), reference)
    behind, _ = run(write(mix), preset(MATCH + shelf), reference)
    assert before.matches[0].mid_db[25] - before.matches[0].mid_db[5] < -3.5
    assert behind.matches[0].largest_move_db < 0.05


def test_the_peak_to_loudness_ratio_is_kept(write: Write, preset: MakePreset) -> None:
    """Clicks of one band over steady noise: a profile without that band would level them."""
    t = np.arange(20 * RATE) / RATE
    clicks = 0.7 * np.sin(2 * np.pi * 5_000.0 * t) * np.exp(-((t * 1.0) % 1.0) * 400.0)
    steady = shaped(pink(20.0, seed=2), lambda hz: np.where(hz > 3_000.0, -20.0, 0.0))
    mix = 0.5 * steady + clicks
    reference, _ = profile_of(write(steady, "ref.wav"))
    done, _ = run(write(mix), preset(""), reference)
    (found,) = done.matches
    assert 0.0 < found.share < 1.0
    assert found.plr_before_db is not None
    assert found.plr_after_db is not None
    lost = found.plr_before_db - found.plr_after_db + found.plr_of_tone_db
    assert 0.3 < lost <= 1.0
    assert abs(found.plr_of_tone_db) < 0.5
    assert any("only" in note and "peak-to-loudness" in note for note in done.notes)
    before, after = done.before, done.results[0].after
    assert after is not None
    was, is_ = (
        (each.true_peak_dbtp or 0.0) - (each.integrated_lufs or 0.0) for each in (before, after)
    )
    assert was - is_ + found.plr_of_tone_db <= 1.0 + 0.01
    free, _ = run(write(mix), preset(MATCH + "max_plr_loss_db = 12.0\n"), reference)
    assert free.matches[0].share == 1.0


def test_noise_loses_no_crest_however_its_tone_is_turned(write: Write, preset: MakePreset) -> None:
    """The ratio of a brighter noise is lower by what K-weighting no longer leaves out."""
    mix = pink()
    reference, _ = profile_of(write(shaped(mix, lambda hz: 1.5 * tilt(hz)), "ref.wav"))
    done, _ = run(write(mix), preset(""), reference)
    (found,) = done.matches
    assert found.share == 1.0
    assert found.plr_before_db is not None
    assert found.plr_after_db is not None
    assert found.plr_of_tone_db < -1.0
    change = found.plr_after_db - found.plr_before_db
    assert change == pytest.approx(found.plr_of_tone_db, abs=1.0)  # two single peaks of noise


def test_other_music_reaches_the_same_curve(write: Write, preset: MakePreset) -> None:
    other = shaped(pink(seed=1), waves)
    reference, _ = profile_of(write(other, "ref.wav"))
    _, out = run(write(pink(seed=2)), preset(""), reference)
    off = thirds_db(out) - thirds_db(other)
    assert np.abs(off - off.mean()).max() < 0.5


@pytest.mark.parametrize("stage", ["bypass = true\n", "amount = 0.0\n", "max_db = 0.0\n"])
def test_switched_off_it_is_not_there(stage: str, write: Write, preset: MakePreset) -> None:
    mix = write(pink(4.0))
    reference, _ = profile_of(write(shaped(pink(8.0), tilt), "ref.wav"))
    done, out = run(mix, preset(MATCH + stage), reference)
    assert np.array_equal(out, soundfile.read(mix)[0].T)
    assert all(found.largest_move_db == 0.0 for found in done.matches)


@pytest.mark.parametrize("channels", [1, 2])
def test_silence_and_little_of_it_pass(channels: int, write: Write, preset: MakePreset) -> None:
    reference, _ = profile_of(write(pink(8.0), "ref.wav"))
    for signal in (np.zeros((channels, RATE)), pink(0.3)[:channels]):
        done, out = run(write(signal), preset(""), reference)
        assert np.isfinite(out).all()
        assert done.matches[0].largest_move_db <= 6.0


def test_bytes_depend_neither_on_threads_nor_on_company(
    write: Write, preset: MakePreset, tmp_path: Path
) -> None:
    mix = write(pink(6.0))
    reference, _ = profile_of(write(shaped(pink(8.0), waves), "ref.wav"))
    stage = preset('[[insert]]\neffect = "compressor"\nthreshold_db = -24.0\n' + MATCH)
    one, two = (run(mix, stage, reference, threads)[1] for threads in (1, 2))
    assert np.array_equal(one, two)
    members = [
        Member(name, each, tmp_path / f"{name}.wav")
        for name, each in (("a", stage), ("b", preset(MATCH + "tone = 0.5\n")))
    ]
    options = MasterOptions(threads=2, profile=reference)
    results = master_family(
        open_mix(mix),
        measure_file(mix).figures,
        members,
        load_target("premaster"),
        options=options,
    )
    assert all(not result.master.refused for result in results)
    assert np.array_equal(soundfile.read(tmp_path / "a.wav")[0].T, one)


def test_bands_that_a_profile_leaves_open_are_told(write: Write, preset: MakePreset) -> None:
    narrow, _ = profile_of(write(pink(6.0), "ref.wav", 8_000))  # of 44.1 kHz, played slowly
    done, _ = run(write(pink(6.0)), preset(""), narrow)
    assert any("no level at 4000, 5000, 6300" in note for note in done.notes)
    assert np.ptp(done.matches[0].mid_db[20:]) < 0.5


def test_the_manifest_holds_profile_and_curve(write: Write, preset: MakePreset) -> None:
    reference, _ = profile_of(write(shaped(pink(8.0), tilt), "ref.wav"))
    done, _ = run(write(pink(6.0)), preset(""), reference)
    manifest = done.results[0].manifest
    assert manifest is not None
    said = json.loads(manifest.read_bytes())
    held = said["settings"]["profiles"]["master.insert.match"]
    assert held["reference"][0]["sha256"] == reference.profile.reference[0].sha256
    (solved,) = said["solved"]["matches"]
    assert solved["mid_db"] == list(done.matches[0].mid_db)


def test_a_stage_without_a_profile_says_so(write: Write, preset: MakePreset) -> None:
    with pytest.raises(DocumentError, match=r"match: profile: is missing .*--reference"):
        run(write(pink(1.0)), preset(MATCH))
    with pytest.raises(DocumentError, match=r"no profile preset of this name.*neutral"):
        run(write(pink(1.0)), preset(MATCH + 'profile = "neutrl"\n'))


def test_a_preset_names_profiles_in_its_own_folder(write: Write, tmp_path: Path) -> None:
    profile, _ = profile_of(write(shaped(pink(8.0), tilt), "ref.wav"))
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "own.toml").write_text(to_toml(profile.profile), encoding="utf-8")
    (tmp_path / "other.toml").write_text(to_toml(profile.profile), encoding="utf-8")
    head = 'format = 1\nkind = "mastering"\nname = "Test"\n' + MATCH
    chain = folder / "chain.toml"
    chain.write_text(head + 'profile = "own.toml"\n', encoding="utf-8")
    mix = write(pink(4.0))
    done, _ = run(mix, load_preset(str(chain)))
    assert done.matches[0].profile == "own"
    for name in ("../other.toml", str(tmp_path / "other.toml"), "other.toml"):
        chain.write_text(f"{head}profile = '{name}'\n", encoding="utf-8")
        with pytest.raises(DocumentError, match=r"master\.insert\.match: profile: "):
            run(mix, load_preset(str(chain)))
    said = load_preset(str(chain), [f"insert.match.profile={tmp_path / 'other.toml'}"])
    assert run(mix, said)[0].matches[0].profile == "other"


def test_several_rates_and_a_delivery_target(
    write: Write, preset: MakePreset, target: Callable[..., NamedTarget], tmp_path: Path
) -> None:
    reference, _ = profile_of(write(shaped(pink(8.0), tilt), "ref.wav"))
    chain = preset(MATCH + '[[insert]]\neffect = "limiter"\n')
    for rate in (8_000, 96_000):
        mix = write(pink(6.0), f"mix{rate}.wav", rate)
        wanted = target("integrated_lufs = -16.0\ntrue_peak_dbtp = -1.0\n")
        options = MasterOptions(overwrite=True, profile=reference)
        done = master(mix, chain, [wanted], tmp_path / "out.wav", options)
        after = done.results[0].after
        assert after is not None
        assert after.integrated_lufs == pytest.approx(-16.0, abs=0.05)
        assert done.matches[0].largest_move_db <= 6.0
