"""What the docs show runs as it stands there."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.check import check_model
from benchmark.loading import load_model, shipped_models
from benchmark.registry import TASKS_VARIABLE
from tests.docs.blocks import DOCS, PAGES, blocks, run_block
from tests.plugs import ROOT

PLUGS = [
    (page, block.file, re.search(r"^class (\w+)", block.text, re.MULTILINE))
    for page in PAGES
    for block in blocks(page)
    if block.file.startswith("my") and not block.reason
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty folder to work in, beside the clone's own folders."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv(TASKS_VARIABLE, str(tmp_path / "tasks-of-mine"))
    (tmp_path / "leaderboard").symlink_to(ROOT / "leaderboard")
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.timeout(300)
def test_short_commands_of_a_page_run(
    page: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for block in blocks(page):
        if not block.slow:
            run_block(block, folder, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if any(block.slow for block in blocks(p))])
@pytest.mark.timeout(1800)
def test_all_commands_of_a_page_run_in_order(
    page: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for block in blocks(page):
        run_block(block, folder, capsys)


@pytest.mark.parametrize(
    ("page", "track"), [("kinetics.md", "kinetics"), ("superresolution.md", "superresolution")]
)
def test_every_shipped_model_is_named(page: str, track: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    named = {name.removeprefix("bi-") for name in re.findall(r"`([a-z0-9-]+)`", text)}
    assert {name.removeprefix("bi-") for name in shipped_models(track)} <= named


@pytest.mark.parametrize(("page", "file", "name"), PLUGS)
def test_plug_of_a_page_keeps_the_contract(
    page: str, file: str, name: re.Match[str], folder: Path
) -> None:
    for block in blocks(page):
        if block.file:
            (folder / block.file).write_text(block.text, "utf-8")
    findings = check_model(load_model(str(folder / file)))
    assert [finding.fault for finding in findings if finding.fault] == []


def test_what_is_not_run_says_why() -> None:
    unrun = [block for page in PAGES for block in blocks(page) if block.reason]
    assert all(len(block.reason) > 15 for block in unrun)
    assert len(unrun) < 12


def test_every_page_is_in_the_contents() -> None:
    contents = (DOCS / "index.md").read_text("utf-8").split("{toctree}")[1].split("```")[0]
    listed = {f"{line}.md" for line in contents.split("\n\n")[1].split()}
    assert listed == {*PAGES} - {"index.md"}


def test_every_command_of_the_harness_is_in_the_docs() -> None:
    from benchmark import cli

    shown = " ".join((DOCS / page).read_text("utf-8") for page in PAGES)
    names = [one.name or one.callback.__name__ for one in cli.app.registered_commands]
    assert [name for name in names if f"benchmark {name}" not in shown] == []


@pytest.mark.skipif(
    importlib.util.find_spec("sphinx") is None
    or importlib.util.find_spec("myst_parser") is None
    or importlib.util.find_spec("furo") is None,
    reason="the extra `docs` is not installed: pip install -e '.[docs]'",
)
def test_docs_build_without_a_warning(tmp_path: Path) -> None:
    call = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(DOCS), str(tmp_path)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "faq.html").exists()
