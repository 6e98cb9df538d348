"""Figures of super-resolution: of a task, of a run, and which lines are in them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from benchmark.console.plots import draw_run, draw_task
from benchmark.errors import InputError, ModelError
from benchmark.registry import TASKS_VARIABLE, find_task
from benchmark.run.scoring import score_run
from benchmark.task import Task
from benchmark.tracks.superresolution import plots
from benchmark.tracks.superresolution.card import superresolution_card
from tests.plugs import command
from tests.tracks.superresolution.water import GAP, TIME_STEP, WATER, finished_run, freeze_water

KEPT_FRAMES = 21


@pytest.fixture
def water(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    monkeypatch.setenv(TASKS_VARIABLE, str(tmp_path / "roots"))
    return freeze_water(tmp_path / "roots")


def drawn(task: Task) -> list[dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Draw a task; give x and y of the labelled lines of each panel."""
    figure = Figure()
    plots.draw(figure, task)
    return [
        {
            str(line.get_label()): (np.asarray(line.get_xdata()), np.asarray(line.get_ydata()))
            for line in axis.lines
        }
        for axis in figure.axes
    ]


def test_task_is_drawn_with_the_interpolants_that_learn_nothing(water):
    bond, places, spectrum = drawn(water)
    assert {"truth", "linear interpolation", "quintic Hermite", "kept frames"} <= set(bond)
    shown = ["linear interpolation", "cubic spline", "cubic Hermite", "quintic Hermite"]
    assert [name for name in places if not name.startswith("_")] == shown
    assert "linear interpolation" in spectrum


def test_bond_lengths_are_true_at_kept_frames_and_times_are_physical(water):
    bond, *_ = drawn(water)
    times, kept = bond["kept frames"]
    assert np.allclose(np.diff(times), GAP * TIME_STEP)
    for name in ("truth", "linear interpolation", "quintic Hermite"):
        x, y = bond[name]
        np.testing.assert_allclose(y[np.isin(x, times)], kept, atol=1e-12)
    # Straight lines of atoms do not follow a bond that vibrates in 9 fs; quintics nearly do.
    truth = bond["truth"][1]
    misses = [
        np.abs(bond[name][1] - truth).max() for name in ("linear interpolation", "quintic Hermite")
    ]
    assert misses[1] < 0.2 * misses[0]


def test_errors_by_place_are_symmetric_and_largest_in_the_middle(water):
    _, places, _ = drawn(water)
    x, y = places["linear interpolation"]
    assert x.tolist() == list(range(1, GAP))
    assert y.argmax() == 4
    np.testing.assert_allclose(y, y[::-1], rtol=0.3)


def test_describe_draws_a_task_of_super_resolution(water, tmp_path, capsys):
    code, out, _ = command(capsys, "describe", WATER, "--plot", tmp_path / "w.svg")
    assert code == 0
    assert f"drawn: {tmp_path / 'w.svg'}" in out
    text = (tmp_path / "w.svg").read_bytes()
    draw_task(water, tmp_path / "w.svg")
    assert (tmp_path / "w.svg").read_bytes() == text  # no date, no chance


def test_molecule_without_bonds_and_task_without_scale_are_drawn(water, tmp_path):
    bare = superresolution_card(water).model_copy(update={"bonds": [], "metrics": {}})
    draw_task(Task(bare, water.path), tmp_path / "w.png")
    assert (tmp_path / "w.png").stat().st_size > 5_000


def test_damaged_segments_are_an_input_error_and_leave_no_figure(water, tmp_path):
    (water.path.parent.parent / "data" / "water-03.parquet").unlink()
    with pytest.raises(InputError, match=r"water-03\.parquet is missing"):
        draw_task(Task(water.card, water.path.parent / "other.yaml"), tmp_path / "w.png")
    assert not (tmp_path / "w.png").exists()


def test_run_is_drawn_once_and_again_where_it_has_changed(water, tmp_path):
    run = finished_run(tmp_path / "run", [water], "hermite3", seeds=2)
    result = score_run(run)
    told = []
    (figure,) = draw_run(run, result, told.append)
    assert figure == run / "figures" / "water--k10.png"
    assert [str(event.key) for event in told] == ["water/k10 r0-s0"]
    os.utime(figure, (1, 1))
    draw_run(run, result, told.append)
    first = figure.stat().st_mtime
    assert first > 1
    draw_run(run, result, told.append)
    assert figure.stat().st_mtime == first


def test_damaged_predictions_are_a_model_error(water, tmp_path):
    (tmp_path / "positions.parquet").write_bytes(b"no")
    with pytest.raises(ModelError, match="damaged"):
        plots.draw_reconstruction(water, tmp_path, "mine", tmp_path / "w.png")


def test_run_draws_unless_told_not_to_and_score_if_told_to(water, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    base = ["run", "--model", "linear", "--tasks", WATER, "--workers", 1, "--out", tmp_path / "run"]
    code, out, _ = command(capsys, *base, "--no-plots")
    assert code == 0
    assert "drawn" not in out
    assert not (tmp_path / "run" / "figures").exists()
    code, out, _ = command(capsys, *base)
    assert code == 0
    assert f"drawn: {tmp_path / 'run' / 'figures' / 'water--k10.png'}\n" in out
    (tmp_path / "run" / "figures" / "water--k10.png").unlink()
    assert command(capsys, "score", tmp_path / "run")[0] == 0
    assert not (tmp_path / "run" / "figures" / "water--k10.png").exists()
    assert command(capsys, "score", tmp_path / "run", "--plots")[0] == 0
    assert (tmp_path / "run" / "figures" / "water--k10.png").exists()
    assert superresolution_card(find_task(WATER)).gap == GAP
