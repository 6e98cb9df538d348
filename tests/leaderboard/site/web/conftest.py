"""A small site of two tracks, and the browser that opens it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leaderboard.board import make_board
from leaderboard.publishing import published
from leaderboard.site.web.build import build_site
from leaderboard.submission import Submission
from leaderboard.units import row_units
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_superresolution_task

MakeSite = Callable[..., Path]

CHANGELOG = """# Changelog

## [Unreleased]

### Added

- A `site`.

## [0.1.0] - 2026-01-02

The first <b>version</b>.
"""


def site_of(folder: Path, submissions: list[Submission], tasks: Tasks, **options: object) -> Path:
    """Write the site of some submissions."""
    ranked = make_board(submissions, tasks)
    units = {
        (ranking.track.name, row.name): row_units(row.submission)
        for ranking in ranked.rankings
        for row in ranking.rows
    }
    build_site(folder, published(ranked), units, changelog=CHANGELOG, **options)  # type: ignore[arg-type]
    return folder


@pytest.fixture
def rows(tasks: Tasks, make_submission: MakeSubmission) -> list[Submission]:
    """Models with and without likelihood, a control, a partial row; a row of the other track."""
    filling = make_superresolution_task("md17-xtb/water-k10")
    tasks[filling.id] = filling
    return [
        make_submission("lstm", {"left/a": 0.9, "left/b": 0.9, "right/c": 0.4}),
        make_submission("transformer", 0.7, spread=0.4),
        make_submission("replay", 0.8, likelihood=False),
        make_submission("part", {"left/a": 0.6}),
        make_submission("iid", 0.0, role="control"),
        make_submission("ridge", {filling.id: 1.4}),
    ]


@pytest.fixture
def site(tmp_path: Path, rows: list[Submission], tasks: Tasks) -> Path:
    return site_of(tmp_path / "site", rows, tasks)
