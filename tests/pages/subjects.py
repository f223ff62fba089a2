"""Signals put through all meters, for pages; made once for each process."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import numpy.typing as npt

from mixmaster.metering.survey import SurveyMeter
from mixmaster.pages.subject import Subject

RATE_HZ = 48_000

HOSTILE_NAMES = (
    "<img src=x onerror=alert(1)>.wav",
    "</script><script>alert(2)</script>.wav",
    "\"><svg onload='alert(3)'>.wav",
    "{{ 7 * 7 }}{% raw %}.wav",
    "</title></style>&amp;&lt;b&gt;.wav",
    "שיר ראשון.wav",
    "東京 – Ünïcode – 🎛.flac",
    "]]>--><!--.wav",
)


def subject_of(
    audio: npt.NDArray[np.float64], name: str = "signal.wav", rate_hz: int = RATE_HZ
) -> Subject:
    meter = SurveyMeter(rate_hz, audio.shape[0])
    meter.update(np.ascontiguousarray(audio, np.float64))
    return Subject(name, meter.result())


def music(channels: int, seconds: float, seed: int = 1) -> npt.NDArray[np.float64]:
    """Return noise that is coloured, swells and differs between channels: like music, roughly."""
    frames = round(seconds * RATE_HZ)
    rng = np.random.default_rng(seed)
    noise = np.cumsum(rng.standard_normal((channels, frames)), axis=1)
    noise -= np.linspace(noise[:, :1], noise[:, -1:], frames, axis=1)[..., 0]
    noise += 20.0 * rng.standard_normal((channels, frames)) + 30.0 * rng.standard_normal(frames)
    swell = 0.6 + 0.4 * np.sin(np.arange(frames) / RATE_HZ * 1.3)
    return np.asarray(0.4 * noise * swell / np.abs(noise).max())


@cache
def subject(kind: str) -> Subject:
    """Return a file of a kind."""
    if kind == "stereo":
        return subject_of(music(2, 12.0), "stereo.wav")
    if kind == "mono":
        return subject_of(music(1, 5.0), "mono.wav")
    if kind == "5.1":
        return subject_of(music(6, 4.0), "surround.wav")
    if kind == "silence":
        return subject_of(np.zeros((2, 3 * RATE_HZ)), "silence.wav")
    if kind == "one sample":
        return subject_of(np.full((2, 1), 0.5), "click.wav")
    if kind == "faults":
        return subject_of(faulty(), "faults.wav")
    raise AssertionError(kind)


def faulty() -> npt.NDArray[np.float64]:
    """Return a loud signal with a dropout, clipped runs, and silence at both ends."""
    audio = music(2, 12.0, seed=5) * 1.6
    second = RATE_HZ
    audio[:, :second] = 0.0
    audio[:, -second:] = 0.0
    audio[:, 5 * second : 5 * second + second // 5] = 0.0
    for at in (3.0, 7.5, 8.25):
        audio[0, round(at * second) : round(at * second) + 12] = 1.0
    return audio


KINDS = ("stereo", "mono", "5.1", "silence", "one sample", "faults")


def renamed(subject: Subject, name: str) -> Subject:
    return dataclasses.replace(subject, name=name)
