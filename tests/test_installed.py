"""What an installed package does without: copies of the clone as a wheel would lay it out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.installed import is_installed
from benchmark.registry import find_task, read_card, track_of
from benchmark.store.frozen import is_left_out, load
from benchmark.task import Task
from tests.plugs import ROOT

NAME = "alanine/macro4-10ps"


@pytest.fixture
def packaged(tmp_path: Path) -> Task:
    """Give a task without its fresh chains, in folders as of an installed package."""
    (tmp_path / "benchmark").mkdir()
    task = find_task(NAME)
    card = tmp_path / task.path.relative_to(ROOT)
    card.parent.mkdir(parents=True)
    shutil.copyfile(task.path, card)
    data = tmp_path / task.data.relative_to(ROOT)
    shutil.copytree(task.data, data, ignore=shutil.ignore_patterns("fresh.parquet"))
    return read_card(card)


def test_a_clone_is_no_installed_package(packaged: Task) -> None:
    assert not is_installed(ROOT)
    assert is_installed(packaged.path.parents[3])


def test_fresh_chains_are_not_missed_until_somebody_asks_for_them(packaged: Task) -> None:
    for read in track_of(packaged).work.frozen(packaged):
        read()
    assert is_left_out(packaged, "fresh")
    with pytest.raises(InputError, match=r"not part of the installed package; work in a clone"):
        load(packaged, "fresh")


def test_any_other_split_is_missed(packaged: Task) -> None:
    (packaged.data / "train.parquet").unlink()
    with pytest.raises(InputError, match="is missing"):
        [read() for read in track_of(packaged).work.frozen(packaged)]


def test_fresh_chains_are_missed_in_a_clone(packaged: Task) -> None:
    (packaged.path.parents[3] / "pyproject.toml").touch()
    with pytest.raises(InputError, match="is missing"):
        [read() for read in track_of(packaged).work.frozen(packaged)]


def test_task_is_drawn_without_fresh_chains(packaged: Task, tmp_path: Path) -> None:
    from benchmark.console.plots import draw_task

    draw_task(packaged, tmp_path / "task.png")
    assert (tmp_path / "task.png").stat().st_size > 10_000
