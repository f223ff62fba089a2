"""What a mastering run is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mixmaster.mastering.profile import NamedProfile
from mixmaster.mastering.target import Target
from mixmaster.mixing.plan import Section

Progress = Callable[[str, float], None]
"""Told what is being done and how much of it is, 0 to 1."""


@dataclass(frozen=True, slots=True)
class NamedTarget:
    """A target and its short name, which goes into file names: ``spotify``."""

    name: str
    target: Target


@dataclass(frozen=True, slots=True)
class MasterOptions:
    """What a run is told beside mix, preset and targets.

    Attributes:
        overwrite: Replace existing files that are not ours.
        loudness_lufs: Instead of every target's own loudness.
        ceiling_dbtp: Instead of every target's own ceiling.
        short_term_lufs: For the loudest 3 s, instead of every target's own loudness; with
            ``loudness_lufs`` the stricter of both counts.
        max_gain_reduction_db: The most that the limiter may take away at any moment.
        min_plr_lu: The lowest peak-to-loudness ratio that a master may have.
        gain_match: Inserts, by short id, that are gain-matched beside those of the preset; all
            is all of them.
        measure_stages: Whether the loudness before and after every insert is measured.
        dialogue: The dialogue's stem, for targets that are measured on it.
        trim: Whether silence at the edges is cut; this and the next four are the targets' own
            where they are None.
        fade_in_ms: A fade at the beginning.
        fade_out_s: A fade at the end.
        pad_head_ms: Silence before.
        pad_tail_s: Silence after.
        profile: What match stages move toward instead of their own profile; where the chain has
            no match stage, one is added at its end.
        codec_safe: Whether a master is encoded for the streams of its target before it is
            published, and its ceiling lowered where a codec goes over full scale.
        section: Write only this part, with the gains of the whole song.
        dual_mono: Count a mono mix twice, as it sounds from two loudspeakers.
        strict: Whether a mix that is shorter than its header says is an error.
        threads: How many may work; the bytes do not depend on it. None: as many as there are.
    """

    overwrite: bool = False
    loudness_lufs: float | None = None
    ceiling_dbtp: float | None = None
    short_term_lufs: float | None = None
    max_gain_reduction_db: float | None = None
    min_plr_lu: float | None = None
    gain_match: tuple[str, ...] = ()
    measure_stages: bool = False
    dialogue: Path | None = None
    trim: bool | None = None
    fade_in_ms: float | None = None
    fade_out_s: float | None = None
    pad_head_ms: float | None = None
    pad_tail_s: float | None = None
    profile: NamedProfile | None = None
    codec_safe: bool = False
    section: Section | None = None
    dual_mono: bool = False
    strict: bool = False
    threads: int | None = None
