"""What ``batch`` and ``status`` are given: a jobs document, or songs and flags."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixmaster.cli.batch_stores import Places, bring_document, find_places, is_document
from mixmaster.cli.options import F, Within, chain, complete_presets
from mixmaster.errors import UsageError

if TYPE_CHECKING:
    from mixmaster.batch.planning.document import Batch
    from mixmaster.batch.planning.songs import SongJob

_options = chain(
    click.argument("songs", nargs=-1, required=True, type=click.Path()),
    click.option(
        "-p",
        "--preset",
        metavar="PRESET",
        shell_complete=complete_presets("mix"),
        help="Mix preset: a name or a .toml file, in place of sessions' own.",
    ),
    click.option(
        "-m",
        "--master",
        "masters",
        multiple=True,
        metavar="PRESET",
        shell_complete=complete_presets("mastering"),
        help="Mastering preset; sessions may have their own. May be repeated.",
    ),
    click.option(
        "-t",
        "--target",
        "targets",
        multiple=True,
        metavar="TARGET",
        shell_complete=complete_presets("target"),
        help="Where songs go; sessions may have their own. May be repeated.",
    ),
    click.option(
        "--versions",
        multiple=True,
        metavar="NAMES",
        help="Versions of the mixes: main,instrumental or all; main by default.",
    ),
    click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="PATH=VALUE",
        help="Change one value of every preset or session. May be repeated.",
    ),
    click.option(
        "--set-master",
        "master_overrides",
        multiple=True,
        metavar="PATH=VALUE",
        help="Change one value of the mastering presets. May be repeated.",
    ),
    click.option(
        "--sample-rate-hz",
        type=Within(8_000, 768_000, whole=True),
        metavar="HZ",
        help="The sessions' rate; the highest among a song's stems by default.",
    ),
    click.option(
        "--strict",
        is_flag=True,
        default=None,
        help="A file shorter than its header says is an error, not a note.",
    ),
    click.option(
        "-o",
        "--output",
        type=click.Path(),
        help="The folder of the masters, or an address such as s3://bucket/masters; a jobs "
        "document may name it.",
    ),
    click.option(
        "--name-template",
        metavar="TEMPLATE",
        help="What masters are called: {song}_{version}_{target}; also {artist}, {title}, "
        "{master}, {folder}, {rate}, {bits}.",
    ),
    click.option(
        "--verify",
        is_flag=True,
        help="Read every input and output again, also those that look unchanged.",
    ),
)
_NAMES = (
    *("songs", "preset", "masters", "targets", "versions", "overrides", "master_overrides"),
    *("sample_rate_hz", "strict", "output", "name_template", "verify"),
)


def batch_options(function: F) -> F:
    """Give a command these options; it gets them as ``wanted``, for `read_batch`."""

    @functools.wraps(function)
    def wrapped(*args: Any, **named: Any) -> Any:
        wanted = {name: named.pop(name) for name in _NAMES}
        return function(*args, wanted=wanted, **named)

    return _options(wrapped)  # type: ignore[return-value]  # it takes the options in place


def read_batch(wanted: Mapping[str, Any]) -> tuple[Batch, Places, list[SongJob]]:
    """Return the batch that is meant, where its files are, and its songs.

    Flags go before what a document says for all songs; what it says of single songs stays.

    Raises:
        DocumentError: For a mistake in the document.
        UsageError: For songs that are not there, or no output folder.
        StorageError: When a store fails that songs or outputs lie in.
    """
    from mixmaster.batch.planning.document import Batch
    from mixmaster.batch.planning.songs import song_jobs
    from mixmaster.documents.loading import validate

    songs: tuple[str, ...] = wanted["songs"]
    table, base, where = _table(songs)
    versions = [name.strip() for text in wanted["versions"] for name in text.split(",")]
    said = {
        "preset": _here(wanted["preset"]),
        "masters": [_here(each) for each in wanted["masters"]],
        "targets": [_here(each) for each in wanted["targets"]],
        "versions": versions,
        "sample_rate_hz": wanted["sample_rate_hz"],
        "strict": wanted["strict"],
        "name_template": wanted["name_template"],
    }
    table |= {name: value for name, value in said.items() if value not in (None, [])}
    batch = validate(Batch, table, where=where)
    output = wanted["output"]
    if output is None:
        if base is None:
            raise UsageError("--output", "is missing", "name the folder of the masters: -o out/")
        places = find_places([each.path for each in batch.song], batch.output, base)
    else:
        places = find_places([each.path for each in batch.song], output, Path())
    songs_here = zip(batch.song, places.songs, strict=True)
    entries = tuple(each.model_copy(update={"path": path}) for each, path in songs_here)
    jobs = song_jobs(
        batch.model_copy(update={"song": entries}),
        base or Path(),
        overrides=wanted["overrides"],
        master_overrides=wanted["master_overrides"],
    )
    return batch, places, jobs


def _table(songs: tuple[str, ...]) -> tuple[dict[str, Any], Path | None, str]:
    """Return a jobs document's table, its folder and its name; or what flags make one of."""
    from mixmaster.batch.planning.document import Batch
    from mixmaster.documents.loading import read_table

    if len(songs) == 1 and is_document(songs[0]):
        found = bring_document(songs[0])
        if found is not None:
            path, folder = found
            table = read_table(path, max_bytes=Batch.max_bytes)
            return _placed(table, str(folder)), path.parent, songs[0]
    first = Path(songs[0])
    if len(songs) == 1 and first.suffix.lower() == ".toml" and first.is_file():
        table = read_table(first, max_bytes=Batch.max_bytes)
        if table.get("kind") != "session":  # what else it may be is said by its validation
            return table, first.parent, songs[0]
    entries = [{"path": each} for each in songs]
    made = {"format": 1, "kind": "batch", "name": "songs", "song": entries}
    return made, None, "the command line"


def _placed(table: dict[str, Any], folder: str) -> dict[str, Any]:
    """Return a table whose songs and output lie where a store's folder has them."""
    from mixmaster.batch.storage.names import is_address

    def there(value: Any) -> Any:
        local = not isinstance(value, str) or is_address(value) or value.startswith(("/", "~"))
        return value if local else f"{folder}/{value}"

    songs = table.get("song")
    if isinstance(songs, list):
        songs = [
            {**each, "path": there(each.get("path"))} if isinstance(each, dict) else each
            for each in songs
        ]
        table = {**table, "song": songs}
    return {**table, "output": there(table.get("output", "out"))}


def _here(name: str | None) -> str | None:
    """Return a preset's name; of a file, where it lies, whatever folder the document has."""
    if name is None or not name.lower().endswith(".toml"):
        return name
    from mixmaster.documents.finding import from_home

    return str(from_home(name).absolute())
