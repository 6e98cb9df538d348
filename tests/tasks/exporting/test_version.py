"""One version, said in five places; and data that are those of their version."""

from __future__ import annotations

import re
import tomllib

import yaml

from benchmark import __version__
from benchmark.registry import find_task, shipped_tasks
from tasks.exporting.version import data_fingerprint, released
from tests.plugs import ROOT


def test_package_citation_and_changelog_are_of_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.findall(r"^## \[(.*?)\]", changelog, re.MULTILINE)[0]
    assert project["version"] == cff["version"] == __version__
    assert newest in ("Unreleased", __version__)


def test_data_of_a_released_version_are_those_that_were_released() -> None:
    known = released()
    assert known.get(__version__) in (None, data_fingerprint(shipped_tasks().values()))


def test_fingerprint_does_not_depend_on_the_order_and_changes_with_any_task() -> None:
    tasks = [find_task("potentials/linear3"), find_task("potentials/triangular3")]
    found = data_fingerprint(tasks)
    assert found == data_fingerprint(tasks[::-1])
    changed = tasks[0].card.model_copy(update={"version": 99})
    assert found != data_fingerprint([type(tasks[0])(changed, tasks[0].path), tasks[1]])
