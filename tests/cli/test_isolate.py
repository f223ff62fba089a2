"""``--isolate``: the same bytes, and one file's decoder takes no other file with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from mixmaster.audio import isolation
from mixmaster.audio.isolating import VARIABLE

if sys.platform == "win32":
    pytest.skip("needs fork", allow_module_level=True)


@pytest.fixture
def stems(stem: Any) -> Path:
    stem("Kick.flac")
    return Path(stem("Bass DI.ogg")).parent


def test_a_mix_is_the_same_bytes(stems: Path, tmp_path: Path, mixmaster: Any) -> None:
    made = []
    for flags in ((), ("--isolate",)):
        target = tmp_path / f"out{len(flags)}" / "mix.wav"
        done = mixmaster("mix", stems, "-p", "rock-band", "-o", target, "--no-cache", *flags)
        assert done.status == 0
        made.append((target.read_bytes(), target.with_name("mix.wav.json").read_bytes()))
    assert made[0] == made[1]
    assert VARIABLE not in os.environ


def test_a_decoder_that_hangs_is_named_and_the_others_are_measured(
    stems: Path, mixmaster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = isolation.IsolatedDecoder.read

    def hanging(self: Any, frames: int) -> Any:
        if self.subtype == "VORBIS":
            os.kill(self._worker, 19)  # SIGSTOP: it answers no more
        return real(self, frames)

    monkeypatch.setattr(isolation, "TIME_LIMIT_S", 2.0)
    monkeypatch.setattr(isolation.IsolatedDecoder, "read", hanging)
    done = mixmaster("measure", stems, "--isolate", "--json")
    assert done.status == 1
    assert "Bass DI.ogg" in done.err
    assert "its decoder hung" in done.err
    assert "Kick.flac" in done.out
