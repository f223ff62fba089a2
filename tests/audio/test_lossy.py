"""Codecs there and back: in step to the sample, at the rate that was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from mixmaster.arrays import Block
from mixmaster.audio.formats import Codec, encoded_rate_hz
from mixmaster.audio.lossy import RoundTrip
from mixmaster.errors import SignalError

RATE_HZ = 48_000
SECONDS = 4.0


def music(seconds: float = SECONDS, channels: int = 2) -> Block:
    """Return plucked chords and hits of noise: tonal and percussive at once."""
    rng = np.random.default_rng(7)
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    out = 0.05 * rng.standard_normal((channels, time.size)) * np.exp(-8.0 * (time % 0.5))
    for hz in (110.0, 220.0, 277.2, 329.6, 440.0):
        out += 0.12 * np.sin(2 * np.pi * hz * time) * np.exp(-4.0 * (time % 0.5))
    return out


@pytest.mark.parametrize(
    ("codec", "kbps", "spread"),
    [
        ("mp3", 128, 0.05),
        ("mp3", 320, 0.05),
        ("aac", 128, 0.08),  # with the index of a file of 3 s
        ("opus", 160, 0.2),  # libopus's rate is free to vary around it
        ("vorbis", 160, 0.5),  # libvorbis's is a quality
    ],
)
def test_a_round_trip_keeps_length_place_and_rate(codec: Codec, kbps: int, spread: float) -> None:
    signal = music()[:, : 3 * RATE_HZ + 77]
    pieces = [signal[:, :70_001], signal[:, 70_001:]]
    trip = RoundTrip(iter(pieces), RATE_HZ, 2, codec, bitrate_kbps=kbps)
    heard = np.concatenate(list(trip), axis=1)
    assert heard.shape == signal.shape
    # The lag is where the circular correlation has its maximum.
    product = np.fft.rfft(heard[0]) * np.conj(np.fft.rfft(signal[0]))
    assert int(np.argmax(np.fft.irfft(product, signal.shape[1]))) == 0
    assert np.std(heard - signal) < 0.3 * np.std(signal)
    measured = trip.encoded_bytes * 8e-3 / (signal.shape[1] / RATE_HZ)
    assert measured == pytest.approx(kbps, rel=spread)


@pytest.mark.parametrize("codec", ["mp3", "aac", "vorbis", "opus"])
def test_mono_and_a_signal_shorter_than_a_frame(codec: Codec) -> None:
    signal = music(0.01, channels=1)
    trip = RoundTrip(iter([signal]), RATE_HZ, 1, codec, bitrate_kbps=96)
    assert np.concatenate(list(trip), axis=1).shape == signal.shape


@pytest.mark.parametrize("codec", ["mp3", "aac", "vorbis", "opus"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_what_would_abort_the_process_never_reaches_an_encoder(codec: Codec, bad: float) -> None:
    signal = music(0.2)
    signal[1, 4_000] = bad
    with pytest.raises(SignalError):
        list(RoundTrip(iter([signal]), RATE_HZ, 2, codec, bitrate_kbps=128, where="a.wav"))


@pytest.mark.parametrize(
    ("codec", "rate_hz", "streamed_hz"),
    [
        ("aac", 96_000, 48_000),
        ("mp3", 88_200, 44_100),
        ("vorbis", 192_000, 48_000),
        ("vorbis", 22_050, 44_100),
        ("opus", 44_100, 48_000),
        ("mp3", 8_000, 48_000),
    ],
)
def test_places_stream_at_44100_or_48000(codec: Codec, rate_hz: int, streamed_hz: int) -> None:
    assert encoded_rate_hz(codec, rate_hz) == streamed_hz
