"""The container file and the compose file: what they name exists, and nothing is left open."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
yaml: Any = pytest.importorskip("yaml")  # comes with Dask


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    text = (PROJECT / "container" / "compose.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@pytest.fixture(scope="module")
def lines() -> list[str]:
    text = (PROJECT / "container" / "Containerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", " ", text)
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def options(module: str) -> set[str]:
    """The options that a command of Dask's has."""
    command = importlib.import_module(module).main
    return {name for each in command.params for name in (*each.opts, *each.secondary_opts)}


@pytest.mark.parametrize("service", ["scheduler", "worker"])
def test_daemons_are_started_with_options_that_exist(compose: dict[str, Any], service: str) -> None:
    pytest.importorskip("distributed")
    program, command, *rest = compose["services"][service]["command"]
    assert (program, command) == ("dask", service)
    known = options(f"distributed.cli.dask_{service}")
    said = {each for each in rest if each.startswith("--")}
    assert said
    assert said <= known


def test_workers_find_the_scheduler_by_its_name(compose: dict[str, Any]) -> None:
    scheduler, worker = (compose["services"][name]["command"] for name in ("scheduler", "worker"))
    port = scheduler[scheduler.index("--port") + 1]
    assert f"tcp://scheduler:{port}" in worker
    assert compose["services"]["worker"]["depends_on"] == ["scheduler"]


def test_nothing_is_published_and_nothing_runs_with_more_than_it_needs(
    compose: dict[str, Any],
) -> None:
    for service in compose["services"].values():
        assert "ports" not in service
        assert "privileged" not in service
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["networks"] == ["cluster"]


def test_no_secret_is_written_down_and_images_are_of_one_version(
    compose: dict[str, Any], lines: list[str]
) -> None:
    for service in compose["services"].values():
        assert not service["image"].endswith(":latest")
        assert ":" in service["image"]
        said = service.get("environment", [])
        if isinstance(said, dict):
            assert all(re.fullmatch(r"\$\{\w+:-\}", value) for value in said.values())
        else:
            assert not [each for each in said if "=" in each]
    images = [line.split()[1] for line in lines if line.startswith("FROM")]
    assert len(set(images)) == 1  # what is built in one runs in the other
    assert re.fullmatch(r"\S+/python:\d+\.\d+\.\d+-\S+", images[0])


def test_whoever_starts_batches_sees_what_workers_see(compose: dict[str, Any]) -> None:
    worker, batch = compose["services"]["worker"], compose["services"]["batch"]
    assert worker["volumes"] == batch["volumes"]
    assert worker["image"] == batch["image"] == compose["services"]["scheduler"]["image"]
    folders = [each.rpartition(":")[2] for each in worker["volumes"]]
    assert folders == ["/songs", "/scratch"]
    for service in ("worker", "batch", "store"):
        for each in compose["services"][service]["volumes"]:
            source = each.rpartition(":")[0]
            assert source.startswith("$") or source in compose["volumes"]


def test_the_image_is_made_of_what_is_there(lines: list[str]) -> None:
    with (PROJECT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY") and "--" not in line]
    for name in [name for names in copied for name in names]:
        assert (PROJECT / name).exists(), name
    needed = {"pyproject.toml", "src", "presets", project["readme"], *project["license-files"]}
    assert needed <= {name for names in copied for name in names}
    (extras,) = re.findall(r"'\.\[([\w,]+)\]'", "\n".join(lines))
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    assert {"cluster", "cloud"} <= set(extras.split(","))


def test_nothing_runs_as_root(lines: list[str]) -> None:
    names = [line.split()[1] for line in lines if line.startswith("USER")]
    assert names
    assert names[-1] not in {"root", "0"}
    last = max(i for i, line in enumerate(lines) if line.startswith("USER"))
    assert not [line for line in lines[last:] if line.startswith(("RUN", "COPY"))]


def test_the_guide_names_the_same_options() -> None:
    pytest.importorskip("distributed")
    text = (PROJECT / "docs" / "cluster.md").read_text(encoding="utf-8")
    for command in ("scheduler", "worker"):
        known = options(f"distributed.cli.dask_{command}")
        for line in re.findall(rf"^\s+dask {command} .*$", text, re.MULTILINE):
            assert set(re.findall(r"--[\w-]+", line)) <= known
