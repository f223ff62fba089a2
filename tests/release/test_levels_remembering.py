"""A released album's signature, from its folder alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.release.proof_releases import album_of, target_of
from tests.release.sounds import RATE, album, noise

from mixmaster.audio.formats import FileSpec
from mixmaster.audio.sink import open_sink
from mixmaster.engine.hashing import hash_once
from mixmaster.errors import AudioFileError, UsageError
from mixmaster.release.levels.coherence import analyse
from mixmaster.release.levels.remembering import signature_of_release
from mixmaster.release.proof.record import FileRecord, ReleaseRecord
from mixmaster.release.proof.recording import audio_record
from mixmaster.release.proof.writing import write_record

TITLES = ("One", "Two", "Three", "Interlude")


def released(folder: Path) -> Path:
    """Three tracks alike and an interlude that was declared, for two targets."""
    levels = (10.0, 11.0, 12.0, -6.0)
    compared = album(*({"level_db": each} for each in levels))
    said = analyse([*compared[:3]]).to_json()
    said["tracks"].append(said["tracks"][0] | {"key": "4", "name": "Interlude", "declared": True})
    files = []
    for target, gain_db in (("track", 3.0), ("album", 0.0)):
        (folder / target).mkdir(parents=True)
        for number, level in enumerate(levels, start=1):
            path = folder / target / f"{number}.flac"
            spec = FileSpec("flac", 24, RATE, 2)
            signal = noise(number, level_db=level + gain_db)
            with open_sink(path, spec) as sink:
                sink.write(signal)
            files.append(
                FileRecord(
                    path=f"{target}/{number}.flac",
                    sha256=hash_once(path),
                    bytes=path.stat().st_size,
                    kind="master",
                    target=target,
                    track=number,
                    audio=audio_record(spec, signal.shape[1]),
                )
            )
    record = ReleaseRecord(
        album=album_of(TITLES),
        targets=(target_of("track", policy="track"), target_of("album", policy="album")),
        files=tuple(files),
        coherence={"coherence": said},
    )
    write_record(folder, record)
    return folder


def test_it_is_drawn_from_the_masters_that_keep_relations(tmp_path: Path) -> None:
    folder = released(tmp_path / "release")
    found = signature_of_release(folder)
    assert (found.target, [each.name for each in found.track]) == ("album", list(TITLES))
    loudness = next(each for each in found.figure if each.figure == "loudness")
    assert loudness.tracks == 3  # the interlude was declared
    assert loudness.middle == pytest.approx(found.track[1].loud_lufs)
    other = signature_of_release(folder, target="track")
    assert other.loudest_lufs == pytest.approx(found.loudest_lufs + 3.0, abs=0.02)
    # How the tracks stood to their album is the same, however loud it was delivered.
    assert other.standing().over_album_lu == pytest.approx(found.standing().over_album_lu, abs=0.02)
    with pytest.raises(UsageError, match="no masters for 'cd'"):
        signature_of_release(folder, target="cd")
    with pytest.raises(AudioFileError):
        signature_of_release(tmp_path)
    swapped = folder / "album" / "2.flac"
    swapped.write_bytes((folder / "album" / "1.flac").read_bytes())
    with pytest.raises(AudioFileError, match="not the file that was released"):
        signature_of_release(folder)
