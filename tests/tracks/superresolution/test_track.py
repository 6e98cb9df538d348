"""The super-resolution track from a frozen task to a score, and what must never leak."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError, ModelError
from benchmark.registry import TASKS_VARIABLE
from benchmark.score import score_task, score_unit, verify
from benchmark.store import predictions
from benchmark.task import Task
from benchmark.tracks.superresolution import data
from benchmark.tracks.superresolution.check import tiny_segment
from benchmark.tracks.superresolution.contract import declared
from benchmark.tracks.superresolution.predictions import (
    POSITION_UNIT,
    RECONSTRUCTION,
    read_positions,
    write_positions,
)
from benchmark.tracks.superresolution.segments import DenseSegment
from tasks.md17.generate import write_segment
from tests.plugs import do
from tests.tracks.superresolution.water import FRAMES, GAP, freeze_water

LINEAR = """
    import numpy as np

    class Plug:
        reads = frozenset({"positions"})

        def fit(self, train, validation, context):
            self.gap = context.gap

        def reconstruct(self, coarse):
            x, k = coarse.positions, coarse.gap
            share = (np.arange(k) / k)[:, None, None, None]
            between = (1 - share) * x[:-1] + share * x[1:]
            filled = between.swapaxes(0, 1).reshape(-1, *x.shape[1:])
            return np.concatenate([filled, x[-1:]])
"""


@pytest.fixture
def water(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    """Freeze a task of tiny molecules, findable here and in child processes."""
    monkeypatch.setenv(TASKS_VARIABLE, str(tmp_path / "roots"))
    return freeze_water(tmp_path / "roots")


def test_frozen_segments_come_back_with_their_velocities(water: Task):
    verify(water)
    (first, second) = data.load(water, "train")
    assert np.abs(first.padded - tiny_segment(FRAMES, 0).padded).max() <= 0.5e-6
    # Rounding moves a velocity by at most 1e-6 Å / 2 / 0.5 fs.
    truth = tiny_segment(FRAMES, 1)
    assert np.abs(second.velocities - truth.velocities).max() <= 1.01e-6


def test_damaged_segment_is_refused_by_name(water: Task):
    other = tiny_segment(FRAMES, 9)
    path = water.path.parent.parent / "data" / "water-01.parquet"
    write_segment(path, other.padded, {"resolution_angstrom": 1e-6})
    with pytest.raises(InputError, match=r"water-01.parquet.*not the frozen data"):
        verify(water)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match=r"water-01.parquet is not a readable Parquet file"):
        verify(water)
    path.unlink()
    with pytest.raises(InputError, match=r"water-01.parquet is missing"):
        verify(water)


def test_linear_plug_is_scored_and_scoring_again_gives_the_same(water: Task, plug, tmp_path):
    unit = do(water, plug(LINEAR), tmp_path / "unit")
    assert (unit.status, unit.reason) == ("done", "")
    metrics, fault = score_unit(water, tmp_path / "unit")
    assert fault == ""
    truth = [segment.cut(GAP) for segment in data.load(water, "test")]
    # By hand: linear interpolation at the places 2 … 8 of each gap.
    errors = []
    for segment in truth:
        x, kept = segment.positions, segment.positions[::GAP]
        for place in range(2, GAP - 1):
            guess = kept[:-1] + (kept[1:] - kept[:-1]) * place / GAP
            errors.append(np.abs(guess - x[place::GAP][: len(guess)]))
    assert metrics["mae"].value == pytest.approx(np.mean(errors), rel=1e-4)
    assert metrics == score_unit(water, tmp_path / "unit")[0]
    unit.metrics = metrics
    result = score_task(water, [unit])
    expected = np.log(0.01 / metrics["mae"].value) / np.log(100)
    assert result.score == pytest.approx(expected)
    assert result.groups == {"accuracy": pytest.approx(expected)}
    assert result.mark == ""


def test_score_is_not_capped_above(water: Task, tmp_path):
    truth = [segment.cut(GAP) for segment in data.load(water, "test")]
    tmp_path.joinpath("unit").mkdir()
    write_positions(tmp_path / "unit", [s.positions + 1e-5 for s in truth])
    metrics, _ = score_unit(water, tmp_path / "unit")
    assert metrics["mae"].value == pytest.approx(1e-5, rel=0.02)
    assert metrics["velocity_rmse"].value < 1e-6


@pytest.mark.parametrize(
    ("reads", "seen"),
    [
        ({"positions"}, (False, False)),
        ({"positions", "velocities"}, (True, False)),
        ({"positions", "velocities", "forces"}, (True, True)),
    ],
)
def test_coarse_segment_holds_what_is_declared_and_nothing_else(reads, seen):
    segment = tiny_segment(FRAMES, 0)
    coarse = segment.coarse(GAP, frozenset(reads))
    assert (coarse.velocities is not None, coarse.forces is not None) == seen
    arrays = [coarse.positions, coarse.velocities, coarse.forces]
    for array in arrays:
        if array is not None:
            assert len(array) == 21
            assert array.base is None  # a view would lead back to every frame
    assert coarse.n_frames == segment.cut(GAP).n_frames == 201


def test_hidden_frames_cannot_reach_a_model(water: Task, plug, tmp_path, monkeypatch):
    """Two truths that agree where a frame is kept, and in v and F there, give one answer."""
    path = plug(LINEAR)
    do(water, path, tmp_path / "one")
    load = data.load

    def altered(task: Task, split: str) -> list[DenseSegment]:
        segments = load(task, split)
        if split != "test":
            return segments
        for segment in segments:
            hidden = np.arange(segment.n_frames + 2) - 1
            inner = (hidden % GAP >= 2) & (hidden % GAP <= GAP - 2)
            segment.padded[inner] += np.random.default_rng(0).normal(
                size=segment.padded[inner].shape
            )
        return segments

    monkeypatch.setattr(data, "load", altered)
    do(replace(water, path=water.path.parent / "k10.yaml"), path, tmp_path / "two")
    files = [tmp_path / name / RECONSTRUCTION for name in ("one", "two")]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('reads = "positions"', "reads is 'positions'; expected a set"),
        ("reads = {'velocities'}", "expected positions, and perhaps velocities and forces"),
        ("reads = {'positions', 'energies'}", "expected positions, and perhaps"),
    ],
)
def test_declaring_what_does_not_exist_fails_in_one_line(water, plug, tmp_path, body, message):
    text = LINEAR.replace('reads = frozenset({"positions"})', body)
    unit = do(water, plug(text), tmp_path / "unit")
    assert unit.status == "failed"
    assert message in unit.reason


def test_model_without_a_declaration_fails():
    with pytest.raises(ModelError, match="reads is None; expected a set out of forces, positions"):
        declared(object())


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("coarse.positions", "reconstruct gave shape (21, 3, 3), expected (201, 3, 3)"),
        ("filled_with(np.nan)", "reconstruct gave NaN or infinite positions"),
        ("filled_with(300.0)", "reconstruct put an atom at 300 Å; the limit is 200 Å"),
        ("filled_with(1).astype(int)", "reconstruct gave int64, expected float64 positions in Å"),
    ],
)
def test_answers_that_are_no_reconstruction_fail(water, plug, tmp_path, answer, message):
    body = f"""
        import numpy as np

        class Plug:
            reads = {{"positions"}}

            def fit(self, train, validation, context):
                pass

            def reconstruct(self, coarse):
                def filled_with(value):
                    return np.full((coarse.n_frames, 3, 3), value, float)

                return {answer}
    """
    unit = do(water, plug(body), tmp_path / "unit")
    assert unit.status == "failed"
    assert message in unit.reason


def test_damaged_reconstruction_cannot_be_scored(water: Task, plug, tmp_path):
    do(water, plug(LINEAR), tmp_path / "unit")
    predictions.write(tmp_path / "unit", RECONSTRUCTION, np.zeros((4, 7), np.int32))
    with pytest.raises(ModelError, match=re.escape("shape (4, 7), expected (4, 1809)")):
        score_unit(water, tmp_path / "unit")
    (tmp_path / "unit" / RECONSTRUCTION).unlink()
    with pytest.raises(ModelError, match=r"positions\.parquet is missing"):
        score_unit(water, tmp_path / "unit")


def test_positions_come_back_as_they_were_rounded(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    made = [rng.uniform(-200, 200, (50, 2, 3)) for _ in range(3)]  # differences beyond 32 bits
    write_positions(tmp_path, made)
    for one, found in zip(made, read_positions(tmp_path, [(50, 2, 3)] * 3), strict=True):
        assert np.array_equal(found, np.rint(one / POSITION_UNIT) * POSITION_UNIT)


def test_older_file_of_coordinates_is_read_alike(tmp_path: Path) -> None:
    made = np.random.default_rng(5).uniform(-9, 9, (3, 50, 2, 3))
    rows = np.rint(made.reshape(3, -1) / POSITION_UNIT).astype(np.int32)
    predictions.write(tmp_path, RECONSTRUCTION, rows)
    older = read_positions(tmp_path, [(50, 2, 3)] * 3)
    write_positions(tmp_path, list(made))
    assert np.array_equal(older, read_positions(tmp_path, [(50, 2, 3)] * 3))


def test_file_of_smooth_motion_is_short(tmp_path: Path) -> None:
    time = np.linspace(0, 20, 5_000)[:, None, None]
    write_positions(tmp_path, [np.sin(time + np.arange(27).reshape(9, 3))])
    assert (tmp_path / RECONSTRUCTION).stat().st_size < 5_000 * 27
