"""Second-order sections that follow their analogue models up to the Nyquist frequency.

The bilinear transform squeezes the whole analogue axis below the Nyquist frequency, so a bell at
12 kHz comes out too narrow. Here poles are placed by impulse invariance and the numerator is
found by matching the squared magnitude, after M. Vicanek, "Matched Second Order Digital
Filters" (2016).

The algebra is our own, and made for low frequencies at high rates too: with
``phi = sin^2(w / 2)`` the squared magnitude of ``c0 + c1/z + c2/z^2`` is a polynomial

    m0 + m1 phi + m2 phi^2,  m0 = s^2, m1 = 4 ((c0 - c2)^2 - s (c0 + c2)), m2 = 16 c0 c2

with ``s = c0 + c1 + c2``. Each term of it is small only where it should be, so nothing cancels.

Notch and all-pass come from R. Bristow-Johnson's Audio EQ Cookbook: a notch must reach zero and
an all-pass unity, which no matching of magnitudes would improve.

All functions return ``(sections, 6)`` in scipy's order b0 b1 b2 a0 a1 a2, a0 = 1, and expect
``0 < frequency_hz < sample_rate_hz / 2``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mixmaster.arrays import Block
from mixmaster.units import db_to_gain

BUTTERWORTH_Q = math.sqrt(0.5)

_Poly = tuple[float, float, float]

_HIGHEST_MATCH = 2.2
"""Radians a sample (0.35 of the rate): a corner nearer to Nyquist, which is matched as well, would
bend what lies between the two. Of 2.0 to 2.8 this leaves the smallest errors."""


def bell(frequency_hz: float, gain_db: float, q: float, sample_rate_hz: float) -> Block:
    """Return a bell: ``gain_db`` at its centre, 0 dB at 0 Hz, exact in both.

    The model is (s^2 + s A/Q + 1) / (s^2 + s/(A Q) + 1), A^2 the gain (Audio EQ Cookbook).
    A dip is the exact inverse of the lift of as many dB.
    """
    gain = db_to_gain(abs(gain_db))
    lift = _peak(frequency_hz, q * math.sqrt(gain), sample_rate_hz, peak=gain, floor=1.0)
    return lift if gain_db >= 0.0 else _inverse(lift)


def band_pass(frequency_hz: float, q: float, sample_rate_hz: float) -> Block:
    """Return a band-pass of 0 dB at its centre: (s/Q) / (s^2 + s/Q + 1)."""
    return _peak(frequency_hz, q, sample_rate_hz, peak=1.0, floor=0.0)


def low_shelf(frequency_hz: float, gain_db: float, q: float, sample_rate_hz: float) -> Block:
    """Return a low shelf: ``gain_db`` at 0 Hz, half of it at ``frequency_hz``.

    The model is A (s^2 + s sqrt(A)/Q + A) / (A s^2 + s sqrt(A)/Q + 1), A^2 the gain (Audio EQ
    Cookbook); the magnitude is exact at 0 Hz, the corner (up to 0.35 of
    the rate) and the Nyquist frequency.
    """
    return _shelf(frequency_hz, gain_db, q, sample_rate_hz, high=False)


def high_shelf(frequency_hz: float, gain_db: float, q: float, sample_rate_hz: float) -> Block:
    """Return a high shelf: 0 dB at 0 Hz, half of ``gain_db`` at ``frequency_hz``.

    The model is the low shelf's with s and 1/s exchanged.
    """
    return _shelf(frequency_hz, gain_db, q, sample_rate_hz, high=True)


def tilt(frequency_hz: float, gain_db: float, sample_rate_hz: float) -> Block:
    """Return a tilt: ``-gain_db`` at 0 Hz, 0 dB at ``frequency_hz``, towards ``gain_db`` above.

    The model is (G s + 1) / (s + G), first order; the magnitude is exact at 0 Hz, the pivot (up
    to 0.35 of the rate) and the Nyquist frequency. ``gain_db`` is not 0.
    """
    assert gain_db != 0.0
    power = db_to_gain(2.0 * gain_db)

    def model(x: float) -> float:
        return (power * x + 1.0) / (x + power)

    return np.array([_first_order(_omega(frequency_hz, sample_rate_hz), model)])


def low_pass(frequency_hz: float, slope_db_per_octave: int, sample_rate_hz: float) -> Block:
    """Return a Butterworth low-pass, -3.01 dB at ``frequency_hz``; slopes are multiples of 6.

    The magnitude is exact at 0 Hz, the corner (up to 0.35 of the rate) and the Nyquist frequency.
    """
    omega = _omega(frequency_hz, sample_rate_hz)
    rows = []
    if slope_db_per_octave % 12:
        rows.append(_first_order(omega, lambda x: 1.0 / (1.0 + x)))
    for q in butterworth_qs(slope_db_per_octave // 6):
        a, d = _poles(omega, q)

        def model(x: float, q: float = q) -> float:
            return 1.0 / ((1.0 - x) ** 2 + x / (q * q))

        rows.append([*_numerator(_matched(omega, d, model)), *a])
    return np.array(rows)


def high_pass(frequency_hz: float, slope_db_per_octave: int, sample_rate_hz: float) -> Block:
    """Return a Butterworth high-pass, -3.01 dB at ``frequency_hz``; slopes are multiples of 6.

    The magnitude is exact at the corner, and zero at 0 Hz in the order of the slope.
    """
    omega = _omega(frequency_hz, sample_rate_hz)
    rows = []
    if slope_db_per_octave % 12:
        # The pole by impulse invariance, the zero at 0 Hz, the level matched at the corner.
        pole, phi = math.exp(-omega), _phi(omega)
        b = math.sqrt((math.expm1(-omega) ** 2 + 4.0 * pole * phi) / (8.0 * phi))
        rows.append([b, -b, 0.0, 1.0, -pole, 0.0])
    for q in butterworth_qs(slope_db_per_octave // 6):
        a, d = _poles(omega, q)
        b = q * math.sqrt(_value(d, _phi(omega))) / (4.0 * _phi(omega))
        rows.append([b, -2.0 * b, b, *a])
    return np.array(rows)


def notch(frequency_hz: float, q: float, sample_rate_hz: float) -> Block:
    """Return a notch: zero at its centre, 0 dB at 0 Hz and Nyquist (Audio EQ Cookbook)."""
    omega = _omega(frequency_hz, sample_rate_hz)
    cos, alpha = math.cos(omega), math.sin(omega) / (2.0 * q)
    middle = -2.0 * cos / (1.0 + alpha)
    side = 1.0 / (1.0 + alpha)
    return np.array([[side, middle, side, 1.0, middle, (1.0 - alpha) / (1.0 + alpha)]])


def all_pass(frequency_hz: float, q: float, sample_rate_hz: float) -> Block:
    """Return an all-pass: -180 degrees at its centre, 0 dB everywhere (Audio EQ Cookbook)."""
    omega = _omega(frequency_hz, sample_rate_hz)
    cos, alpha = math.cos(omega), math.sin(omega) / (2.0 * q)
    middle = -2.0 * cos / (1.0 + alpha)
    last = (1.0 - alpha) / (1.0 + alpha)
    return np.array([[last, middle, 1.0, 1.0, middle, last]])


def linkwitz_riley_high(frequency_hz: float, sample_rate_hz: float, order: int = 4) -> Block:
    """Return the high half of a Linkwitz-Riley crossover (-6.02 dB at the corner).

    Bilinear, so that it is in phase with ``linkwitz_riley_sum`` and ``linkwitz_riley_low`` at
    every frequency: S. Linkwitz, "Active Crossover Networks for Noncoincident Drivers", JAES 24
    (1976); S. Lipshitz and J. Vanderkooy, JAES 34 (1986). ``order`` is 4 or 8, for 24 or 48
    dB/octave.
    """
    return _linkwitz_riley_half(frequency_hz, sample_rate_hz, order, high=True)


def linkwitz_riley_low(frequency_hz: float, sample_rate_hz: float, order: int = 4) -> Block:
    """Return the low half of a Linkwitz-Riley crossover; see ``linkwitz_riley_high``."""
    return _linkwitz_riley_half(frequency_hz, sample_rate_hz, order, high=False)


def linkwitz_riley_sum(frequency_hz: float, sample_rate_hz: float, order: int = 4) -> Block:
    """Return the all-pass that the two halves of a Linkwitz-Riley crossover add up to.

    With B the Butterworth polynomial of half the order, (1 + s^order) / B(s)^2 is
    B(-s) / B(s), since B(s) B(-s) = 1 + s^order for orders 4 and 8.
    """
    return np.concatenate([all_pass(frequency_hz, q, sample_rate_hz) for q in _crossover_qs(order)])


def butterworth_qs(order: int) -> list[float]:
    """Return the Q of each pole pair of a Butterworth filter; an odd order has a real pole too."""
    first = 0.5 if order % 2 == 0 else 1.0
    return [0.5 / math.cos(math.pi * (first + index) / order) for index in range(order // 2)]


def _linkwitz_riley_half(
    frequency_hz: float, sample_rate_hz: float, order: int, *, high: bool
) -> Block:
    omega = _omega(frequency_hz, sample_rate_hz)
    half = math.cos(0.5 * omega) if high else math.sin(0.5 * omega)
    rows = []
    for q in _crossover_qs(order):
        cos, alpha = math.cos(omega), math.sin(omega) / (2.0 * q)
        b = half**2 / (1.0 + alpha)
        middle = -2.0 * b if high else 2.0 * b
        row = [b, middle, b, 1.0, -2.0 * cos / (1.0 + alpha), (1.0 - alpha) / (1.0 + alpha)]
        rows += [row, row]
    return np.array(rows)


def _crossover_qs(order: int) -> list[float]:
    """Return the Q of each pole pair of the Butterworth filter of half the order."""
    assert order in (4, 8)
    return [BUTTERWORTH_Q] if order == 4 else butterworth_qs(order // 2)


def response(
    sos: Block, frequencies_hz: Block, sample_rate_hz: float
) -> npt.NDArray[np.complex128]:
    """Return the complex response of a cascade at ``frequencies_hz``, of the same shape."""
    z1 = np.exp(-2j * np.pi * frequencies_hz / sample_rate_hz)
    total = np.ones(z1.shape, dtype=np.complex128)
    for b0, b1, b2, a0, a1, a2 in sos:
        total *= (b0 + z1 * (b1 + z1 * b2)) / (a0 + z1 * (a1 + z1 * a2))
    return total


def _omega(frequency_hz: float, sample_rate_hz: float) -> float:
    assert 0.0 < frequency_hz < 0.5 * sample_rate_hz
    return 2.0 * math.pi * frequency_hz / sample_rate_hz


def _phi(omega: float) -> float:
    return math.sin(0.5 * omega) ** 2


def _value(poly: _Poly, phi: float) -> float:
    return poly[0] + phi * (poly[1] + phi * poly[2])


def _poles(omega: float, q: float) -> tuple[_Poly, _Poly]:
    """Return the denominator with a pole pair at ``omega``, and its squared magnitude in phi."""
    damping = 0.5 / q
    decay = math.exp(-damping * omega)
    if damping < 1.0:
        angle = omega * math.sqrt(1.0 - damping * damping)
        at_dc = math.expm1(-damping * omega) ** 2 + 4.0 * decay * math.sin(0.5 * angle) ** 2
    else:
        spread = math.sqrt(damping * damping - 1.0)
        # The slow pole as 1/(damping + spread): the difference would cancel for a small q.
        at_dc = math.expm1(-omega / (damping + spread)) * math.expm1(-omega * (damping + spread))
    a2 = decay * decay
    short_of_one = -math.expm1(-2.0 * damping * omega)
    d = (at_dc * at_dc, 4.0 * (short_of_one * short_of_one - at_dc * (1.0 + a2)), 16.0 * a2)
    return (1.0, at_dc - 1.0 - a2, a2), d


def _first_order(omega: float, model: Callable[[float], float]) -> list[float]:
    """Return a first-order section matched at 0 Hz, ``omega`` and the Nyquist frequency.

    Args:
        omega: The corner; above ``_HIGHEST_MATCH`` it is matched there instead.
        model: The squared magnitude, of the frequency squared in units of the corner.
    """
    inner = min(omega, _HIGHEST_MATCH)
    at_dc, at_inner = model(0.0), model((inner / omega) ** 2)
    at_nyquist = model((math.pi / omega) ** 2)
    # Three linear equations in phi leave this for (1 - a1) / (1 + a1), squared.
    ratio = math.sqrt((at_dc - at_inner) / (at_inner - at_nyquist)) / math.tan(0.5 * inner)
    total = 2.0 / (1.0 + ratio)  # 1 + a1
    dc, nyquist = total * math.sqrt(at_dc), total * ratio * math.sqrt(at_nyquist)
    return [0.5 * (dc + nyquist), 0.5 * (dc - nyquist), 0.0, 1.0, total - 1.0, 0.0]


def _matched(omega: float, d: _Poly, model: Callable[[float], float]) -> _Poly:
    """Return the numerator's squared magnitude in phi, matched as in ``_first_order``.

    Args:
        omega: The corner; above ``_HIGHEST_MATCH`` it is matched there instead.
        d: The denominator's squared magnitude.
        model: The squared magnitude wanted, of the frequency squared in units of the corner.
    """
    inner = min(omega, _HIGHEST_MATCH)
    phi = _phi(inner)
    n0 = model(0.0) * d[0]
    chord = (model((inner / omega) ** 2) * _value(d, phi) - n0) / phi  # n1 + n2 phi
    whole = model((math.pi / omega) ** 2) * (d[0] + d[1] + d[2]) - n0  # n1 + n2
    n2 = (whole - chord) / (1.0 - phi)
    return n0, chord - n2 * phi, n2


def _numerator(n: _Poly) -> _Poly:
    """Return the minimum-phase taps of a squared magnitude in phi."""
    dc, nyquist = math.sqrt(n[0]), math.sqrt(n[0] + n[1] + n[2])
    outer = 0.5 * (dc + nyquist)
    difference = math.sqrt(0.25 * n[1] + dc * outer)
    return 0.5 * (outer + difference), 0.5 * (dc - nyquist), 0.5 * (outer - difference)


def _peak(
    frequency_hz: float, pole_q: float, sample_rate_hz: float, *, peak: float, floor: float
) -> Block:
    """Return a resonance: ``floor`` at 0 Hz, and ``peak`` where its derivative is zero.

    peak^2 D(phi) + c (phi - phi0)^2 has both at phi0 for any c; c then sets the value at 0.
    """
    omega = _omega(frequency_hz, sample_rate_hz)
    phi0 = _phi(omega)
    a, d = _poles(omega, pole_q)
    power = peak * peak
    c = (floor * floor - power) * d[0] / (phi0 * phi0)
    n = (floor * floor * d[0], power * d[1] - 2.0 * c * phi0, power * d[2] + c)
    return np.array([[*_numerator(n), *a]])


def _shelf(
    frequency_hz: float, gain_db: float, q: float, sample_rate_hz: float, *, high: bool
) -> Block:
    """Return a shelf matched at 0 Hz, the corner and Nyquist.

    Designed as the one whose poles are the lower of the two pairs (a low lift, a high cut) and
    inverted for the other: low poles are the ones that impulse invariance places best.
    """
    omega = _omega(frequency_hz, sample_rate_hz)
    root = math.sqrt(db_to_gain(abs(gain_db)))  # A, >= 1
    a, d = _poles(omega / math.sqrt(root), q)
    # A high cut and a low lift share their poles and zeros and differ by a constant.
    level = 1.0 / root if high else root

    def model(x: float) -> float:
        y = root * x / (q * q)
        return level * level * ((root - x) ** 2 + y) / ((1.0 - root * x) ** 2 + y)

    designed = np.array([[*_numerator(_matched(omega, d, model)), *a]])
    return designed if (gain_db < 0.0) == high else _inverse(designed)


def _inverse(sos: Block) -> Block:
    """Return one section with its minimum-phase numerator and its denominator exchanged."""
    ((b0, b1, b2, a0, a1, a2),) = sos
    return np.array([[a0 / b0, a1 / b0, a2 / b0, 1.0, b1 / b0, b2 / b0]])
