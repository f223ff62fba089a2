"""``master``, ``render`` and ``demo`` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

RATE = 48_000


def music(seconds: float, seed: int) -> Any:
    """Noise that comes and goes, so that a limiter and a meter have something to read."""
    time = np.arange(round(seconds * RATE)) / RATE
    envelope = 0.2 + np.sin(2.0 * np.pi * 0.8 * time + seed) ** 4
    noise = np.random.default_rng(seed).standard_normal((time.size, 2))
    return 0.03 * envelope[:, None] * noise


@pytest.fixture
def song(stem: Any) -> Path:
    return Path(stem("song.wav", music(5.0, 1)))


@pytest.fixture
def stems(stem: Any) -> Path:
    stem("Kick.wav", music(5.0, 1)[:, :1])
    stem("Bass DI.wav", music(4.0, 2)[:, :1])
    return Path(stem("Lead Vox.wav", music(5.0, 3)[:, :1]).parent)


class TestMaster:
    def test_each_target_lands_on_its_figures(self, song: Path, out: Path, mixmaster: Any) -> None:
        arguments = ("master", song, "-p", "transparent", "-t", "spotify", "-t", "ebu-r128")
        done = mixmaster(*arguments, "-o", out, "--json")
        assert done.status == 0, done.err
        found = {result["target"]: result for result in done.json["results"]}
        assert found["spotify"]["after"]["integrated_lufs"] == pytest.approx(-14.0, abs=0.05)
        assert found["ebu-r128"]["after"]["integrated_lufs"] == pytest.approx(-23.0, abs=0.05)
        files = [Path(result["file"]) for result in done.json["results"]]
        measured = mixmaster("measure", *files, "--json").json
        for entry, result in zip(measured, done.json["results"], strict=True):
            assert entry["integrated_lufs"] == result["after"]["integrated_lufs"]
            assert entry["true_peak_dbtp"] <= result["ceiling_dbtp"]
            assert Path(result["manifest"]).exists()

    def test_the_tables_show_before_and_after(self, song: Path, out: Path, mixmaster: Any) -> None:
        done = mixmaster("master", song, "-p", "transparent", "-t", "spotify", "-o", out)
        assert "Masters of song.wav: Transparent" in done.out
        assert "before" in done.out
        assert done.out.splitlines()[-1] == str(out / "song_spotify.flac")

    def test_dialogue_targets_ask_for_a_stem_and_take_one(
        self, song: Path, stem: Any, out: Path, mixmaster: Any
    ) -> None:
        arguments = ("master", song, "-p", "voice", "-t", "netflix", "-o", out, "--json")
        refused = mixmaster(*arguments)
        assert refused.status == 1
        assert "--dialogue FILE" in refused.err
        dialogue = stem("dialogue.wav", music(5.0, 1))
        done = mixmaster(*arguments, "--dialogue", dialogue)
        assert done.status == 0, done.err
        (result,) = done.json["results"]
        assert result["dialogue_lufs"] == pytest.approx(-27.0, abs=0.05)
        assert 0.5 < result["dialogue_share"] <= 1.0

    def test_stages_can_be_left_out_matched_and_told(
        self, song: Path, out: Path, mixmaster: Any
    ) -> None:
        arguments = ("master", song, "-p", "warm", "-t", "youtube", "-o", out)
        done = mixmaster(*arguments, "--bypass", "eq", "--gain-match", "all", "--json")
        assert done.status == 0, done.err
        eq, compressor, saturation = done.json["stages"]
        assert eq["bypassed"]
        assert eq["gain_match_db"] == 0.0
        assert compressor["gain_match_db"] > 0.1
        assert saturation["change_lu"] == pytest.approx(0.0, abs=0.03)
        shown = mixmaster(*arguments, "--stages")
        assert "Chain: loudness" in shown.out
        wrong = mixmaster(*arguments, "--bypass", "equ")
        assert wrong.status == 2
        assert "equ" in wrong.err
        wrong = mixmaster(*arguments, "--gain-match", "glue")
        assert wrong.status == 2
        assert "known: eq, compressor, saturation, or all" in wrong.err

    def test_top_tail_and_constraints(self, stem: Any, out: Path, mixmaster: Any) -> None:
        padded = np.pad(music(4.0, 1), ((2 * RATE, 3 * RATE), (0, 0)))
        mix = stem("padded.wav", padded)
        arguments = ("master", mix, "-p", "transparent", "-t", "youtube", "-o", out)
        trims = ("--trim", "--fade-out", "1", "--pad-head", "200", "--pad-tail", "0.5")
        done = mixmaster(*arguments, *trims, "--json")
        assert done.status == 0, done.err
        (result,) = done.json["results"]
        assert result["trimmed_head_s"] == pytest.approx(1.9, abs=0.05)
        assert result["trimmed_tail_s"] == pytest.approx(2.5, abs=0.2)
        kept = 9.0 - result["trimmed_head_s"] - result["trimmed_tail_s"] + 0.7
        assert result["after"]["duration_s"] == pytest.approx(kept, abs=0.02)
        refused = mixmaster(*arguments, "--loudness", "-6", "--max-reduction", "1")
        assert refused.status == 1
        assert "--loudness -" in refused.err
        short = mixmaster(*arguments, "--short-term", "-20", "--json").json["results"][0]
        assert short["after"]["max_short_term_lufs"] == pytest.approx(-20.0, abs=0.05)

    def test_a_target_out_of_reach_is_refused_and_the_others_go_on(
        self, stem: Any, out: Path, mixmaster: Any
    ) -> None:
        # A click every second can not be brought to -14 LUFS under -1 dBTP by 6 dB of limiting.
        clicks = np.zeros((5 * RATE, 2))
        clicks[::RATE] = 0.9
        clicks += 1e-4 * music(5.0, 1)
        arguments = ("master", stem("clicks.wav", clicks), "-p", "transparent", "-o", out)
        done = mixmaster(*arguments, "-t", "spotify", "-t", "premaster", "--json")
        assert done.status == 1
        assert "refused: spotify: " in done.err
        results = {result["target"]: result for result in done.json["results"]}
        assert results["spotify"]["file"] is None
        assert results["spotify"]["figures"]
        assert [path.suffix for path in out.iterdir() if path.suffix != ".json"] == [".wav"]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("-t", "spotify"), "--preset: is missing"),
            (("-p", "transparent"), "--target: is missing"),
            (("-p", "transparent", "-t", "spotfy"), "did you mean 'spotify'?"),
            (("-p", "transparnt", "-t", "spotify"), "did you mean 'transparent'?"),
            (("-p", "transparent", "-t", "spotify", "-t", "spotify"), "named twice"),
            (("-p", "transparent", "-t", "spotify", "--ceiling", "3"), "--ceiling: 3 is not"),
            (("-p", "transparent", "-t", "spotify", "--loudness", "nan"), "--loudness: nan is not"),
            (("-p", "transparent", "-t", "spotify", "--from", "99"), "s long"),
            (("-p", "transparent", "-t", "spotify", "--from", "2", "--to", "1"), "--to: 1 s is"),
            (("-p", "transparent", "-t", "spotify", "--section", "loudest:0"), "has no length"),
            (("-p", "transparent", "-t", "cd", "--set", "insert.compressor.ration=2"), "'ratio'"),
        ],
    )
    def test_a_mistake_is_answered_before_anything_is_written(
        self, arguments: tuple[str, ...], said: str, song: Path, out: Path, mixmaster: Any
    ) -> None:
        done = mixmaster("master", song, *arguments, "-o", out)
        assert done.status == 2
        assert said in done.err
        assert not out.exists()

    def test_a_section_is_that_part_of_the_whole(
        self, song: Path, out: Path, mixmaster: Any
    ) -> None:
        arguments = ("master", song, "-p", "transparent", "-t", "spotify")
        assert mixmaster(*arguments, "-o", out / "whole.flac").status == 0
        done = mixmaster(*arguments, "-o", out / "part.flac", "--from", "2", "--to", "3.5")
        assert done.status == 0, done.err
        whole, part = (sf.read(out / name)[0] for name in ("whole.flac", "part.flac"))
        assert part.shape == (round(1.5 * RATE), 2)
        inner = slice(RATE // 10, -RATE // 10)  # the edges of a passage may be faded
        residual = part[inner] - whole[2 * RATE : round(3.5 * RATE)][inner]
        # Two dithers of 24 bit are all that may differ: -80 dB is far above.
        assert np.sqrt(np.mean(residual**2)) < 1e-4 * np.sqrt(np.mean(part**2))
        loudest = mixmaster(*arguments, "-o", out / "loud.flac", "--section", "loudest:1s")
        assert loudest.status == 0, loudest.err
        assert sf.info(out / "loud.flac").frames == RATE


class TestRender:
    def test_stems_to_masters_in_one_go(self, stems: Path, out: Path, mixmaster: Any) -> None:
        done = mixmaster(
            *("render", stems, "-p", "rock-band", "-m", "transparent", "-t", "spotify", "-t", "cd"),
            *("-o", out, "--json"),
        )
        assert done.status == 0, done.err
        assert done.json["schema"] == "mixmaster/render/1"
        assert {path.name for path in out.iterdir()} == {
            "stems_spotify.flac",
            "stems_spotify.flac.json",
            "stems_cd.wav",
            "stems_cd.wav.json",
        }
        assert {row["id"] for row in done.json["bridge"]} >= {"strip.kick/Kick", "mix"}
        # The manifest knows the stems, though the premaster in between is gone.
        said = (out / "stems_cd.wav.json").read_text()
        for name in ("Kick.wav", "Bass DI.wav", "Lead Vox.wav"):
            assert name in said
        assert str(out.parent) not in said

    def test_it_is_the_same_as_mix_and_then_master(
        self, stems: Path, out: Path, mixmaster: Any
    ) -> None:
        mixmaster("mix", stems, "-p", "rock-band", "-o", out / "mix.wav")
        mixmaster("master", out / "mix.wav", "-p", "warm", "-t", "cd", "-o", out / "two.wav")
        one = mixmaster(
            *("render", stems, "-p", "rock-band", "-m", "warm", "-t", "cd", "-o", out / "one.wav")
        )
        assert one.status == 0, one.err
        assert (out / "one.wav").read_bytes() == (out / "two.wav").read_bytes()

    def test_an_output_that_is_a_stem_is_refused(self, stems: Path, mixmaster: Any) -> None:
        target = stems / "Kick.wav"
        before = target.read_bytes()
        done = mixmaster(
            *("render", stems, "-p", "rock-band", "-m", "warm", "-t", "cd", "-o", target),
            "--overwrite",
        )
        assert done.status == 2
        assert "it is also an input" in done.err
        assert target.read_bytes() == before

    def test_mistakes_in_either_preset_are_told_apart(
        self, stems: Path, out: Path, mixmaster: Any
    ) -> None:
        common = ("render", stems, "-p", "rock-band", "-m", "warm", "-t", "cd", "-o", out)
        mix = mixmaster(*common, "--set", "strip.kick.gian_db=1")
        master = mixmaster(*common, "--set-master", "insert.eq.bandss=1")
        assert mix.status == master.status == 2
        assert "rock-band" in mix.err
        assert "'gain_db'" in mix.err
        assert "warm" in master.err
        assert "'bands'" in master.err
        assert not out.exists()

    def test_a_section_outside_the_song_is_told_before_the_mixing(
        self, stems: Path, out: Path, mixmaster: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mixmaster.mastering.song.render_to", None)
        common = ("render", stems, "-p", "rock-band", "-m", "warm", "-t", "cd", "-o", out)
        done = mixmaster(*common, "--from", "9")
        assert done.status == 2
        assert "--from: 9 s lies outside the song (it is 5.00 s long)" in done.err

    @pytest.mark.parametrize("name", ["a/b", "../x", "", ".hidden", "..", "/etc/x"])
    def test_a_songs_name_can_not_lead_elsewhere(
        self, name: str, stems: Path, out: Path, mixmaster: Any
    ) -> None:
        common = ("render", stems, "-p", "rock-band", "-m", "warm", "-t", "cd", "-o", out)
        done = mixmaster(*common, "--song", name)
        assert done.status == 2
        assert "--song: " in done.err
        assert not out.exists()

    def test_a_cut_stem_is_a_warning(self, stems: Path, out: Path, mixmaster: Any) -> None:
        path = stems / "Bass DI.wav"
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        common = ("render", stems, "-p", "rock-band", "-m", "warm", "-t", "cd", "-o", out)
        done = mixmaster(*common, "--json")
        assert done.status == 0
        assert "warning: Bass DI.wav: " in done.err
        assert len(done.json["warnings"]) == 1


class TestDemo:
    def test_stems_only(self, out: Path, mixmaster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def write(folder: Path, *, overwrite: bool) -> list[Path]:
            assert not overwrite
            return [folder / "01_Kick In.flac"]

        monkeypatch.setattr("mixmaster.song.write_song", write)
        done = mixmaster("demo", out, "--stems-only")
        assert done.status == 0
        assert done.out == f"{out / '01_Kick In.flac'}\n"
        as_json = mixmaster("demo", out, "--stems-only", "--json").json
        assert as_json["files"] == [str(out / "01_Kick In.flac")]

    def test_it_mixes_and_masters_what_it_plays(
        self, stems: Path, out: Path, mixmaster: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def write(folder: Path, *, overwrite: bool) -> list[Path]:
            del overwrite
            folder.mkdir(parents=True)
            return [path.rename(folder / path.name) for path in sorted(stems.iterdir())]

        monkeypatch.setattr("mixmaster.song.write_song", write)
        done = mixmaster("demo", out)
        assert done.status == 0, done.err
        assert f"mixmaster render {out / 'stems'} -p rock-band" in done.err
        masters = sorted(path.name for path in (out / "masters").iterdir())
        assert masters == [
            "demo_cd.wav",
            "demo_cd.wav.json",
            "demo_spotify.flac",
            "demo_spotify.flac.json",
        ]
        said = json.loads((out / "masters" / "demo_cd.wav.json").read_text())
        assert said["kind"] == "master"
