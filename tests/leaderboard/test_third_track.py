"""A track that nothing here knows of, brought by a package, gets its place on the board."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import yaml

from benchmark.errors import InputError
from benchmark.model import FitContext
from benchmark.registry import ENTRY_POINTS, all_tasks, tracks
from benchmark.result import Result, RunConfig, RunModel, Unit, UnitMetric
from benchmark.score import SCORER_VERSION, score_task
from benchmark.task import MetricScale, Split, Task, TaskCard
from benchmark.track import Listing, Metric, Track, Work
from leaderboard.board import Board, make_board
from leaderboard.claims.page import HEAD
from leaderboard.site.markdown import page
from leaderboard.site.render import render
from leaderboard.submission import Submission, SubmissionCard, read_submissions
from tests.leaderboard.synthetic import MakeSubmission, Tasks

REPLICAS = 2


class DiffusionCard(TaskCard):
    """Guess where a particle goes next."""

    track: Literal["diffusion"]
    dimension: int
    coefficient: float

    @property
    def replicas(self) -> int:
        return REPLICAS


def no_work() -> Work:
    raise NotImplementedError("the board asks no track to do its work")


TRACK = Track(
    name="diffusion",
    title="Diffusion",
    method="step",
    card=DiffusionCard,
    metrics=(
        Metric("spread_error", "nm", "Spread: error, pm", factor=1000.0, group="spread"),
        Metric(
            "overlap",
            "",
            "Shape: overlap, %",
            factor=100.0,
            group="shape",
            smaller_is_better=False,
            shared_noise=True,
            method="density",
            absent="gives no density",
            plural="densities",
        ),
    ),
    ends=("at rest", "ideal"),
    scale="0 = at rest, 1 = ideal",
    floor="ideal (f)",
    listing=Listing(("dimension",), lambda card: (str(card.dimension),)),
    facts=lambda card: {"dimension": str(card.dimension)},
    files=lambda task: set(),
    load=no_work,
    context=lambda card, **known: FitContext(**known),
    figure="diffusion.svg",
    meaning="Of diffusion, 0 is a particle at rest and 1 an ideal one.",
)


@pytest.fixture
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package whose entry point is the track above."""
    info = tmp_path / "site" / "diffusion-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: diffusion\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\ndiffusion = {__name__}:TRACK\n")
    monkeypatch.syspath_prepend(str(info.parent))
    tracks.cache_clear()
    yield
    tracks.cache_clear()


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Write the card of one task; it is read as any other is."""
    card = DiffusionCard(
        id="walks/plane",
        version=1,
        track="diffusion",
        title="a particle in the plane",
        description="",
        frame_time=1.0,
        time_unit="ps",
        oracle="exact",
        splits={"train": Split(rows=REPLICAS, frames=200, sha256="a" * 64)},
        metrics={
            "spread_error": MetricScale(
                group="spread", trivial=1.0, trivial_stderr=0.0, floor=0.01
            ),
            "overlap": MetricScale(
                group="shape", trivial=0.1, trivial_stderr=0.0, floor=0.9, smaller_is_better=False
            ),
        },
        generator="none",
        dimension=2,
        coefficient=0.5,
    )
    Task(card, tmp_path / "tasks" / "walks" / "cards" / "plane.yaml").write()
    return tmp_path / "tasks"


@pytest.fixture
def task(registered: None, written: Path) -> Task:
    return all_tasks([written])["walks/plane"]


def submission(name: str, task: Task, errors: Mapping[str, float]) -> Submission:
    """Make a submission whose every unit has the given errors."""
    metrics = {key: UnitMetric(value=value, stderr=0.0) for key, value in errors.items()}
    units = [
        Unit(task=task.id, version=1, replica=replica, seed=0, status="done", metrics=metrics)
        for replica in range(REPLICAS)
    ]
    result = Result(
        model=RunModel(name=name),
        config=RunConfig(
            replicas=REPLICAS,
            seeds=1,
            quick=False,
            device="cpu",
            workers=1,
            timeout=math.inf,
            tasks=[task.id],
        ),
        ranked=True,
        provenance={"scorer_version": SCORER_VERSION, "data": {task.id: task.card.fingerprints}},
        units=units,
        tasks=[score_task(task, units)],
    )
    card = SubmissionCard(name=name, title=name, authors=["N. N."], description="")
    return Submission(card, result, {task.id: result.tasks[0]})


@pytest.fixture
def submissions(task: Task) -> list[Submission]:
    return [
        submission("narrow", task, {"spread_error": 0.1, "overlap": 0.3}),
        submission("walker", task, {"spread_error": 0.1, "overlap": 0.9}),
        submission("blind", task, {"spread_error": 0.1}),
    ]


@pytest.fixture
def board(task: Task, submissions: list[Submission]) -> Board:
    return make_board(submissions, {task.id: task})


@pytest.fixture
def folder(tmp_path: Path, task: Task, submissions: list[Submission]) -> Path:
    """Write the submissions, and all that is made of them."""
    for one in submissions:
        home = tmp_path / "board" / "submissions" / "diffusion" / one.card.name
        home.mkdir(parents=True)
        (home / "card.yaml").write_text(yaml.safe_dump(one.card.model_dump()))
        one.result.write(home / "results.json")
    render(write=True, folder=tmp_path / "board", tasks={task.id: task})
    return tmp_path / "board"


def test_track_that_is_not_registered_is_no_track(written: Path) -> None:
    with pytest.raises(InputError, match="no track 'diffusion'; available: kinetics, superres"):
        all_tasks([written])


def test_large_overlap_is_a_good_one(board: Board) -> None:
    (ranking,) = board.shown
    assert [(row.name, row.rank) for row in ranking.rows] == [
        ("walker", 1), ("narrow", 2), ("blind", 3),
    ]  # fmt: skip
    best = ranking.rows[0].overall
    assert best.groups == {"spread": pytest.approx(0.5), "shape": pytest.approx(1.0)}
    assert best.value == pytest.approx(0.75)


def test_model_without_the_method_is_marked(board: Board) -> None:
    (ranking,) = board.shown
    assert {row.name: row.missing for row in ranking.rows} == {
        "walker": {"shape": 0.0}, "narrow": {"shape": 0.0}, "blind": {"shape": 1.0},
    }  # fmt: skip
    assert ranking.rows[-1].overall.groups["shape"] == 0.0


def test_page_speaks_of_the_track_in_its_own_words(folder: Path) -> None:
    text = (folder / "README.md").read_text("utf-8")
    flat = " ".join(text.split())
    assert "## Diffusion" in text
    assert "![score of every model on every task](diffusion.svg)" in text
    assert "**Score**: Of diffusion, 0 is a particle at rest and 1 an ideal one. Each" in flat
    assert "mean of its groups (spread, shape)" in flat
    assert "for densities the noise of the test set is in it too." in flat
    assert "some or all units have no shape, and count as trivial there" in flat
    assert "## Failed units and missing densities" in text
    assert "- **blind**, 2 units (walks/plane): no shape: the model has no density" in text
    assert "*ideal (f)*" in text
    for foreign in ("likelihood", "Kinetics", "uper-resolution", "training populations"):
        assert foreign not in text


def test_page_shows_errors_in_the_unit_of_the_title(folder: Path) -> None:
    text = (folder / "README.md").read_text("utf-8")
    spread = text.split("### Spread: error, pm")[1].split("### Shape: overlap, %")[0]
    assert "| [walker](submissions/diffusion/walker) |     100 |" in spread
    shape = text.split("### Shape: overlap, %")[1]
    assert "| [walker](submissions/diffusion/walker) |      90 |" in shape
    assert "| [blind](submissions/diffusion/blind)   |       – |" in shape


def test_table_for_programs_has_its_groups_and_units(folder: Path) -> None:
    rows = list(csv.DictReader((folder / "leaderboard.csv").read_text("utf-8").splitlines()))
    assert len(rows) == 3 * 2
    row = next(row for row in rows if (row["model"], row["metric"]) == ("walker", "spread_error"))
    assert (row["unit"], row["spread"], row["shape"]) == ("nm", "0.5", "1")


def test_figure_is_drawn_under_its_name(folder: Path) -> None:
    svg = (folder / "diffusion.svg").read_text("utf-8")
    for text in ("walks/plane", "walker", "at rest", "ideal", "spread", "shape"):
        assert f"<!-- {text} -->" in svg
    assert not (folder / "leaderboard.svg").exists()


def test_track_without_a_figure_shows_none(board: Board) -> None:
    (ranking,) = board.shown
    plain = replace(ranking, track=replace(TRACK, figure=""))
    assert "![" in page(board)
    assert "![" not in page(Board((plain,)))


def test_no_paper_claims_anything_of_it(folder: Path) -> None:
    assert (folder / "CLAIMS.md").read_text("utf-8") == HEAD


def test_its_submissions_are_checked_like_all_others(folder: Path, task: Task) -> None:
    found = read_submissions(folder / "submissions", {task.id: task})
    assert [one.card.name for one in found] == ["blind", "narrow", "walker"]
    path = folder / "submissions" / "diffusion" / "walker" / "results.json"
    path.write_text(path.read_text("utf-8").replace('"value": 0.9', '"value": 0.95', 1))
    with pytest.raises(InputError, match="walks/plane: the stored scores do not follow"):
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
    assert [ranking.track.name for ranking in both] == ["kinetics", "diffusion"]
    assert both[0] == alone
