"""The command that writes the site, and the figures that are drawn once."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.registry import find_task
from leaderboard.site.web.addresses import data_figure
from leaderboard.site.web.command import write_site
from leaderboard.site.web.task_figures import task_figures
from leaderboard.submission import Submission
from tests.leaderboard.synthetic import MakeSubmission, Tasks
from tests.plugs import command, one_line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--site", "--check"], "leave out one of the options"),
        (["somewhere"], "a folder is for --site"),
    ],
)
def test_options_that_contradict_are_one_line_and_write_nothing(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    code, _, error = command(capsys, "leaderboard", *arguments)
    assert code == 2
    assert one_line(error)
    assert message in error


def test_folder_of_something_else_is_refused_before_anything_is_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").write_text("years")
    code, _, error = command(capsys, "leaderboard", "--site", tmp_path)
    assert code == 2
    assert "would be lost" in error
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_site_is_that_of_the_submissions_of_a_folder(
    tmp_path: Path, tasks: Tasks, make_submission: MakeSubmission, write_submission
) -> None:
    one: Submission = make_submission("lstm", 0.9)
    folder = write_submission(one).parents[1]
    first = write_site(tmp_path / "site", folder, tasks, figures=False)
    assert first == tmp_path / "site" / "index.html"
    assert "lstm" in first.read_text("utf-8")
    assert (tmp_path / "site" / "models" / "kinetics--lstm.html").is_file()


def test_figure_of_a_task_is_taken_from_the_earlier_site_while_its_card_is_the_same(
    tmp_path: Path,
) -> None:
    task = find_task("potentials/linear3")
    name = data_figure(task.id, str(task.card.fingerprints["card"]))
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / f"{name}.svg").write_text("drawn before")
    assert task_figures({task.id: task}, [task.id], tmp_path) == {task.id: "drawn before"}
    drawn = task_figures({task.id: task}, [task.id], tmp_path / "elsewhere")[task.id]
    assert drawn.startswith("<?xml")
