"""Masters in lossy formats are right by what comes out of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from scipy.signal import resample_poly

from mixmaster.arrays import Block
from mixmaster.audio import formats
from mixmaster.audio.formats import Codec
from mixmaster.audio.source import open_source, probe
from mixmaster.documents.loading import load_text
from mixmaster.errors import DocumentError, UsageError
from mixmaster.mastering import attempt
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.results import MasterResult
from mixmaster.mastering.run import MasterOptions, NamedTarget, load_target, master
from mixmaster.mastering.target import Target

RATE = 44_100
LOUD = '[[insert]]\neffect = "limiter"\ncharacter = "loud"\n'
KINDS: tuple[Codec, ...] = ("mp3", "aac", "opus", "vorbis")
RATES_HZ = {"mp3": 44_100, "aac": 44_100, "opus": 48_000, "vorbis": 44_100}
LOW_KBPS = {"mp3": 96, "aac": 96, "opus": 64, "vorbis": 80}

Deliver = Callable[..., MasterResult]


@pytest.fixture
def deliver(
    song: Callable[..., Block],
    write: Callable[..., Path],
    tmp_path: Path,
    preset: Callable[[str], MasteringPreset],
    target: Callable[..., NamedTarget],
) -> Deliver:
    """A function that masters a song for a target's text and returns what came of it."""
    mix, chain = write(song(3.0)), preset(LOUD)

    def deliver(text: str, folder: str = "out", **options: Any) -> MasterResult:
        settings = MasterOptions(threads=2, **options)
        return master(mix, chain, [target(text)], tmp_path / folder, settings).results[0]

    return deliver


def hot(kind: str, kbps: int, lufs: float = -11.0) -> str:
    loud = f"integrated_lufs = {lufs}\ntrue_peak_dbtp = -1.0\n"
    return f'{loud}[file]\nformat = "{kind}"\nbitrate_kbps = {kbps}\n'


def decoded(path: Path) -> Block:
    """Decode by FFmpeg."""
    with av.open(str(path)) as file:
        parts: list[Any] = [frame.to_ndarray() for frame in file.decode(audio=0)]
    return np.concatenate(parts, axis=1).astype(np.float64)


def true_peak_dbtp(heard: Block) -> float:
    """Return the true peak by another interpolator, eight times as dense."""
    dense = resample_poly(heard, 8, 1, axis=1, window=("kaiser", 12.0))
    return float(20 * np.log10(np.abs(dense).max()))


def ebur128_lufs(path: Path) -> float:
    """Return the loudness by FFmpeg's own meter."""
    with av.open(str(path)) as file:
        stream: Any = file.streams.audio[0]
        graph: Any = av.filter.Graph()
        source = graph.add_abuffer(template=stream)
        meter = graph.add("ebur128", "metadata=1")
        sink = graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        said = []
        for frame in file.decode(stream):
            source.push(frame)
            while True:
                try:
                    said.append(sink.pull().metadata)
                except (av.BlockingIOError, av.EOFError):
                    break
    return float(said[-1]["lavfi.r128.I"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_decoded_file_keeps_loudness_and_ceiling(deliver: Deliver, kind: Codec) -> None:
    result = deliver(hot(kind, LOW_KBPS[kind], -13.0))
    assert not result.refused
    assert result.file is not None
    assert formats.suffix_fits(result.file.suffix, kind)
    info = probe(result.file)
    assert (info.kind, info.sample_rate_hz) == (kind, RATES_HZ[kind])
    assert info.frames == round(3 * RATES_HZ[kind])
    assert true_peak_dbtp(decoded(result.file)) <= -1.0 + 0.02
    assert ebur128_lufs(result.file) == pytest.approx(-13.0, abs=0.15)
    assert result.after is not None
    assert result.after.integrated_lufs == pytest.approx(-13.0, abs=0.05)


def test_an_over_lowers_the_ceiling_and_is_told(deliver: Deliver) -> None:
    result = deliver(hot("vorbis", 80))
    assert 1 <= len(result.overs_db) <= 3
    assert all(over > 0.0 for over in result.overs_db)
    assert result.ceiling_dbtp == -1.0
    front = result.ceiling_in_front_dbtp
    assert front is not None
    assert front <= -1.0 - sum(result.overs_db)
    assert f"to {front:.2f} dBTP" in result.lowered
    assert result.passes > len(result.overs_db)
    assert result.to_json()["overs_db"] == list(result.overs_db)
    # At the ceiling that was found first it goes over: nothing was lowered for nothing.
    assert result.overs_db[0] > 0.05


def test_what_is_not_over_is_not_lowered(deliver: Deliver) -> None:
    result = deliver(hot("mp3", 320, -24.0))
    assert (result.ceiling_in_front_dbtp, result.overs_db, result.lowered) == (-1.0, (), "")


def test_what_an_encoder_makes_impossible_is_refused_with_both_ceilings(deliver: Deliver) -> None:
    result = deliver(hot("opus", 64))
    assert "under -1.00 dBTP (-" in result.refused
    assert "in front of the encoder" in result.refused
    assert result.figures is not None
    assert result.figures["reachable_lufs"] < -11.0


def test_after_three_times_it_is_refused_with_figures(
    deliver: Deliver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A limiter that does not hear of it: the ceiling in front of the encoder never moves.
    monkeypatch.setattr(attempt.Attempt, "_ceiling", 10 ** (-0.5 / 20))
    result = deliver(hot("vorbis", 80))
    assert result.file is None
    assert "lowered 3 times" in result.refused
    assert result.figures is not None
    assert result.figures["decoded_true_peak_dbtp"] > result.figures["ceiling_dbtp"] == -1.0
    assert list((tmp_path / "out").glob("*")) == []


def test_gain_alone_is_taken_back_where_an_encoder_goes_over(deliver: Deliver) -> None:
    text = 'gain_only = true\ntrue_peak_dbtp = -1.0\n[file]\nformat = "opus"\nbitrate_kbps = 64\n'
    result = deliver(text)
    assert result.limiter is None
    assert result.overs_db
    assert result.file is not None
    assert -2.5 < true_peak_dbtp(decoded(result.file)) <= -1.0 + 0.02


def test_a_lossy_premaster_that_players_clip_is_warned_of(deliver: Deliver) -> None:
    """Without a ceiling nothing is limited, and the level stays that of the mix."""
    result = deliver('[file]\nformat = "vorbis"\nbitrate_kbps = 80\n')
    assert result.after is not None
    assert result.after.true_peak_dbtp is not None
    over = result.after.true_peak_dbtp > 0.0
    assert bool(result.warnings) == over
    louder = deliver('[file]\nformat = "vorbis"\n', "loud", loudness_lufs=-9.0)
    assert louder.ceiling_dbtp is None
    assert "which players clip" in louder.warnings[0]


def test_two_runs_are_the_same_bytes(deliver: Deliver) -> None:
    for kind in ("opus", "aac"):
        one, two = (deliver(hot(kind, 128), folder) for folder in (f"{kind}1", f"{kind}2"))
        assert one.sha256 == two.sha256


def test_a_passage_is_held_to_the_ceiling_as_it_is_decoded(
    deliver: Deliver, tmp_path: Path
) -> None:
    from mixmaster.mixing.plan import Section

    result = deliver(hot("vorbis", 80), section=Section(1.5, 2.5))
    assert result.file is not None
    assert probe(result.file).frames == RATE
    assert true_peak_dbtp(decoded(result.file)) <= -1.0 + 0.02


def test_alac_is_the_flac_sample_by_sample(deliver: Deliver) -> None:
    text = 'integrated_lufs = -14.0\ntrue_peak_dbtp = -1.0\n[file]\nformat = "{}"\n'
    heard = []
    for kind in ("alac", "flac"):
        result = deliver(text.format(kind), kind)
        assert result.file is not None
        with open_source(result.file) as source:
            heard.append(np.concatenate(list(source.blocks()), axis=1))
    assert np.array_equal(heard[0], heard[1])


def test_shaped_dither_is_delivered_under_the_ceiling(deliver: Deliver) -> None:
    text = (
        "integrated_lufs = -12.0\ntrue_peak_dbtp = -0.3\n"
        '[file]\nbit_depth = 16\ndither = "{}"\nsample_rate_hz = 44100\n'
    )
    heard = {}
    for how in ("tpdf", "shaped"):
        result = deliver(text.format(how), how)
        assert result.file is not None
        assert result.after is not None
        assert result.after.true_peak_dbtp is not None
        assert -0.5 < result.after.true_peak_dbtp <= -0.3
        with open_source(result.file) as source:
            heard[how] = np.concatenate(list(source.blocks()), axis=1)
    difference = (heard["tpdf"] - heard["shaped"]) * 2**15
    # Two independent errors, LSB^2 / 4 and that times 16.6 (12.2 dB): 2.1 LSB; and the gain's
    # own difference of 1e-3 dB or so.
    assert 1.5 < np.std(difference) < 12.0


def file_of(lines: str) -> Target:
    head = 'format = 1\nkind = "target"\nname = "x"\n[file]\n'
    return load_text(Target, head + lines)


def test_what_documents_say_of_dither() -> None:
    assert file_of("dither = true").file.dither == "tpdf"
    assert file_of("dither = false").file.dither == "none"
    assert file_of('dither = "shaped"\nbit_depth = 16').file.dither == "shaped"
    with pytest.raises(DocumentError, match="dither"):
        file_of('dither = "loud"')
    with pytest.raises(DocumentError, match="44100 and 48000 Hz"):
        file_of('dither = "shaped"\nsample_rate_hz = 96000')
    with pytest.raises(DocumentError, match="nothing is rounded"):
        file_of('dither = "shaped"\nbit_depth = 32')
    shaped = file_of('dither = "shaped"').file
    with pytest.raises(UsageError, match="96000 Hz"):
        shaped.spec(96_000, 2)


def test_what_documents_say_of_lossy_files() -> None:
    assert file_of('format = "mp3"').file.spec(96_000, 2).words == "MP3, 320 kbit/s, 48000 Hz"
    assert file_of('format = "opus"').file.spec(44_100, 2).sample_rate_hz == 48_000
    assert file_of('format = "vorbis"').file.spec(88_200, 1).sample_rate_hz == 44_100
    assert file_of('format = "alac"').file.spec(96_000, 2).bit_depth == 24
    for lines, words in (
        ('format = "mp3"\nbit_depth = 16', "leave the depth out"),
        ('format = "mp3"\nbitrate_kbps = 100', "96, 112"),
        ('format = "wav"\nbitrate_kbps = 320', "only lossy"),
        ('format = "ogg"', "vorbis"),
    ):
        with pytest.raises(DocumentError, match=words):
            file_of(lines)


def test_without_pyav_aac_is_refused_before_any_work(
    deliver: Deliver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"mixmaster\[codecs\]"):
        deliver(hot("aac", 128))
    assert not (tmp_path / "out").exists()


def test_each_download_target_is_what_it_is_called() -> None:
    kinds = [*KINDS, "alac", "flac"]
    assert [load_target(f"download-{kind}").target.file.format for kind in kinds] == kinds
