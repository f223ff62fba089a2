"""The figures of a file as tables, and of several files together, against a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mixmaster.pages.axes import clock, signed
from mixmaster.pages.data import Data
from mixmaster.pages.subject import Subject, TargetLike


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of a file's figures.

    Attributes:
        name: What it is.
        value: As text; a dash where it does not exist.
        unit: Its unit.
        note: Against the target, or why it does not exist.
        mood: ``bad`` where the target says no, ``good`` where it says yes.
        about: What it means, in a few words.
    """

    name: str
    value: str
    unit: str = ""
    note: str = ""
    mood: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Figures that belong together."""

    title: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a target says to a figure, in words, and its mood: ``good``, ``bad`` or neither."""

    text: str = ""
    mood: str = ""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a target says to a file."""

    loudness: Verdict
    peak: Verdict
    short_term: Verdict
    loudness_range: Verdict


def verdicts(subject: Subject, target: TargetLike | None) -> Verdicts:
    """Return what the target says to a file's loudness, peak, loudest 3 seconds and range."""
    found = subject.survey.programme
    lufs = found.integrated_lufs
    if target is None:
        return Verdicts(Verdict(), Verdict(), Verdict(), Verdict())
    return Verdicts(
        _against_aim(lufs, target.integrated_lufs),
        _against_ceiling(found.true_peak_dbtp, target.ceiling_dbtp(lufs)),
        _against_most(found.max_short_term_lufs, target.max_short_term_lufs),
        _against_most(found.loudness_range_lu, target.max_loudness_range_lu),
    )


def _against_aim(lufs: float | None, aim: float | None) -> Verdict:
    if aim is None or lufs is None:
        return Verdict()
    return Verdict(f"target {signed(aim)}: {signed(lufs - aim, 1, plus=True)} LU")


def _against_ceiling(dbtp: float | None, ceiling: float | None) -> Verdict:
    if ceiling is None or dbtp is None:
        return Verdict()
    # as printed: a peak that reads as the ceiling is no fault
    if round(dbtp, 2) > ceiling:
        return Verdict(f"{dbtp - ceiling:.2f} dB over the ceiling of {signed(ceiling)}", "bad")
    return Verdict(f"under the ceiling of {signed(ceiling)}", "good")


def _against_most(value: float | None, most: float | None) -> Verdict:
    if value is None or most is None:
        return Verdict()
    if round(value, 1) > most:
        return Verdict(f"{value - most:.1f} LU over the {signed(most)} accepted", "bad")
    return Verdict(f"within the {signed(most)} accepted", "good")


def key_figures(subject: Subject, target: TargetLike | None) -> tuple[Figure, ...]:
    """Return the six figures that come first."""
    found, level = subject.survey.programme, subject.survey.levels
    says = verdicts(subject, target)

    def line(name: str, value: str, unit: str, verdict: Verdict) -> Figure:
        return Figure(name, value, unit, verdict.text, verdict.mood)

    none = Verdict()
    return (
        line("Integrated", signed(found.integrated_lufs), "LUFS", says.loudness),
        line("True peak", signed(found.true_peak_dbtp, 2), "dBTP", says.peak),
        line("Loudness range", signed(found.loudness_range_lu), "LU", says.loudness_range),
        line("Loudest 3 s", signed(found.max_short_term_lufs), "LUFS", says.short_term),
        line("Peak to loudness", signed(level.plr_db), "dB", none),
        line("Dynamic range", "–" if level.dr is None else f"DR{level.dr}", "", none),
    )


class _Lines:
    """Makes figures, with the reason of one that does not exist."""

    def __init__(self, reasons: Sequence[dict[str, str]]) -> None:
        self._why = {key: text for each in reasons for key, text in each.items()}

    def line(
        self,
        name: str,
        value: str,
        unit: str = "",
        *,
        key: str = "",
        about: str = "",
        verdict: Verdict | None = None,
    ) -> Figure:
        """Return a figure; ``key`` is its field, by which reasons are kept."""
        says = verdict or Verdict()
        return Figure(name, value, unit, says.text or self._why.get(key, ""), says.mood, about)

    def count(self, name: str, count: int) -> Figure:
        """Return a number of faults."""
        return Figure(name, f"{count:,}", mood="bad" if count else "")


def figure_groups(subject: Subject, target: TargetLike | None) -> tuple[Group, ...]:
    """Return every figure of a file."""
    survey = subject.survey
    of = _Lines(
        [
            part.reasons
            for part in (
                survey.programme,
                survey.levels,
                survey.events,
                survey.spectrum,
                survey.stereo,
                survey.provenance,
            )
        ]
    )
    says = verdicts(subject, target)
    groups = [
        Group("Loudness", _loudness(subject, of, says)),
        Group("Peaks", _peaks(subject, of, says)),
        Group("Dynamics", _dynamics(subject, of)),
        Group("Tone", _tone(subject, of)),
    ]
    if subject.channels > 1:
        groups.append(Group("Stereo", _stereo(subject, of)))
    groups.append(Group("File", _file(subject, of)))
    return tuple(groups)


def _loudness(subject: Subject, of: _Lines, says: Verdicts) -> tuple[Figure, ...]:
    found = subject.survey.programme
    return (
        of.line(
            "Integrated",
            signed(found.integrated_lufs, 2),
            "LUFS",
            key="integrated_lufs",
            about=subject.convention,
            verdict=says.loudness,
        ),
        of.line(
            "Loudness range",
            signed(found.loudness_range_lu),
            "LU",
            key="loudness_range_lu",
            verdict=says.loudness_range,
        ),
        of.line(
            "Loudest momentary",
            signed(found.max_momentary_lufs),
            "LUFS",
            key="max_momentary_lufs",
            about="400 ms",
        ),
        of.line(
            "Loudest short-term",
            signed(found.max_short_term_lufs),
            "LUFS",
            key="max_short_term_lufs",
            about="3 s",
            verdict=says.short_term,
        ),
    )


def _peaks(subject: Subject, of: _Lines, says: Verdicts) -> tuple[Figure, ...]:
    found, event = subject.survey.programme, subject.survey.events
    peaks = _by_channel(subject.survey.levels.sample_peak_dbfs, 2)
    return (
        of.line(
            "True peak",
            signed(found.true_peak_dbtp, 2),
            "dBTP",
            key="true_peak_dbtp",
            verdict=says.peak,
        ),
        of.line("Sample peak", peaks, "dBFS", key="sample_peak_dbfs"),
        of.count("Clipped runs", event.clipped_runs),
        of.count("Overs of 0 dBTP", event.intersample_overs),
    )


def _dynamics(subject: Subject, of: _Lines) -> tuple[Figure, ...]:
    level = subject.survey.levels
    dr = "–" if level.dr is None else f"{level.dr}"
    offset = _by_channel([100.0 * value for value in level.dc_offset], 3)
    return (
        of.line("Peak to loudness", signed(level.plr_db), "dB", key="plr_db", about="PLR"),
        of.line("Peak to short-term", signed(level.psr_db), "dB", key="psr_db", about="PSR, least"),
        of.line("Dynamic range", dr, "DR", key="dr"),
        of.line("RMS", signed(level.rms_dbfs), "dBFS", key="rms_dbfs"),
        of.line("Crest", signed(level.crest_db), "dB", key="crest_db"),
        of.line("Noise floor", signed(level.noise_floor_dbfs), "dBFS", key="noise_floor_dbfs"),
        of.line("DC offset", offset, "%"),
    )


def _tone(subject: Subject, of: _Lines) -> tuple[Figure, ...]:
    tilt = signed(subject.survey.spectrum.tilt_db_per_octave, 2, plus=True)
    return (of.line("Tilt", tilt, "dB/oct", key="tilt_db_per_octave", about="pink noise: 0"),)


def _stereo(subject: Subject, of: _Lines) -> tuple[Figure, ...]:
    field = subject.survey.stereo
    correlation = signed(field.correlation, 2, plus=True)
    width = signed(field.width_db, 1, plus=True)
    balance = signed(field.balance_db, 2, plus=True)
    below = signed(field.mono_loss_below_120_hz_db)
    return (
        of.line("Correlation", correlation, key="correlation"),
        of.line("Width", width, "dB", key="width_db", about="side over mid"),
        of.line("Balance", balance, "dB", key="balance_db", about="left over right"),
        of.line(
            "Lost in mono",
            signed(field.mono_loss_db),
            "dB",
            key="mono_loss_db",
            about="unrelated: 3",
        ),
        of.line("Lost below 120 Hz", below, "dB", key="mono_loss_below_120_hz_db"),
    )


def _file(subject: Subject, of: _Lines) -> tuple[Figure, ...]:
    event, origin = subject.survey.events, subject.survey.provenance
    depth = "–" if origin.effective_bit_depth is None else f"{origin.effective_bit_depth}"
    bandwidth = "–" if origin.bandwidth_hz is None else f"{origin.bandwidth_hz / 1_000:.1f}"
    rate = f"{subject.survey.programme.sample_rate_hz:,} Hz, {_channels_text(subject.channels)}"
    return (
        of.line("Length", clock(subject.seconds, 0.01), verdict=Verdict(rate)),
        of.line("Silent head", _seconds(event.silence_head_s), "s", key="silence_head_s"),
        of.line("Silent tail", _seconds(event.silence_tail_s), "s", key="silence_tail_s"),
        of.count("Dropouts", event.dropouts),
        of.line("Effective depth", depth, "bit", key="effective_bit_depth"),
        of.line(
            "Bandwidth",
            bandwidth,
            "kHz",
            key="bandwidth_hz",
            verdict=Verdict(origin.bandwidth_note),
        ),
    )


def _channels_text(channels: int) -> str:
    return {1: "mono", 2: "stereo", 5: "5.0", 6: "5.1"}.get(channels, f"{channels} channels")


def format_text(subject: Subject) -> str:
    """Return a file's length, rate and channels, in words."""
    rate = subject.survey.programme.sample_rate_hz
    return f"{clock(subject.seconds)}, {rate / 1_000:g} kHz, {_channels_text(subject.channels)}"


def _by_channel(values: Sequence[float | None], digits: int) -> str:
    texts = [signed(value, digits) for value in values]
    return texts[0] if len(set(texts)) == 1 else " / ".join(texts)


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.3f}"


SUMMARY = ("File", "LUFS", "LRA LU", "max S LUFS", "dBTP", "PLR dB", "DR", "tilt dB/oct", "corr.")
_DIGITS = (1, 1, 1, 2, 1, 0, 2, 2)
_WITH_SIGN = (False, False, False, False, False, False, True, True)


@dataclass(frozen=True, slots=True)
class Summary:
    """Several files' main figures.

    Attributes:
        data: A row a file. For two files a third row, the second less the first: before, after.
        moods: What the target says to each cell.
    """

    data: Data
    moods: tuple[tuple[str, ...], ...]


def summary(subjects: Sequence[Subject], target: TargetLike | None) -> Summary:
    """Return the files' main figures, and what the target says to them."""
    values = [_main_figures(subject) for subject in subjects]
    rows: list[tuple[str, ...]] = [
        (
            subject.name,
            *(
                signed(value, digits, plus=plus)
                for value, digits, plus in zip(each, _DIGITS, _WITH_SIGN, strict=True)
            ),
        )
        for subject, each in zip(subjects, values, strict=True)
    ]
    moods: list[tuple[str, ...]] = []
    for subject in subjects:
        says = verdicts(subject, target)
        order = (says.loudness_range.mood, says.short_term.mood, says.peak.mood)
        moods.append(("", "", *order, "", "", "", ""))
    if len(subjects) == 2:
        rows.append(("second less first", *_differences(*values)))
        moods.append(("",) * len(SUMMARY))
    return Summary(Data(SUMMARY, tuple(rows)), tuple(moods))


def _main_figures(subject: Subject) -> tuple[float | None, ...]:
    found, level = subject.survey.programme, subject.survey.levels
    return (
        found.integrated_lufs,
        found.loudness_range_lu,
        found.max_short_term_lufs,
        found.true_peak_dbtp,
        level.plr_db,
        level.dr,
        subject.survey.spectrum.tilt_db_per_octave,
        subject.survey.stereo.correlation,
    )


def _differences(first: Sequence[float | None], second: Sequence[float | None]) -> tuple[str, ...]:
    return tuple(
        # of the figures as printed, so that the rows add up
        signed(None if a is None or b is None else round(b, d) - round(a, d), d, plus=True)
        for a, b, d in zip(first, second, _DIGITS, strict=True)
    )
