"""A new session as text: TOML to be read and edited by people."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator

from mixmaster.documents.writing import value_text
from mixmaster.mixing.sessions.starting import Started, StartedStem

_WIDTH = 98
_RULE = "# " + 64 * "-" + " {}"


def session_text(started: Started) -> str:
    """Return the session's document. The same stems and preset give the same text."""
    lines = [
        *_head(started),
        *_stems(started),
        *_balance(started),
        *_rest(started),
    ]
    return "\n".join(lines) + "\n"


def _comment(text: str, first: str = "# ", then: str = "# ") -> list[str]:
    clean = "".join(c if c.isprintable() else " " for c in text)
    return textwrap.wrap(
        clean,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _head(started: Started) -> Iterator[str]:
    count = len(started.stems)
    yield from _comment(f"{started.title}: {count} stems through {started.preset_name}.")
    yield "#"
    name = shlex.quote(started.file)
    commands = {
        f"mixmaster mix {name} -o mix.wav": "mix it",
        f"mixmaster mix {name} --dry-run": "see where everything goes",
        f"mixmaster render {name} -o masters/": "mix and master it, see [master]",
    }
    width = max(map(len, commands))
    for command, what in commands.items():
        yield f"#   {command:<{width}}   {what}"
    yield "#"
    yield "# What the preset says holds until this document says otherwise, in [set]; --set of the"
    yield "# command line has the last word, with the same addresses."
    yield "format = 1"
    yield 'kind = "session"'
    yield f"title = {value_text(started.title)}"
    yield f"artist = {value_text(started.artist)}"
    yield 'notes = ""'
    yield f"preset = {value_text(started.preset)}"
    if started.tempo_bpm is None:
        tempo = f"# tempo_bpm = {started.preset_tempo_bpm:.1f}"
        yield f"{tempo}  # the preset's; echoes and bars count in it: say the song's own"
    else:
        yield f"tempo_bpm = {started.tempo_bpm!r}"
    if started.time_signature is None:
        yield '# time_signature = "4/4"'
    else:
        yield f"time_signature = {value_text(started.time_signature)}"
    yield f"sample_rate_hz = {started.sample_rate_hz}"
    if started.folders:
        yield "# A stem that appears here and has no [[stem]] of its own finds its strip by name."
        yield f"stems = {value_text(list(started.folders))}"


def _stems(started: Started) -> Iterator[str]:
    yield ""
    yield _RULE.format("stems")
    yield '# role says what it is: the preset knows the strip; strip = "..." names one itself.'
    yield '# name = "..." calls it something else, use = false leaves it out. trim_db, pan,'
    yield "# polarity and delay_ms act on this stem alone, before its strip. Regions below a stem"
    yield '# repair it, or put it together of takes (region_mode = "comp"):'
    yield "#"
    yield "# [[stem.region]]"
    yield "# from_s = 61.2"
    yield "# to_s = 61.9"
    yield '# pitch_semitones = -0.3  # or gain_db, mute, stretch; file = "..." for another take'
    for stem in started.stems:
        yield ""
        yield from _stem(stem)


def _stem(stem: StartedStem) -> Iterator[str]:
    yield "[[stem]]"
    yield f"file = {value_text(stem.file)}"
    if stem.strip is None:
        yield from _comment(f'{stem.why_not}; name one: strip = "..."')
        yield "use = false"
    elif stem.role:
        yield f"role = {value_text(stem.role)}"
    else:
        yield f"strip = {value_text(stem.strip)}"
    if stem.trim_db:
        yield f"trim_db = {stem.trim_db!r}"
    if stem.pan is not None:
        yield f"pan = {stem.pan!r}"
    for finding in stem.findings:
        elsewhere = finding.file if finding.fix_file not in ("", finding.file) else ""
        about = f" (of {elsewhere.replace(chr(92), '/').rpartition('/')[2]})" if elsewhere else ""
        text = f"check, {finding.severity}{about}: {finding.text}; {finding.advice}"
        yield from _comment(text, then="#   ")
        if finding.fix:
            yield f"# {finding.fix}"
    yield f"duration_s = {stem.duration_s!r}"
    yield f"sample_rate_hz = {stem.sample_rate_hz}"
    yield f'sha256 = "{stem.sha256}"'


def _balance(started: Started) -> Iterator[str]:
    yield ""
    yield _RULE.format("balance")
    if started.balance:
        yield "# Each strip as loud behind its inserts as the preset means it to be; all together"
        yield "# as loud as before. Behind each fader: where the strip should stand, and stood."
    else:
        yield "# The preset's own faders."
    yield "[set]"
    reasons = {each.strip: each for each in started.balance if not each.role}
    rows = []
    for strip, _, new_db in started.faders:
        each = reasons.get(strip)
        why = ""
        if each is not None and each.note:
            why = each.note
        if each is not None and each.wanted_lufs is not None and each.measured_lufs is not None:
            why = f"wanted {each.wanted_lufs:.1f} LUFS, was {each.measured_lufs:.1f}"
            why += f"; {each.note}" if each.note else ""
        rows.append((f"strip.{strip}.gain_db = {new_db!r}", why))
    width = max((len(row) for row, why in rows if why), default=0)
    for row, why in rows:
        yield f"{row:<{width}}  # {why}" if why else row


def _rest(started: Started) -> Iterator[str]:
    strips = [strip for strip, _, _ in started.faders]
    first = next((strip for strip in ("lead_vocal", "voice") if strip in strips), strips[0])
    yield ""
    yield _RULE.format("what the preset lacks")
    yield "# [[add.strip.NAME.insert]] adds an effect to a strip of the preset, [add.strip.NAME] is"
    yield "# a new strip, [add.bus.NAME] a new bus."
    yield "#"
    yield f"# [[add.strip.{first}.insert]]"
    yield '# effect = "eq"'
    yield '# id = "tone"'
    yield '# bands = [{ shape = "high_shelf", frequency_hz = 8000.0, gain_db = 1.5 }]'
    yield ""
    yield _RULE.format("automation")
    yield "# Seconds or 'bar:beat'; hold, linear or smooth on the way to the next point."
    yield "#"
    yield "# [[automation]]"
    yield f'# target = "strip.{first}.gain_db"'
    yield "# relative = true"
    yield '# points = [["1:1", 0.0], ["17:1", 1.5, "smooth"], ["33:1", 0.0]]'
    yield ""
    yield _RULE.format("versions and masters")
    yield "# [version.instrumental]"
    yield '# mute = ["lead_vocal"]'
    yield "#"
    yield "# [master]"
    yield '# preset = "transparent"'
    yield '# targets = ["spotify", "cd"]'
