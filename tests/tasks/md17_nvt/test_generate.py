"""The generator of md17-xtb-nvt, on tiny pieces."""

from __future__ import annotations

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmark.tracks.superresolution.card import Piece
from benchmark.tracks.superresolution.data import RESOLUTION, read_piece
from tasks.md17.generate import read_segment
from tasks.md17_nvt import generate
from tasks.md17_nvt.generate import BATHS, make_segment, segment_path


@pytest.mark.parametrize("bath", BATHS)
def test_piece_is_read_alike_by_the_benchmark_and_here(bath, tmp_path) -> None:
    pytest.importorskip("tblite")
    path = segment_path("ethanol", bath, 3, tmp_path)
    make_segment(path, "ethanol", bath, 3, n_frames=20, n_equilibration=20)
    positions, facts = read_segment(path)
    counts = read_piece(tmp_path, Piece(file=path.name), 9)
    np.testing.assert_array_equal(counts * RESOLUTION, positions)
    assert (counts % round(BATHS[bath].resolution / RESOLUTION) == 0).all()
    assert facts["thermostat"] == bath
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_same_seed_gives_the_same_piece_and_no_other_bath_or_segment_does(tmp_path) -> None:
    pytest.importorskip("tblite")
    asked = [("global", 0), ("global", 0), ("global", 1), ("langevin-0.1", 0), ("langevin-10", 0)]
    found = []
    for number, (bath, segment) in enumerate(asked):
        path = tmp_path / f"{number}.parquet"
        make_segment(path, "ethanol", bath, segment, n_frames=3, n_equilibration=5)
        found.append(read_segment(path)[0])
    np.testing.assert_array_equal(found[0], found[1])
    for other in found[2:]:
        assert np.abs(found[0] - other).max() > 1e-3


def test_kicks_bring_six_degrees_of_freedom_back_and_one_friction_none() -> None:
    assert BATHS["global"].modes(9, 5_000) == 21
    assert BATHS["langevin-10"].modes(9, 5_000) == pytest.approx(27, abs=0.2)
    assert 21.5 < BATHS["langevin-0.1"].modes(9, 5_000) < 24
    assert BATHS["langevin-10"].modes(9, 1) == 21


def test_rounding_is_at_most_a_fifth_of_the_heaviest_atoms_smallest_move() -> None:
    from tasks.md17_nvt.thermostats import thermal_speed

    oxygen = float(thermal_speed(np.array([15.999]), generate.TEMPERATURE)[0])
    for bath in BATHS.values():
        if bath.friction is not None:
            kick = np.sqrt(1 - np.exp(-2 * bath.friction * generate.TIME_STEP)) * oxygen
            assert bath.resolution <= 0.2 * kick * generate.TIME_STEP


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["-m", "water"], "available are ethanol"), (["--segments", "0-12"], "there are 0-11")],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(generate, "require", lambda *packages: None)
    app = typer.Typer()
    app.command()(generate.main)
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert message in result.output
    assert len(result.output.strip().splitlines()) == 1
