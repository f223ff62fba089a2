"""What tracks may be made from: sessions with versions, masters, mono, silence; and what becomes
of them on discs, in libraries and as excerpts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from tests.release.albums import RATE, album, built, lufs_by_ffmpeg, mp3_tags, song

from mixmaster.errors import DocumentError
from mixmaster.release.proof.checking import check_release

CREDITS = 'writers = ["A"]\nisrc = "QZAB126000{}"\n'


def session(folder: Path) -> Path:
    """Write a session of a kick and a voice."""
    song(folder / "stems" / "Kick.wav", -6.0, 21, seconds=4.0)
    song(folder / "stems" / "Lead Vox.wav", -9.0, 22, seconds=4.0)
    path = folder / "song.toml"
    path.write_text(
        'format = 1\nkind = "session"\ntitle = "Sung"\npreset = "rock-band"\nstems = ["stems"]\n'
    )
    return path


def test_a_session_gives_its_versions_with_the_tracks_own_gain(tmp_path: Path) -> None:
    session(tmp_path)
    document = album(
        tmp_path,
        tracks='[[track]]\nsession = "song.toml"\ntitle = "Sung"\nversions = ["instrumental"]\n'
        + CREDITS.format("10"),
        targets='"sync-library"',
    )
    out = tmp_path / "out"
    run = built(document, out)
    assert run.exit_code == 0, run.refused
    main, instrumental = (
        out / "sync-library" / f"Nobody - Sung{v}.wav" for v in ("", " (Instrumental)")
    )
    mixes = {}
    for version in ("main", "instrumental"):
        # The same chain is a gain, a bell and a limiter that has nothing to do here.
        mixes[version] = sf.read(main if version == "main" else instrumental)[0]
    voice = mixes["main"] - mixes["instrumental"]
    kick = mixes["instrumental"]
    assert lufs_by_ffmpeg(instrumental) < lufs_by_ffmpeg(main)
    # With one gain, what the versions differ by is the voice alone: it has nothing of the kick.
    shared = float((voice * kick).sum()) / float(np.square(kick).sum())
    assert abs(shared) < 0.05
    record = json.loads((out / "release.json").read_text())
    assert [file["version"] for file in record["files"][:2]] == ["", "Instrumental"]
    assert record["coherence"]["coherence"]["tracks"][0]["sound"]["vocal_lu"] is not None
    again = built(document, out)
    assert again.made == ()
    assert check_release(out).passes


def test_an_alternate_of_its_own_file_has_its_own_words(tmp_path: Path) -> None:
    song(tmp_path / "clean.wav", -1.0, 5)
    document = album(
        tmp_path,
        tracks='[[track]]\nmix = "one.wav"\ntitle = "One"\nexplicit = true\n'
        + CREDITS.format("11")
        + '[[track.alternate]]\nname = "clean"\nmix = "clean.wav"\nexplicit = false\n'
        'isrc = "QZAB12600012"\n',
        targets='"sync-library"',
    )
    out = tmp_path / "out"
    assert built(document, out).exit_code == 0
    record = json.loads((out / "release.json").read_text())
    tags = [file["tags"] for file in record["files"][:2]]
    assert [(tag["isrc"], tag["explicit"], tag["version"]) for tag in tags] == [
        ("QZAB12600011", True, ""),
        ("QZAB12600012", False, "Clean"),
    ]


def test_mono_and_silence_are_taken_as_they_are(tmp_path: Path) -> None:
    mono, rate = sf.read(song(tmp_path / "wide.wav", 0.0, 4))
    sf.write(tmp_path / "mono.wav", mono[:, 0], rate, subtype="PCM_24")
    sf.write(tmp_path / "silence.wav", np.zeros((4 * RATE, 2)), RATE, subtype="PCM_24")
    document = album(
        tmp_path,
        tracks='[[track]]\nmix = "mono.wav"\ntitle = "Mono"\n'
        '[[track]]\nmix = "silence.wav"\ntitle = "Silence"\noutlier = true\n'
        '[[track]]\nmix = "two.wav"\ntitle = "Two"\n',
        targets='"store.toml", "cd"',
    )
    out = tmp_path / "out"
    run = built(document, out)
    assert run.exit_code == 0, run.refused
    assert sf.info(out / "store" / "01 Nobody - Mono.flac").channels == 1
    silence, _ = sf.read(out / "store" / "02 Nobody - Silence.flac")
    assert np.abs(silence).max() < 3.0 / 32_768  # dither
    assert sf.info(out / "cd" / "disc.wav").channels == 2


def test_a_gapless_join_on_the_disc_is_the_unsplit_original(tmp_path: Path) -> None:
    whole, _ = sf.read(song(tmp_path / "whole.wav", -6.0, 8, seconds=10.0))
    split = 5 * RATE + 123  # not on a sector's edge
    for name, part in (("a.wav", whole[:split]), ("b.wav", whole[split:])):
        sf.write(tmp_path / name, part, RATE, subtype="PCM_24")
    document = album(
        tmp_path,
        tracks='[[track]]\nmaster = "a.wav"\ntitle = "A"\n'
        '[[track]]\nmaster = "b.wav"\ntitle = "B"\ngap_s = 0\n',
        targets='"cd"',
    )
    assert built(document, tmp_path / "out").exit_code == 0
    disc, _ = sf.read(tmp_path / "out" / "cd" / "disc.wav")
    # Rounding and triangular dither of 16 bits: 1.5 LSB at most.
    assert np.abs(disc[: len(whole)] - whole).max() <= 1.5 / 32_768
    assert not disc[len(whole) :].any() or np.abs(disc[len(whole) :]).max() <= 1.5 / 32_768


def test_an_excerpt_is_the_chosen_part_faded_and_tagged(tmp_path: Path) -> None:
    document = album(
        tmp_path,
        tracks='[[track]]\nmix = "one.wav"\ntitle = "One"\n'
        "[track.snippet]\nfrom_s = 1.0\nlength_s = 3.0\n",
        targets='"promo"',
    )
    out = tmp_path / "out"
    run = built(document, out)
    assert run.exit_code == 0, run.refused
    (path,) = (out / "promo").glob("*.mp3")
    assert path.name == "01 Nobody - One (excerpt).mp3"
    audio, rate = sf.read(path)
    assert len(audio) / rate == pytest.approx(3.0, abs=0.06)
    middle = np.square(audio[rate : 2 * rate]).mean()
    assert np.square(audio[: rate // 50]).mean() < 0.05 * middle
    assert np.square(audio[-rate // 50 :]).mean() < 0.05 * middle
    assert mp3_tags(path)["TIT2"].text == ["One"]
    assert built(document, out).made == ()


def test_corrections_are_made_only_when_asked_for_and_then_kept(tmp_path: Path) -> None:
    names = ["one", "two", "three", "loud"]
    for seed, name in enumerate(names, start=31):
        song(tmp_path / f"{name}.wav", 6.0 if name == "loud" else -0.1 * seed, seed, seconds=8.0)
    tracks = "".join(f'[[track]]\nmix = "{n}.wav"\ntitle = "{n}"\n' for n in names)
    document = album(tmp_path, tracks=tracks)
    for seed, name in enumerate(names[:2], start=31):  # album() wrote its own
        song(tmp_path / f"{name}.wav", -0.1 * seed, seed, seconds=8.0)
    out = tmp_path / "out"
    plain = built(document, out)
    assert plain.exit_code == 0, plain.refused

    def above() -> float:
        lufs = [lufs_by_ffmpeg(path) for path in sorted((out / "store").glob("*.flac"))]
        return lufs[3] - float(np.median(lufs[:3]))

    before = above()
    assert before == pytest.approx(9.2, abs=1.0)
    with pytest.raises(DocumentError, match="--refreeze"):
        built(document, out, cohere=True)
    built(document, out, cohere=True, refreeze=True)
    # At most 1.5 dB of gain.
    assert before - above() == pytest.approx(1.5, abs=0.1)
    assert built(document, out).made == ()
