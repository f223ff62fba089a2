"""scipy's compiled loops by themselves: the bits of its public functions, without their import."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import signal

from mixmaster.dsp import recursion
from mixmaster.dsp.key_filter import butterworth
from mixmaster.dsp.sos import SosFilter

SOS = np.concatenate(
    [
        signal.butter(4, 1_000.0, "highpass", fs=48_000, output="sos"),
        signal.butter(3, 9_000.0, "lowpass", fs=48_000, output="sos"),
    ]
)


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_blocks_give_the_bits_of_scipys_own_function(channels: int) -> None:
    x = np.random.default_rng(channels).standard_normal((channels, 3_000))
    made = SosFilter(SOS, channels)
    parts = [
        made.process(x[:, part])
        for part in (slice(0, 1_024), slice(1_024, 1_024), slice(1_024, None))
    ]
    wanted, state = signal.sosfilt(SOS, x, zi=np.zeros((len(SOS), channels, 2)))
    assert np.concatenate(parts, axis=1).tobytes() == wanted.tobytes()
    assert np.array_equal(made.state, state)


def test_what_is_given_stays_as_it_was() -> None:
    x = np.ones((2, 64))
    state = np.full((len(SOS), 2, 2), 0.25)
    SosFilter(SOS, 2, state).process(x)
    assert (x == 1.0).all()
    assert (state == 0.25).all()


def test_float32_is_filtered_in_float64() -> None:
    x = np.random.default_rng(1).standard_normal((1, 500)).astype(np.float32)
    out = SosFilter(SOS, 1).process(x.astype(np.float64))
    assert SosFilter(SOS, 1).process(x).tobytes() == out.tobytes()  # type: ignore[arg-type]


def test_lines_give_the_bits_of_lfilter() -> None:
    x = np.random.default_rng(2).standard_normal((3, 700))
    b, a, state = np.array([0.2]), np.array([1.0, -0.8]), np.array([[0.1], [0.0], [-0.3]])
    out, after = recursion.line_filter(b, a, x, -1, state)
    wanted, wanted_after = signal.lfilter(b, a, x, axis=-1, zi=state)
    assert out.tobytes() == wanted.tobytes()
    assert np.array_equal(after, wanted_after)


@pytest.mark.parametrize(
    "module", [SimpleNamespace(), SimpleNamespace(_sosfilt=len, _linear_filter=len), None]
)
def test_another_scipy_falls_back_on_what_is_public(
    monkeypatch: pytest.MonkeyPatch, module: object
) -> None:
    def compiled(name: str) -> object:
        if module is None:
            raise ImportError(name)
        return module

    monkeypatch.setattr(recursion, "_compiled", compiled)
    x = np.random.default_rng(3).standard_normal((2, 400))
    state = np.zeros((2, len(SOS), 2))
    lines = x.copy()
    recursion.sos_kernel()(SOS, lines, state)
    wanted, after = signal.sosfilt(SOS, x, zi=np.zeros((len(SOS), 2, 2)))
    assert lines.tobytes() == wanted.tobytes()
    assert np.array_equal(state, after.transpose(1, 0, 2))
    out, _ = recursion.line_kernel()(np.ones(1), np.array([1.0, -0.5]), x[0], -1, np.zeros(1))
    assert out.tobytes() == signal.lfilter([1.0], [1.0, -0.5], x[0]).tobytes()


def test_a_kernel_that_answers_otherwise_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> None:
        return None

    def compiled(_: str) -> object:
        return SimpleNamespace(_sosfilt=silent)

    monkeypatch.setattr(recursion, "_compiled", compiled)
    assert recursion.sos_kernel() is not silent


CODE = """
import sys
import numpy as np
from mixmaster.dsp.key_filter import KeyBand
from mixmaster.dsp.sos import SosFilter
sos = KeyBand(high_pass_hz=100.0, low_pass_hz=9_000.0).sections(48_000, "a test")
x = np.random.default_rng(1).standard_normal((1, 1_000))
ours = SosFilter(sos, 1).process(x)
print([name for name in ("scipy.signal", "scipy.stats") if name in sys.modules])
from scipy.signal import lfilter, sosfilt
print(np.array_equal(ours, sosfilt(sos, x)), float(lfilter([0.5], [1.0, -0.5], [1.0, 1.0])[1]))
"""


def test_the_package_is_not_imported_and_still_can_be() -> None:
    code = CODE
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.split("\n")[:2] == ["[]", "True 0.75"]


def test_the_package_may_be_there_before() -> None:
    code = "import scipy.signal\n" + CODE
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.split("\n")[1] == "True 0.75"


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 192_000])
def test_butterworth_has_the_bits_of_scipys(rate: int) -> None:
    corners = np.exp(np.random.default_rng(rate).uniform(np.log(5.0), np.log(0.49 * rate), 100))
    for corner in (*corners, 20.0, 100.0, 3_000.0):
        low = signal.butter(2, corner, "lowpass", fs=rate, output="sos")
        assert np.array_equal(butterworth(float(corner), rate, high=False), low)
        high = signal.butter(2, corner, "highpass", fs=rate, output="sos")
        assert np.array_equal(butterworth(float(corner), rate, high=True), high)
