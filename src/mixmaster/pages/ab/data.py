"""What an A/B page is made from: versions of a song that were made comparable, as plain data.

The compare room fills these, the page is rendered from them, and their JSON is what the page's
script reads and what ``mixmaster compare --json`` prints. All times are seconds from the first
frame of the files, and all files have the same rate, length and two channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mixmaster.results import Result

SESSION_SCHEMA = "mixmaster/ab/1"
"""The schema of ``AbSession.to_json()``."""

RESULTS_SCHEMA = "mixmaster/ab-results/1"
"""The schema of what the page saves of a listener's answers."""

Kind = Literal["master", "mix", "file", "reference"]


@dataclass(frozen=True, slots=True)
class AbFigures(Result):
    """Figures of a version; one that does not exist is None, and ``reasons`` says why.

    Attributes:
        integrated_lufs: Integrated loudness, ITU-R BS.1770-5.
        loudness_range_lu: EBU Tech 3342.
        max_momentary_lufs: The loudest 400 ms.
        max_short_term_lufs: The loudest 3 s.
        true_peak_dbtp: The highest true peak.
        sample_peak_dbfs: The highest sample.
        plr_db: True peak less integrated loudness; no gain changes it.
        psr_db: Peak to short-term loudness ratio where it is smallest.
        correlation: Of left and right, -1 to 1.
        width_db: Power of side over mid.
        tilt_db_per_octave: Of the spectrum, 100 Hz to 10 kHz; pink noise reads 0.
        reasons: Why a figure is None.
    """

    integrated_lufs: float | None
    loudness_range_lu: float | None
    max_momentary_lufs: float | None
    max_short_term_lufs: float | None
    true_peak_dbtp: float | None
    sample_peak_dbfs: float | None
    plr_db: float | None
    psr_db: float | None
    correlation: float | None
    width_db: float | None
    tilt_db_per_octave: float | None
    reasons: dict[str, str]


@dataclass(frozen=True, slots=True)
class AbOriginal(Result):
    """A version as it was given or delivered: whole, at its own rate and level.

    Attributes:
        file: The file's name, without its folder, as printable text.
        sample_rate_hz: Its own rate.
        channels: 1 or 2.
        duration_s: Its whole length.
        integrated_lufs: Of the whole file; mono as it sounds from two loudspeakers.
        true_peak_dbtp: Of the whole file.
        reasons: Why a figure is None.
    """

    file: str
    sample_rate_hz: int
    channels: int
    duration_s: float
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    reasons: dict[str, str]


@dataclass(frozen=True, slots=True)
class AbAlignment(Result):
    """How a version lay in time to the first one, before it was moved.

    Attributes:
        aligned: Whether it was found in the first one's time; False for another recording, or
            with ``--no-align``: then it starts where it starts.
        offset_samples: How much later it was, at the session's rate; it was moved by this much.
        offset_ms: The same with what is left between samples.
        fraction_samples: What is left, -0.5 to 0.5; it is told, not moved.
        drift_ppm: How much faster time runs in it, where that could be measured.
        polarity_inverted: Whether it is upside down; it is told, not turned. A difference
            signal of two versions adds one that is inverted instead of subtracting it.
        similarity: How sure the offset is, 0 to 1: the height of the correlation's peak.
    """

    aligned: bool
    offset_samples: int
    offset_ms: float
    fraction_samples: float
    drift_ppm: float | None
    polarity_inverted: bool
    similarity: float | None


@dataclass(frozen=True, slots=True)
class AbAudio(Result):
    """A version's file in the folder.

    Attributes:
        file: Its path from the folder, ``audio/<16 hex>.flac``: named by what it was made
            from, so a file of that name never changes.
        sha256: Of its bytes.
        bytes: Its size.
        bit_depth: 24, TPDF dithered.
    """

    file: str
    sha256: str
    bytes: int
    bit_depth: int


@dataclass(frozen=True, slots=True)
class AbCurves(Result):
    """A version's file over time and frequency; levels are those of the file.

    Attributes:
        bucket_s: Length of a bucket of the waveform; bucket i begins at i times that.
        waveform_min: The lowest sample of both channels in each bucket, fraction of full scale.
        waveform_max: The highest.
        waveform_rms: The root mean square.
        momentary_times_s: Where the windows of 400 ms end.
        momentary_lufs: Of each; None for digital silence.
        short_term_times_s: Where the windows of 3 s end.
        short_term_lufs: Of each; None for digital silence.
        spectrum_hz: Frequencies of the long-term spectrum, 24 an octave.
        spectrum_mid_db: Level of mid within 1/6 octave around each; None for silence.
        spectrum_side_db: Likewise of side.
        correlation_times_s: Where the windows of 0.4 s end.
        correlation: Of left and right in each; None where silent or one-sided.
    """

    bucket_s: float
    waveform_min: tuple[float, ...]
    waveform_max: tuple[float, ...]
    waveform_rms: tuple[float, ...]
    momentary_times_s: tuple[float, ...]
    momentary_lufs: tuple[float | None, ...]
    short_term_times_s: tuple[float, ...]
    short_term_lufs: tuple[float | None, ...]
    spectrum_hz: tuple[float, ...]
    spectrum_mid_db: tuple[float | None, ...]
    spectrum_side_db: tuple[float | None, ...]
    correlation_times_s: tuple[float, ...]
    correlation: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class AbRecipe(Result):
    """What is needed to render a version again.

    Attributes:
        command: The command line, quoted for a shell; it names ``preset_file``.
        preset_file: What the resolved preset is to be called when it is saved: ``warm.toml``.
        preset_toml: The resolved preset, a TOML document.
    """

    command: str
    preset_file: str
    preset_toml: str


@dataclass(frozen=True, slots=True)
class AbVersion(Result):
    """One version.

    Attributes:
        id: ``v1``, ``v2``, ...: unique in the session, only letters and digits.
        key: 16 hex digits, the same as long as the version sounds the same, in any session of
            the same song: notes and ratings are kept by it.
        name: What people call it: any text at all, unique in the session.
        kind: ``master`` (rendered here), ``mix`` (what they were rendered from), ``file`` (as
            it was given), or ``reference``.
        audio: Its file.
        gain_db: What was done to its level in the file, 0 or less.
        original: What it was before.
        heard: Figures of the file in the folder, read back.
        curves: Likewise.
        alignment: How it lay in time.
        words: What its settings have that others' have not, each a short phrase.
        recipe: How to render it again; None for what was given as a file.
        notes: What is worth knowing about it, sentences: converted, mono, cut short, ...
    """

    id: str
    key: str
    name: str
    kind: Kind
    audio: AbAudio
    gain_db: float
    original: AbOriginal
    heard: AbFigures
    curves: AbCurves
    alignment: AbAlignment
    words: tuple[str, ...]
    recipe: AbRecipe | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AbLevel(Result):
    """A way of setting the levels while listening.

    Attributes:
        id: ``matched``, ``unmatched``, or ``platform``.
        name: For people: ``Level-matched``, ``As delivered``, ``As Spotify plays them``.
        description: One sentence: what is done.
        gains_db: What the page does to each version's file, in the versions' order. May be
            above 0; never so much that a sample passes full scale.
        loudness_lufs: What each version then reads over the passage, in the same order.
        spread_lu: The largest difference between two of these.
    """

    id: Literal["matched", "unmatched", "platform"]
    name: str
    description: str
    gains_db: tuple[float, ...]
    loudness_lufs: tuple[float | None, ...]
    spread_lu: float | None


@dataclass(frozen=True, slots=True)
class AbPair(Result):
    """How far two versions' files are apart.

    Attributes:
        first: A version's id.
        second: Another's, later in the list.
        identical: Whether they hold the same samples.
        difference_db: RMS of the difference over that of the two (the root of the mean of both
            powers); None if identical or silent. Where one is inverted, of their sum.
        difference_dbfs: RMS of the difference; None if identical.
    """

    first: str
    second: str
    identical: bool
    difference_db: float | None
    difference_dbfs: float | None


@dataclass(frozen=True, slots=True)
class AbSetting(Result):
    """A setting in which versions differ.

    Attributes:
        insert: What it belongs to, for people: ``Compressor``, ``Equaliser, band 2``,
            ``Preset``.
        name: For people: ``Threshold``.
        address: As ``--set`` takes it: ``insert.compressor.threshold_db``.
        meaning: What one hears of it: the declaration's text.
        values: With units, in the versions' order: ``-20 dB``; empty where it has none.
    """

    insert: str
    name: str
    address: str
    meaning: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AbSession(Result):
    """Everything about an A/B folder.

    Attributes:
        schema: ``SESSION_SCHEMA``.
        id: 16 hex digits: the versions' keys and the passage; results name it, and what the
            page remembers is kept under it.
        title: The song: any text at all.
        sample_rate_hz: Of every file, and of the AudioContext.
        frames: Length of every file.
        duration_s: The same in seconds.
        start_s: Where in the song (of the first version) the files begin.
        section: Which part is heard, in words; empty for all of it.
        loudest_start_s: Where the loudest part begins, for looping.
        loudest_stop_s: Where it ends.
        seed: Where the page's shuffles start, when a listener does not want chance.
        level: The id of the level with which listening starts.
        levels: The ways of setting levels; at least ``matched`` and ``unmatched``.
        mismatch_lu: The largest difference in loudness of two level-matched versions, measured
            on the written files.
        versions: 2 or more, in the order asked for.
        pairs: Every pair of versions, the first version's pairs first.
        settings: In which settings versions differ.
        notes: What is worth knowing about all of them.
    """

    schema: str
    id: str
    title: str
    sample_rate_hz: int
    frames: int
    duration_s: float
    start_s: float
    section: str
    loudest_start_s: float
    loudest_stop_s: float
    seed: int
    level: str
    levels: tuple[AbLevel, ...]
    mismatch_lu: float
    versions: tuple[AbVersion, ...]
    pairs: tuple[AbPair, ...]
    settings: tuple[AbSetting, ...]
    notes: tuple[str, ...]
