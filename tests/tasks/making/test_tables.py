"""The tables of E₀ and f in the families' pages are those of their cards."""

from __future__ import annotations

from pathlib import Path

import pytest

import tasks
from benchmark.registry import select_tasks
from benchmark.task import Task
from tasks.making.tables import scale_table


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


@pytest.mark.parametrize(
    ("family", "folder"),
    [("potentials",) * 2, ("doublewell",) * 2, ("md17-xtb-nvt", "md17_nvt")],
)
def test_page_of_a_family_shows_the_scales_of_its_cards(family: str, folder: str) -> None:
    page = (Path(tasks.__file__).parent / folder / "README.md").read_text("utf-8")
    shown = [cells(row) for row in page.splitlines()]
    header, _, *rows = scale_table(select_tasks([f"{family}/*"])).splitlines()
    assert cells(header) in shown
    for row in rows:
        assert cells(row) in shown


def test_metric_that_does_not_count_is_in_brackets_and_one_only_shown_is_not_there(
    toy: Task,
) -> None:
    metrics = dict(toy.card.metrics)
    near = metrics["its_error"].model_copy(update={"floor": metrics["its_error"].trivial / 2})
    card = toy.card.model_copy(update={"metrics": metrics | {"its_error": near}})
    header, _, row = scale_table([Task(card, toy.path)]).splitlines()
    assert "`population_error`" not in cells(header)
    place = cells(header).index("`its_error`")
    assert cells(row)[place] == f"({near.trivial:.3g} / {near.floor:.2g})"
