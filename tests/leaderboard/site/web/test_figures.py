"""The figures of a track: every name has its place, few rows or many."""

from __future__ import annotations

import warnings
from xml.etree import ElementTree

import pytest

from leaderboard.board import make_board
from leaderboard.publishing import published
from leaderboard.site.web.figures import cost_figure
from tests.leaderboard.synthetic import MakeSubmission, Tasks


@pytest.mark.parametrize("models", [1, 3])  # all of which take the same time
def test_rows_of_one_cost_are_drawn_with_their_names(
    models: int, make_submission: MakeSubmission, tasks: Tasks
) -> None:
    names = [f"model-{number}" for number in range(models)]
    rows = [make_submission(name, dict.fromkeys(tasks, 0.5)) for name in names]
    (track,) = published(make_board(rows, tasks)).tracks
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = cost_figure(track).svg
    texts = [one.text for one in ElementTree.fromstring(svg).iter() if one.tag.endswith("text")]
    assert all(texts.count(name) == 2 for name in names)  # once a panel
