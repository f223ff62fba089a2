"""The score: tempo, form, chords, and what each player plays. Beats count from the first verse.

Half a bar of pick-up, four bars of verse (Em C G D), four bars of chorus at two chords a bar
(G D/F# Em C G D C D), and a last chord on G that rings out. Pitches are MIDI numbers,
A4 = 69 = 440 Hz (equal temperament).
"""

from __future__ import annotations

from typing import NamedTuple

SAMPLE_RATE_HZ = 44_100
TEMPO_BPM = 96.0
DURATION_S = 24.0
FRAMES = round(DURATION_S * SAMPLE_RATE_HZ)

PICKUP_BEATS = 2.0
CHORUS_BEAT = 16.0
FINAL_BEAT = 32.0


def beat_to_s(beat: float) -> float:
    """Return the time of a beat in seconds from the files' zero."""
    return (beat + PICKUP_BEATS) * 60.0 / TEMPO_BPM


def beat_to_frame(beat: float, shift_ms: float = 0.0) -> int:
    """Return the frame nearest to a beat, moved by ``shift_ms``; never before the files' zero."""
    return max(0, round((beat_to_s(beat) + shift_ms * 1e-3) * SAMPLE_RATE_HZ))


def midi_to_hz(midi: float) -> float:
    """Return the frequency of a MIDI pitch: 440 Hz x 2^((m - 69) / 12)."""
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))


class Chord(NamedTuple):
    """A chord and how the band voices it.

    Attributes:
        beat: Where it begins.
        beats: How long it lasts.
        bass: The bass player's root.
        open_voicing: Guitar on the left, low to high.
        high_voicing: Guitar on the right, low to high.
        keys: Keyboard.
    """

    beat: float
    beats: float
    bass: int
    open_voicing: tuple[int, ...]
    high_voicing: tuple[int, ...]
    keys: tuple[int, ...]


_EM = (28, (40, 47, 52, 55, 59), (52, 59, 64, 67), (52, 59, 62, 67))
_C = (36, (48, 52, 55, 60, 64), (55, 60, 64, 67), (52, 55, 59, 64))
_G = (31, (43, 47, 50, 55, 59), (55, 59, 62, 67), (50, 55, 59, 62))
_D = (38, (50, 57, 62, 66), (57, 62, 66, 69), (50, 57, 62, 66))
_D_OVER_FSHARP = (30, (42, 50, 57, 62, 66), (57, 62, 66, 69), (50, 57, 62, 66))

CHORDS: tuple[Chord, ...] = (
    Chord(0.0, 4.0, *_EM),
    Chord(4.0, 4.0, *_C),
    Chord(8.0, 4.0, *_G),
    Chord(12.0, 4.0, *_D),
    Chord(16.0, 2.0, *_G),
    Chord(18.0, 2.0, *_D_OVER_FSHARP),
    Chord(20.0, 2.0, *_EM),
    Chord(22.0, 2.0, *_C),
    Chord(24.0, 2.0, *_G),
    Chord(26.0, 2.0, *_D),
    Chord(28.0, 2.0, *_C),
    Chord(30.0, 2.0, *_D),
    Chord(32.0, 4.0, *_G),
)


class Hit(NamedTuple):
    """One stroke: where, and how hard (0 to 1)."""

    beat: float
    velocity: float


def _bars(first: int, last: int, strokes: tuple[tuple[float, float], ...]) -> list[Hit]:
    return [Hit(4.0 * bar + at, hard) for bar in range(first, last) for at, hard in strokes]


def _without(hits: list[Hit], start: float, stop: float) -> list[Hit]:
    return [hit for hit in hits if not start <= hit.beat < stop]


_VERSE_KICK = ((0.0, 0.95), (1.5, 0.62), (2.5, 0.85))
_CHORUS_KICK = ((0.0, 1.0), (1.5, 0.8), (2.0, 0.9), (2.75, 0.62), (3.5, 0.72))
_BACKBEAT = ((1.0, 0.9), (3.0, 0.94))
_GHOSTS = ((0.75, 0.16), (1.75, 0.2), (2.25, 0.18), (3.75, 0.15))
_EIGHTHS = tuple((0.5 * i, 0.8 if i % 2 == 0 else 0.5) for i in range(8))

KICK = (
    *_without(_bars(0, 4, _VERSE_KICK), 15.0, 16.0),
    *_without(_bars(4, 8, _CHORUS_KICK), 31.0, 32.0),
    Hit(31.0, 0.8),
    Hit(32.0, 1.0),
)
SNARE = (
    Hit(-0.5, 0.55),
    Hit(-0.25, 0.7),
    *_without(_bars(0, 4, _BACKBEAT + _GHOSTS), 14.9, 16.0),
    Hit(15.0, 0.85),
    Hit(15.25, 0.6),
    *_without(_bars(4, 8, _BACKBEAT), 30.9, 32.0),
    Hit(31.0, 0.9),
    Hit(31.75, 1.0),
    Hit(32.0, 0.95),
)
RACK_TOM = (Hit(-1.0, 0.8), Hit(-0.75, 0.7), Hit(15.5, 0.9), Hit(31.25, 0.85))
FLOOR_TOM = (Hit(15.75, 0.95), Hit(31.5, 0.95))
CLOSED_HAT = (
    Hit(-2.0, 0.6),
    Hit(-1.5, 0.45),
    *_without(_bars(0, 4, _EIGHTHS), 14.9, 16.0),
)
OPEN_HAT = (Hit(7.5, 0.55), *_without(_bars(4, 8, _EIGHTHS), 31.2, 32.0))
CRASH = (Hit(0.0, 0.65), Hit(16.0, 1.0), Hit(24.0, 0.85), Hit(32.0, 1.0))


class BassNote(NamedTuple):
    """One note of the bass."""

    beat: float
    beats: float
    midi: int
    velocity: float


def _bass() -> tuple[BassNote, ...]:
    notes: list[BassNote] = []
    for chord, following in zip(CHORDS, (*CHORDS[1:], CHORDS[-1]), strict=True):
        at, root = chord.beat, chord.bass
        # the step into the next root, from the side where a scale tone of G major lies
        lead_in = following.bass + (2 if following.bass in {28, 36, 38} else -1)
        if at < CHORUS_BEAT:
            notes += [
                BassNote(at, 1.4, root, 0.9),
                BassNote(at + 1.5, 0.9, root, 0.75),
                BassNote(at + 2.5, 0.45, root + 12, 0.6),
                BassNote(at + 3.0, 0.45, root + 7, 0.7),
                BassNote(at + 3.5, 0.5, lead_in, 0.65),
            ]
        elif at < FINAL_BEAT:
            notes += [
                BassNote(at, 0.48, root, 1.0),
                BassNote(at + 0.5, 0.46, root, 0.75),
                BassNote(at + 1.0, 0.46, root, 0.85),
                BassNote(at + 1.5, 0.48, root, 0.8),
            ]
        else:
            notes.append(BassNote(at, 4.0, root, 1.0))
    return tuple(notes)


BASS = _bass()


class Syllable(NamedTuple):
    """One sung note.

    Attributes:
        beat: Where the vowel begins; the consonant comes before it.
        beats: How long the vowel lasts.
        midi: Pitch.
        onset: Consonant before the vowel, empty for none.
        vowel: Vowel, or two for a diphthong: ``"o-u"``.
        coda: Consonant that ends it, within ``beats``.
        effort: From breathy (0) to belted (1).
    """

    beat: float
    beats: float
    midi: int
    onset: str
    vowel: str
    coda: str = ""
    effort: float = 0.5


# "Late in the night I hear the trains go by, waiting on the sound of morning light"
_LEAD_VERSE = (
    Syllable(0.5, 0.45, 59, "l", "e-i"),
    Syllable(1.0, 0.45, 59, "t", "I", "n"),
    Syllable(1.5, 0.5, 57, "d", "A"),
    Syllable(2.0, 0.85, 55, "n", "a-i"),
    Syllable(3.0, 0.45, 57, "", "a-i"),
    Syllable(3.5, 0.45, 59, "h", "i", "r"),
    Syllable(4.0, 0.7, 60, "t", "e-i", "n"),
    Syllable(4.75, 0.5, 59, "k", "o-u"),
    Syllable(5.25, 1.75, 55, "b", "a-i"),
    Syllable(8.5, 0.45, 62, "w", "e-i"),
    Syllable(9.0, 0.45, 62, "t", "I", "n"),
    Syllable(9.5, 0.45, 59, "", "O", "n"),
    Syllable(10.0, 0.5, 57, "d", "A"),
    Syllable(10.5, 0.95, 59, "s", "a-u", "n"),
    Syllable(11.5, 0.5, 57, "", "A"),
    Syllable(12.0, 0.95, 57, "m", "O", "r"),
    Syllable(13.0, 0.45, 54, "n", "I", "n"),
    Syllable(13.5, 1.5, 57, "l", "a-i"),
)
# "So hold on, we are coming home, so hold on, till the morning comes; take me home"
_LEAD_CHORUS = (
    Syllable(15.5, 0.45, 62, "s", "o-u", "", 0.65),
    Syllable(16.0, 0.95, 62, "h", "o-u", "l", 0.75),
    Syllable(17.0, 1.0, 67, "", "O", "", 0.85),
    Syllable(18.0, 0.85, 66, "", "O", "n", 0.8),
    Syllable(19.0, 0.45, 64, "w", "i", "", 0.7),
    Syllable(19.5, 0.45, 66, "", "a", "r", 0.7),
    Syllable(20.0, 0.45, 67, "k", "A", "", 0.8),
    Syllable(20.5, 0.45, 66, "m", "I", "n", 0.75),
    Syllable(21.0, 1.9, 64, "h", "o-u", "m", 0.8),
    Syllable(23.5, 0.45, 62, "s", "o-u", "", 0.7),
    Syllable(24.0, 0.95, 62, "h", "o-u", "l", 0.8),
    Syllable(25.0, 1.0, 67, "", "O", "", 0.9),
    Syllable(26.0, 0.9, 69, "", "O", "n", 0.95),
    Syllable(27.0, 0.45, 67, "t", "I", "l", 0.8),
    Syllable(27.5, 0.45, 66, "d", "A", "", 0.8),
    Syllable(28.0, 0.95, 64, "m", "O", "r", 0.8),
    Syllable(29.0, 0.9, 64, "n", "I", "n", 0.8),
    Syllable(30.0, 0.9, 66, "k", "A", "m", 0.85),
    Syllable(31.0, 0.45, 69, "t", "e-i", "", 0.9),
    Syllable(31.5, 0.45, 66, "m", "i", "", 0.85),
    Syllable(32.0, 2.9, 67, "h", "o-u", "m", 0.85),
)
LEAD: tuple[Syllable, ...] = _LEAD_VERSE + _LEAD_CHORUS

# The backing voices: "ooh" under the second half of the verse, "hold on" and "home" in harmony.
BACKING_HIGH: tuple[Syllable, ...] = (
    Syllable(8.0, 3.8, 67, "", "u", "", 0.3),
    Syllable(12.0, 3.0, 66, "", "u", "", 0.3),
    Syllable(16.0, 0.95, 67, "h", "o-u", "l", 0.6),
    Syllable(17.0, 1.0, 71, "", "O", "", 0.65),
    Syllable(18.0, 0.85, 69, "", "O", "n", 0.65),
    Syllable(20.0, 0.45, 71, "k", "A", "", 0.6),
    Syllable(20.5, 0.45, 69, "m", "I", "n", 0.6),
    Syllable(21.0, 1.9, 67, "h", "o-u", "m", 0.6),
    Syllable(24.0, 0.95, 67, "h", "o-u", "l", 0.6),
    Syllable(25.0, 1.0, 71, "", "O", "", 0.7),
    Syllable(26.0, 0.9, 74, "", "O", "n", 0.75),
    Syllable(28.0, 1.9, 67, "", "u", "", 0.5),
    Syllable(30.0, 1.4, 69, "", "u", "", 0.5),
    Syllable(32.0, 2.7, 71, "h", "o-u", "m", 0.6),
)
BACKING_LOW: tuple[Syllable, ...] = (
    Syllable(8.0, 3.8, 62, "", "u", "", 0.3),
    Syllable(12.0, 3.0, 57, "", "u", "", 0.3),
    Syllable(16.0, 0.95, 59, "h", "o-u", "l", 0.6),
    Syllable(17.0, 1.0, 62, "", "O", "", 0.65),
    Syllable(18.0, 0.85, 62, "", "O", "n", 0.65),
    Syllable(20.0, 0.45, 59, "k", "A", "", 0.6),
    Syllable(20.5, 0.45, 59, "m", "I", "n", 0.6),
    Syllable(21.0, 1.0, 59, "h", "o", "", 0.6),
    Syllable(22.0, 0.9, 60, "", "o-u", "m", 0.6),
    Syllable(24.0, 0.95, 59, "h", "o-u", "l", 0.6),
    Syllable(25.0, 1.0, 62, "", "O", "", 0.7),
    Syllable(26.0, 0.9, 66, "", "O", "n", 0.75),
    Syllable(28.0, 1.9, 60, "", "u", "", 0.5),
    Syllable(30.0, 1.4, 62, "", "u", "", 0.5),
    Syllable(32.0, 2.7, 62, "h", "o-u", "m", 0.6),
)
