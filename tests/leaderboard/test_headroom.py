"""The share of cells that cannot be better, on rows whose z is known."""

from __future__ import annotations

from leaderboard.board import make_board
from leaderboard.headroom import Mark, cells, table
from tests.leaderboard.synthetic import MakeSubmission, Tasks


def test_cells_reach_a_mark_by_their_z(tasks: Tasks, make_submission: MakeSubmission) -> None:
    """Without a perfect sampler in the cards, z ends at 1, where fresh data are, too."""
    board = make_board([make_submission("top", {"left/a": 1.0, "right/c": 0.2})], tasks)
    (ranking,) = board.rankings
    (row,) = ranking.rows
    for mark in Mark:
        left = [reached for _, reached in cells(row, [tasks["left/a"].card], mark)]
        right = [reached for _, reached in cells(row, [tasks["right/c"].card], mark)]
        assert left
        assert right
        assert all(left)
        assert not any(right)


def test_table_has_a_row_a_family_and_leaves_out_what_is_asked(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    rows = [make_submission(name, {"left/a": z, "right/c": 0.2}) for name, z in
            (("first", 1.0), ("second", 0.3))]  # fmt: skip
    (ranking,) = make_board(rows, tasks).rankings
    both = {line[0]: line[-1] for line in table(ranking, 2, Mark.perfect)}
    assert both["left"].startswith("50% of")
    assert both["right"].startswith("0% of")
    assert both["all"].startswith("25% of")
    assert {line[0]: line[-1] for line in table(ranking, 1, Mark.perfect)}["left"].startswith(
        "100%"
    )
    assert [line[0] for line in table(ranking, 2, Mark.perfect, ["left/*"])] == ["right", "all"]
