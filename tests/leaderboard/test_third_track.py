"""A track that nothing here knows of, brought by a package, gets its place on the board."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.registry import ENTRY_POINTS, all_tasks, tracks
from benchmark.result import Result, RunConfig, RunModel, Unit, UnitMetric
from benchmark.score import SCORER_VERSION, score_task
from benchmark.task import MetricScale, Split, Task
from benchmark.track import Metric
from leaderboard.board import Board, make_board
from leaderboard.card import write_card
from leaderboard.site.claims_page import HEAD
from leaderboard.site.render import render
from leaderboard.submission import Submission, read_submissions
from tests import third_track
from tests.leaderboard.synthetic import MakeSubmission, Tasks, large_files, make_card

TRACK = replace(
    third_track.TRACK,
    metrics=(
        Metric("offset", "V", "Offset, mV", factor=1000.0, group="closeness"),
        Metric(
            "likeness",
            "",
            "Likeness, %",
            factor=100.0,
            group="shape",
            smaller_is_better=False,
            shared_noise=True,
            method="density",
            absent="gives no density",
            plural="densities",
        ),
    ),
    meaning="Of tones, 0 is silence and 1 the tone itself.",
    noise="Of tones it is from the phases.",
)


@pytest.fixture
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package whose entry point is the track above."""
    info = tmp_path / "site" / "tones-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tones\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\ntones = {__name__}:TRACK\n")
    monkeypatch.syspath_prepend(str(info.parent))
    tracks.cache_clear()
    yield
    tracks.cache_clear()


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Write the card of one task; it is read as any other is."""
    card = third_track.ToneCard(
        id="tones/low",
        version=1,
        track="tones",
        title="a low tone",
        description="",
        frame_time=1.0,
        time_unit="s",
        oracle="exact",
        splits={"train": Split(rows=1, frames=200, sha256="a" * 64)},
        metrics={
            "offset": MetricScale(group="closeness", trivial=1.0, trivial_stderr=0.0, floor=0.01),
            "likeness": MetricScale(
                group="shape", trivial=0.1, trivial_stderr=0.0, floor=0.9, smaller_is_better=False
            ),
        },
        generator="none",
        frequency=0.1,
    )
    Task(card, tmp_path / "tasks" / "tones" / "cards" / "low.yaml").write()
    return tmp_path / "tasks"


@pytest.fixture
def task(registered: None, written: Path) -> Task:
    return all_tasks([written])["tones/low"]


def submission(name: str, task: Task, errors: Mapping[str, float]) -> Submission:
    """Make a submission of one unit with the given errors."""
    metrics = {
        key: UnitMetric(value=value, stderr=0.0, unit=TRACK.metric(key).unit)
        for key, value in errors.items()
    }
    unit = Unit(task=task.id, version=1, replica=0, seed=0, status="done", metrics=metrics)
    result = Result(
        model=RunModel(name=name),
        config=RunConfig(
            replicas=1,
            seeds=1,
            quick=False,
            device="cpu",
            workers=1,
            timeout=3600.0,
            tasks=[task.id],
        ),
        ranked=True,
        provenance={"scorer_version": SCORER_VERSION, "data": {task.id: task.card.fingerprints}},
        units=[unit],
        tasks=[score_task(task, [unit])],
    )
    card = make_card(name)
    return Submission(card, result, {task.id: result.tasks[0]})


@pytest.fixture
def submissions(task: Task) -> list[Submission]:
    return [
        submission("vague", task, {"offset": 0.1, "likeness": 0.3}),
        submission("clear", task, {"offset": 0.1, "likeness": 0.9}),
        submission("bare", task, {"offset": 0.1}),
    ]


@pytest.fixture
def board(task: Task, submissions: list[Submission]) -> Board:
    return make_board(submissions, {task.id: task})


@pytest.fixture
def folder(tmp_path: Path, task: Task, submissions: list[Submission]) -> Path:
    """Write the submissions, and all that is made of them."""
    for one in submissions:
        home = tmp_path / "board" / "submissions" / "tones" / one.card.name
        home.mkdir(parents=True)
        write_card(one.card, home / "card.yaml")
        one.result.write(home / "results.json")
        large_files(one.card.name, one.result).write(home / "manifest.json")
    render(write=True, folder=tmp_path / "board", tasks={task.id: task})
    return tmp_path / "board"


def test_track_that_is_not_registered_is_no_track(written: Path) -> None:
    with pytest.raises(InputError, match="no track 'tones'; available: kinetics, superres"):
        all_tasks([written])


def test_great_likeness_is_a_good_one(board: Board) -> None:
    (ranking,) = board.shown
    assert [(row.name, row.rank) for row in ranking.rows] == [
        ("clear", 1), ("vague", 2), ("bare", 3),
    ]  # fmt: skip
    best = ranking.rows[0].overall
    assert best.groups == {"closeness": pytest.approx(0.5), "shape": pytest.approx(1.0)}
    assert best.value == pytest.approx(0.75)


def test_model_without_the_method_is_marked(board: Board) -> None:
    (ranking,) = board.shown
    assert {row.name: row.missing for row in ranking.rows} == {
        "clear": {"shape": 0.0}, "vague": {"shape": 0.0}, "bare": {"shape": 1.0},
    }  # fmt: skip
    assert ranking.rows[-1].overall.groups["shape"] == 0.0


def test_page_speaks_of_the_track_in_its_own_words(folder: Path) -> None:
    text = (folder / "README.md").read_text("utf-8")
    flat = " ".join(text.split())
    assert "## Tones" in text
    assert "![score of every model on every task](tones.svg)" in text
    assert "**Score**: Of tones, 0 is silence and 1 the tone itself. Each" in flat
    assert "mean of its groups (closeness, shape)" in flat
    assert "for densities the noise of the test set is in it too. Of tones it is from" in flat
    assert "some or all units have no shape, and count as trivial there" in flat
    assert "## Failed units and missing densities" in text
    assert "- **bare**, 1 unit (tones/low): no shape: the model has no density" in text
    assert "*exact (f)*" in text
    for foreign in ("likelihood", "Kinetics", "uper-resolution", "training populations"):
        assert foreign not in text


def test_page_shows_errors_in_the_unit_of_the_title(folder: Path) -> None:
    text = " ".join((folder / "README.md").read_text("utf-8").split())
    offsets, likenesses = text.split("### Offset, mV")[1].split("### Likeness, %")
    assert "| [clear](submissions/tones/clear) | 100 |" in offsets
    assert "| [clear](submissions/tones/clear) | 90 |" in likenesses
    assert "| [bare](submissions/tones/bare) | – |" in likenesses


def test_table_for_programs_has_its_groups_and_units(folder: Path) -> None:
    rows = list(csv.DictReader((folder / "leaderboard.csv").read_text("utf-8").splitlines()))
    assert len(rows) == 3 * 2
    row = next(row for row in rows if (row["model"], row["metric"]) == ("clear", "offset"))
    assert (row["unit"], row["closeness"], row["shape"]) == ("V", "0.5", "1")


def test_figure_is_drawn_under_its_name(folder: Path) -> None:
    svg = (folder / "tones.svg").read_text("utf-8")
    for text in ("tones/low", "clear", "silence", "exact", "closeness", "shape"):
        assert f"<!-- {text} -->" in svg
    assert not (folder / "leaderboard.svg").exists()


def test_no_paper_claims_anything_of_it(folder: Path) -> None:
    assert (folder / "CLAIMS.md").read_text("utf-8") == HEAD


def test_its_submissions_are_checked_like_all_others(folder: Path, task: Task) -> None:
    found = read_submissions(folder / "submissions", {task.id: task})
    assert [one.card.name for one in found] == ["bare", "clear", "vague"]
    path = folder / "submissions" / "tones" / "clear" / "results.json"
    path.write_text(path.read_text("utf-8").replace('"value": 0.9', '"value": 0.95', 1))
    with pytest.raises(InputError, match="tones/low: the stored scores do not follow"):
        read_submissions(folder / "submissions", {task.id: task})


def test_it_stands_beside_the_tracks_that_were_there(
    task: Task,
    submissions: list[Submission],
    tasks: Tasks,
    make_submission: MakeSubmission,
) -> None:
    msm = make_submission("msm", 0.5)
    alone = make_board([msm], tasks).shown[0]
    both = make_board([*submissions, msm], {**tasks, task.id: task}).shown
    assert [ranking.track.name for ranking in both] == ["kinetics", "tones"]
    assert both[0] == alone
