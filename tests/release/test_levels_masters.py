"""The relations of finished masters, read by another meter, under a limiter that works."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from tests.release.sounds import RATE, noise

from mixmaster.documents.loading import load_text
from mixmaster.mastering.options import MasterOptions, NamedTarget
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.run import master
from mixmaster.mastering.target import Target
from mixmaster.release.levels.gains import album_gains
from mixmaster.release.levels.hearing import hear_mix
from mixmaster.release.levels.reach import Limits
from mixmaster.release.levels.relations import relations

PRESET = load_text(
    MasteringPreset,
    'format = 1\nkind = "mastering"\nname = "Loud"\ninput_lufs = -18.0\n'
    '[[insert]]\neffect = "limiter"\n',
)
PLACE = NamedTarget(
    "place",
    load_text(
        Target,
        'format = 1\nkind = "target"\nname = "Place"\nintegrated_lufs = -12.0\n'
        'true_peak_dbtp = -1.0\n[file]\nformat = "wav"\nbit_depth = 16\nsample_rate_hz = 44100\n',
    ),
)
LEVELS = {"1": 0.0, "2": -3.3, "3": -7.7}


def mixes(folder: Path) -> dict[str, Path]:
    """Three mixes of known relations, with drums whose peaks have to be limited."""
    found = {}
    for key, level in LEVELS.items():
        signal = noise(1, level_db=level)
        beats = np.arange(0, signal.shape[1], RATE // 2)
        for at in range(200):
            signal[:, beats + at] *= 8.0
        found[key] = folder / f"{key}.wav"
        soundfile.write(found[key], signal.T, RATE, subtype="FLOAT")
    return found


@pytest.mark.parametrize("most_db", [None, 3.0])
def test_masters_keep_the_relations_of_their_mixes(tmp_path: Path, most_db: float | None) -> None:
    files = mixes(tmp_path)
    limits = Limits(most_reduction_db=most_db)
    tracks = [
        hear_mix(path, PRESET).loudness(key, f"Track {key}", limits=limits)
        for key, path in files.items()
    ]
    levels = album_gains(tracks, PLACE, "album")
    assert (levels.lowered_lu > 0.0) == (most_db is not None)
    meter = pyloudnorm.Meter(RATE)
    read, said = {}, {}
    for key, path in files.items():
        options = MasterOptions(
            loudness_lufs=levels.track(key).wanted_lufs,
            max_gain_reduction_db=None if most_db is None else most_db + 0.5,
        )
        (result,) = master(path, PRESET, [PLACE], tmp_path / "out", options).results
        assert result.file is not None, result.refused
        assert result.after is not None
        assert (result.after.true_peak_dbtp or 0.0) <= -1.0
        said[key] = result.after.integrated_lufs
        read[key] = float(meter.integrated_loudness(soundfile.read(result.file)[0]))
        if key == "1":
            assert result.limiter is not None
            assert result.limiter.max_db > 1.0
    assert relations(levels, said).kept
    loudest = -12.0 - levels.lowered_lu
    for key, level in LEVELS.items():
        # That meter's coefficients are others: 0.05 LU of that; its own relations are exact.
        assert read[key] == pytest.approx(loudest + level, abs=0.1)
        assert read[key] - read["1"] == pytest.approx(level, abs=0.05)
