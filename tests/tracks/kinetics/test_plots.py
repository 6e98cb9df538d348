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
