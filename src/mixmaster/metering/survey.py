"""All meters over one pass: what a report shows and a check looks at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from mixmaster.arrays import Block, Block32
from mixmaster.errors import UsageError
from mixmaster.metering.chunks import Chunks
from mixmaster.metering.clipping import ClippingMeter
from mixmaster.metering.events import LISTED_EVENTS, EventFigures, event_figures
from mixmaster.metering.gaps import GapMeter
from mixmaster.metering.levels import LevelFigures, LevelMeter, smallest_psr_db, with_ratios
from mixmaster.metering.loudness import BlockPowers, channel_weights, loudness_figures
from mixmaster.metering.peak_curve import PeakCurveMeter
from mixmaster.metering.programme import ProgrammeFigures, no_loudness, programme_figures
from mixmaster.metering.provenance import ProvenanceFigures, ProvenanceMeter
from mixmaster.metering.spectrum import SpectrumFigures
from mixmaster.metering.stereo import StereoFigures, StereoMeter
from mixmaster.metering.timeline import Timeline, WaveformMeter, timeline
from mixmaster.results import Result

Task = Callable[[Block32], None]


@dataclass(frozen=True, slots=True)
class Survey(Result):
    """Every figure of a signal."""

    programme: ProgrammeFigures
    levels: LevelFigures
    events: EventFigures
    provenance: ProvenanceFigures
    spectrum: SpectrumFigures
    stereo: StereoFigures
    timeline: Timeline


class SurveyMeter:
    """Every meter there is, in one pass, on one thread or several.

    Memory does not grow but for the few numbers a second that each meter keeps.

    Args:
        sample_rate_hz: From 8,000 to 768,000.
        channels: Any number; those without channel weights have no loudness, and a reason.
        dual_mono: Count a mono signal twice in loudness: 3.01 LU more.
        where: What is measured, for errors.

    Raises:
        UsageError: For a rate outside that range.
    """

    def __init__(
        self, sample_rate_hz: int, channels: int, *, dual_mono: bool = False, where: str = ""
    ) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self._chunks = Chunks(sample_rate_hz, channels, where)
        self._powers = BlockPowers(sample_rate_hz, channels)
        self._weights: Block | None = None
        self._no_loudness = ""
        try:
            self._weights = channel_weights(channels, dual_mono=dual_mono)
        except UsageError as error:
            self._no_loudness = error.reason
        self._peaks = PeakCurveMeter(sample_rate_hz, channels, listed=LISTED_EVENTS)
        self._levels = LevelMeter(sample_rate_hz, channels)
        self._clipping = ClippingMeter(sample_rate_hz, channels, listed=LISTED_EVENTS)
        self._gaps = GapMeter(sample_rate_hz, channels, listed=LISTED_EVENTS)
        self._provenance = ProvenanceMeter(sample_rate_hz, channels)
        self._stereo = StereoMeter(sample_rate_hz, channels)
        self._waveform = WaveformMeter(sample_rate_hz, channels)
        # The longest first, so that threads end together.
        self._tasks: tuple[Task, ...] = (
            self._peaks.take,
            self._stereo.take,
            self._provenance.take,
            self._powers.take,
            self._levels.take,
            self._waveform.take,
            self._clipping.take,
            self._gaps.take,
        )
        self._pending: Future[None] | None = None

    def update(self, block: Block, pool: Executor | None = None) -> None:
        """Take the next block.

        Args:
            block: ``(channels, frames)``, of any length.
            pool: A thread to share the work with, which may go on after this returns; the
                figures are the same without.

        Raises:
            SignalError: For NaN, infinity, or a sample over +300 dBFS; the meter is not to be
                used after that.
        """
        for chunk in self._chunks.add(block):
            self._settle()
            # Both threads take what is next: the order of meters changes none of them.
            tasks = deque(self._tasks)
            if pool:
                self._pending = pool.submit(_work, tasks, chunk)
            _work(tasks, chunk)

    def _settle(self) -> None:
        """Wait for what the other thread still does: a chunk lives no longer than the next."""
        if self._pending:
            self._pending.result()
            self._pending = None

    def result(self) -> Survey:
        """Return the figures so far; measuring may go on afterwards."""
        self._settle()
        rest = self._chunks.rest
        frames = self._chunks.frames
        rate, channels = self.sample_rate_hz, self.channels
        peaks = self._peaks.result_with(rest)
        powers = self._powers.powers_with(rest)
        loudness = no_loudness(self._no_loudness)
        psr_db = None
        if self._weights is not None:
            loudness = loudness_figures(powers, self._weights)
            psr_db = smallest_psr_db(peaks.slots, powers, self._weights)
        programme = programme_figures(
            frames=frames,
            sample_rate_hz=rate,
            channels=channels,
            loudness=loudness,
            true_peak=peaks.peak,
            sample_peak=self._chunks.sample_peak,
        )
        return Survey(
            programme=programme,
            levels=with_ratios(self._levels.result_with(rest), programme, psr_db),
            events=event_figures(
                self._clipping.result_with(rest),
                self._gaps.result_with(rest),
                peaks,
                frames=frames,
                sample_rate_hz=rate,
                channels=channels,
            ),
            provenance=self._provenance.result_with(rest),
            spectrum=self._stereo.spectrum.result_with(rest),
            stereo=self._stereo.result_with(rest),
            timeline=timeline(
                self._waveform.result_with(rest),
                powers,
                self._weights,
                duration_s=programme.duration_s,
            ),
        )


def _work(tasks: deque[Task], chunk: Block32) -> None:
    while True:
        try:
            task = tasks.popleft()
        except IndexError:
            return
        task(chunk)
