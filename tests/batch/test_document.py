"""The jobs document: what its keys mean, and that the guide's example is one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.batch.conftest import Studio

from mixmaster.batch.planning.document import Batch
from mixmaster.batch.planning.names import DEFAULT_TEMPLATE, check_template, master_name
from mixmaster.batch.planning.songs import song_jobs
from mixmaster.documents.finding import find_preset
from mixmaster.documents.loading import load_text
from mixmaster.errors import DocumentError
from mixmaster.mixing.prints.file_names import TemplateError

GUIDE = Path(__file__).parent.parent.parent / "docs" / "batch.md"
VALUES = {
    "song": "Song",
    "title": "Title",
    "artist": "",
    "version": "main",
    "master": "loud",
    "target": "cd",
    "folder": "01",
    "rate": "44.1",
    "bits": "16",
}


def test_the_guides_example_is_a_document(tmp_path: Path) -> None:
    text = GUIDE.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    batch = load_text(Batch, text)
    for name in ("one", "intro"):
        (tmp_path / "songs" / name).mkdir(parents=True)
        (tmp_path / "songs" / name / "song.toml").touch()
    jobs = {Path(job.source).parent.name: job for job in song_jobs(batch, tmp_path)}
    assert jobs["one"].targets == ("spotify", "cd")
    assert jobs["one"].versions == ("main", "instrumental")
    intro = jobs["intro"]
    assert (intro.name, intro.targets) == ("Intro", ("cd",))
    assert intro.overrides == ("strip.lead_vocal.gain_db=-1.5",)
    assert dict(intro.finish) == {"fade_in_ms": 10.0}
    assert not intro.is_wanted("Intro", "instrumental", "loud", "cd")
    assert intro.is_wanted("Intro", "main", "loud", "cd")
    assert intro.extras("Intro") == []
    assert [each["targets"] for each in intro.extras("Nightfall")] == [["vinyl"]]
    for kind, names in (("mastering", batch.masters), ("target", (*batch.targets, "vinyl"))):
        for name in names:
            assert find_preset(kind, name).is_file()


@pytest.mark.parametrize(
    ("template", "values", "name"),
    [
        (DEFAULT_TEMPLATE, {}, "Song_cd.wav"),
        (DEFAULT_TEMPLATE, {"version": "tv"}, "Song_tv_cd.wav"),
        ("{folder}/{song}_{master}", {}, "01/Song_loud.wav"),
        ("{folder}/{song}", {"folder": "../up"}, "up/Song.wav"),
        ("{master}_{song}", {"master": "{song}", "song": "a/b"}, "{song}_a b.wav"),
        ("{artist} - {title}", {}, "Title.wav"),
    ],
)
def test_names(template: str, values: dict[str, str], name: str) -> None:
    assert master_name(template, VALUES | values, ".wav") == name


@pytest.mark.parametrize("template", ["{sonk}", "{song", "/abs/{song}", "../{song}", ".{song}"])
def test_templates_that_are_none(template: str) -> None:
    with pytest.raises(TemplateError):
        check_template(template)


def test_a_suffix_of_another_kind_is_refused() -> None:
    with pytest.raises(TemplateError, match="does not end"):
        master_name("{song}.flac", VALUES, ".wav")


def test_every_kind_of_value_is_laid_over(studio: Studio) -> None:
    """Texts, numbers, booleans and lists of a document's set arrive as what they are."""
    studio.song("Alpha")
    values = {
        "strip.low.mute": True,
        "strip.low.gain_db": -1.25,
        "strip.high.match": ["high", 'quo"te'],
        "mix.pan_law": "linear",
    }
    studio.table["set"] = values
    prepared = studio.prepared()
    assert prepared.songs[0].plan.error == ""
    said = prepared.planner.full(prepared.songs[0].job)["mix"]["settings"]["preset"]
    assert said["strip"]["low"]["mute"] is True
    assert said["strip"]["low"]["gain_db"] == -1.25
    assert said["strip"]["high"]["match"] == ["high", 'quo"te']
    assert said["mix"]["pan_law"] == "linear"


def test_a_misspelt_key_is_told_with_what_was_meant() -> None:
    text = 'format = 1\nkind = "batch"\nname = "x"\nmaster = ["loud"]\n[[song]]\npath = "a"\n'
    with pytest.raises(DocumentError, match="masters"):
        load_text(Batch, text)


def test_a_reference_contradicts_a_profile(studio: Studio) -> None:
    studio.table["song"] = [{"path": "songs/*", "profile": "warm", "reference": "a.wav"}]
    with pytest.raises(DocumentError, match=r"song\.1\.reference.*contradicts profile"):
        studio.prepared()
