from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from benchmark.console.plots import draw_task
from benchmark.errors import InputError
from benchmark.task import Task
from benchmark.tracks.kinetics import plots as kinetics_plots
from benchmark.tracks.kinetics.data import load_replicas
from tests.conftest import TOY_FRAMES

MAGIC = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}


@pytest.mark.parametrize("suffix", MAGIC)
def test_task_is_drawn_in_the_format_of_the_suffix(toy: Task, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "new folder" / f"toy.{suffix}"
    draw_task(toy, path)
    content = path.read_bytes()
    assert content.startswith(MAGIC[suffix])
    assert len(content) > 5_000


def test_shade_covers_exactly_what_is_faster_than_the_lag(toy: Task) -> None:
    figure = Figure()
    kinetics_plots.draw(figure, toy)
    axis = next(axis for axis in figure.axes if "timescales" in axis.get_title())
    lags, times = (np.geomspace(*limits, 21)[1:-1] for limits in (axis.get_xlim(), axis.get_ylim()))
    [shade] = [one.get_paths()[0] for one in axis.collections if isinstance(one, PolyCollection)]
    # The edges of a polygon are straight where it is drawn, on logarithmic axes.
    shade.vertices = np.log(shade.vertices)
    shaded = [[shade.contains_point(np.log((lag, time))) for lag in lags] for time in times]
    assert np.any(shaded)
    assert not np.all(shaded)
    np.testing.assert_array_equal(shaded, times[:, None] < lags)


@pytest.mark.parametrize(("frames", "shown"), [(40, 20), (TOY_FRAMES, 1)])
def test_short_pieces_are_drawn_one_after_another_and_a_long_chain_alone(
    toy: Task, monkeypatch: pytest.MonkeyPatch, frames: int, shown: int
) -> None:
    whole = load_replicas(toy, "train")
    cut = [tuple(chain.reshape(-1, frames)) for (chain,) in whole]
    monkeypatch.setattr(kinetics_plots, "load_replicas", lambda task, split: cut)
    figure = Figure()
    kinetics_plots.draw(figure, toy)
    axis = figure.axes[0]
    joins = [line for line in axis.lines if line.get_linestyle() == "--"]
    assert len(joins) == shown - 1
    if shown > 1:
        assert axis.get_xlim() == (0, shown * frames)


@pytest.mark.parametrize("name", ["toy", "toy.doc", "toy.png.zip"])
def test_unknown_suffix_is_refused_and_names_the_known(
    toy: Task, tmp_path: Path, name: str
) -> None:
    with pytest.raises(InputError, match=r"ends in \.png, \.pdf, \.svg"):
        draw_task(toy, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_made_is_an_input_error(toy: Task, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        draw_task(toy, tmp_path / "file" / "toy.png")


def test_damaged_data_are_an_input_error(toy: Task, tmp_path: Path) -> None:
    lost = Task(toy.card, tmp_path / "cards" / toy.path.name)
    with pytest.raises(InputError, match="is missing"):
        draw_task(lost, tmp_path / "toy.png")
