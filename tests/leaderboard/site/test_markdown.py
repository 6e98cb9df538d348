"""The page: what it says of ranks, errors and troubles, track by track."""

from __future__ import annotations

from dataclasses import replace

from benchmark.result import Unit
from leaderboard.board import make_board
from leaderboard.comparison import resolution
from leaderboard.publishing import published
from leaderboard.site.markdown import EMPTY, page
from tests.leaderboard.synthetic import MakeSubmission, Tasks


def row(text: str, first: str) -> list[str]:
    """Give the cells of the first row that begins so."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {first}"))
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_page_shows_ranks_marks_and_both_ends(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    submissions = [
        make_submission("iid", 0.0, role="control"),
        make_submission("replay", 0.8, likelihood=False),
        make_submission("lstm", 0.9),
    ]
    text = page(published(make_board(submissions, tasks)))
    overall = [line for line in text.splitlines() if line.startswith("|")][2:5]
    assert [line.split("|")[1].strip() for line in overall] == ["1", "2", "–"]
    assert "†" in overall[1]
    assert "†" not in overall[0]
    assert "*[iid](submissions/kinetics/iid)*" in overall[2]
    assert "data-limited (f)" in text
    assert (
        "- **replay**, 9 units (left/a, left/b, right/c): no likelihood: the model has no predict"
        in text
    )
    # Regret is shown in mnats: E₀ = 1 nat.
    assert "| *trivial (E₀)*" in text
    assert " 1e+03 |" in text


def test_error_without_a_measurement_is_a_dash_not_the_trivial_value(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    text = page(published(make_board([make_submission("m", 0.8, likelihood=False)], tasks)))
    regret = text.split("regret, mnats/frame")[1]
    assert row(regret, "[m]")[1:3] == ["–", "–"]


def test_error_that_does_not_count_is_in_brackets(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    text = page(published(make_board([make_submission("m", 0.5, spread=0.0)], tasks)))
    assert row(text.split("free energies, rms, kT")[1], "[m]")[1:] == ["[0.1]", "[0.1]"]
    assert row(text.split("mean first passage times")[1], "[m]")[1:] == ["0.1", "0.1"]


def test_task_that_was_not_run_is_said_to_be(tasks: Tasks, make_submission: MakeSubmission) -> None:
    text = page(published(make_board([make_submission("m", {"left/a": 0.5}, spread=0.0)], tasks)))
    family = text.split("## Left")[1]
    assert row(family.split("### Scores")[1], "[m]")[1:] == ["0.25", "0.5", "not run"]
    assert row(family.split("mean first passage times")[1], "[m]")[1:] == ["0.1", "not run"]


def test_family_has_its_own_tasks_alone(tasks: Tasks, make_submission: MakeSubmission) -> None:
    text = page(published(make_board([make_submission("m", 0.5)], tasks)))
    left, right = text.split("## Left")[1].split("## Right")
    assert row(left, "model")[1:] == ["family", "a", "b"]
    assert row(right, "model")[1:] == ["family", "c"]


def test_what_a_task_can_tell_stands_below_its_scores(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    board = make_board([make_submission("m", 0.5), make_submission("n", 0.6, spread=0.5)], tasks)
    (ranking,) = board.rankings
    models = [one.scores for one in ranking.rows]
    told = [
        resolution(models, [card for card in ranking.cards if card.id in wanted])
        for wanted in (("left/a", "left/b"), ("left/a",), ("left/b",))
    ]
    assert min(told) > 0.01
    found = row(page(published(board)).split("## Left")[1], "*resolution*")[1:]
    assert found == [f"{value:.2f}" for value in told]


def test_perfect_error_stands_below_the_data_limited_one_where_it_is_known(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    board = [make_submission("m", 0.5)]
    assert "perfect (p)" not in page(published(make_board(board, tasks)))
    card = tasks["left/a"].card
    scale = card.metrics["mfpt_error"].model_copy(update={"perfect": 0.004})
    metrics = {**card.metrics, "mfpt_error": scale}
    tasks["left/a"] = replace(tasks["left/a"], card=card.model_copy(update={"metrics": metrics}))
    text = page(published(make_board(board, tasks))).split("mean first passage times")[1]
    assert row(text, "*perfect (p)*")[1:] == ["0.004", "–"]


def test_reasons_cannot_break_the_page(tasks: Tasks, make_submission: MakeSubmission) -> None:
    one = make_submission("m", 0.8)
    broken: Unit = one.result.units[0]
    broken.status, broken.reason = "failed", "a | b\n## <script>"
    text = page(published(make_board([one], tasks)))
    assert "- **m**, 1 unit (left/a): failed: a \\| b ## &lt;script&gt;" in text


def test_sound_board_has_no_section_of_troubles(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    one = make_submission("m", 0.8)
    assert "## Failed units" not in page(published(make_board([one], tasks)))
    one.result.units[0].status = "timeout"
    assert "## Failed units and missing likelihoods" in page(published(make_board([one], tasks)))


def test_page_without_submissions_says_so(tasks: Tasks) -> None:
    assert page(published(make_board([], tasks))) == EMPTY
