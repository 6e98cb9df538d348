"""The comparison of traces measures what it says, and shows what the plain model misses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer import Typer
from typer.testing import CliRunner

from benchmark.errors import InputError
from tasks.riboswitch import compare, model
from tasks.riboswitch.compare import LAGS, Trace, draw, plain, simulated, table
from tasks.riboswitch.traces import read_traces
from tests.plugs import ROOT

REAL_TRACES = ROOT.parent / "shared" / "data" / "riboswitch"
STEADY = ("Mol2_6_Ext_9", "Mol3_8_Ext_14")  # the other two drift by their own standard deviation
AT_20_MS = int(np.flatnonzero(LAGS == 200)[0])

app = Typer()
app.command()(compare.main)


def test_autocorrelation_is_that_of_a_plain_loop() -> None:
    trace = Trace("walk", np.random.default_rng(0).normal(size=3000).cumsum() % 7)
    x = trace.nm - trace.nm.mean()
    for lag, found in zip(LAGS, trace.autocorrelation, strict=True):
        if lag < len(x):
            expected = np.mean(x[:-lag] * x[lag:]) / np.mean(x * x)
            assert found == pytest.approx(expected, abs=1e-10)
        else:
            assert np.isnan(found)


def test_statistics_know_nothing_of_where_the_trap_stands() -> None:
    nm = np.round(np.random.default_rng(1).normal(700, 5, 5000), 3)
    here, there = Trace("a", nm), Trace("a", nm - 50)
    assert table([here]) == table([there])


def test_density_integrates_to_one() -> None:
    trace = Trace("a", np.random.default_rng(1).normal(700, 5, 5000))
    assert trace.density @ np.diff(compare.EDGES) == pytest.approx(1, abs=1e-3)


def test_simulated_traces_have_the_exact_autocorrelation_of_their_models() -> None:
    parts = model.MOLECULE_1.parts
    ours = simulated(model.MOLECULE_1, "ours", 1_000_000)
    assert ours.autocorrelation[0] == pytest.approx(model.autocorrelation(parts, [1])[0], abs=0.01)
    exact = model.autocorrelation(parts, [200])[0]
    assert ours.autocorrelation[AT_20_MS] == pytest.approx(exact, abs=0.02)
    white = plain(model.MOLECULE_1, "plain", 1_000_000)
    assert white.sd == pytest.approx(ours.sd, rel=0.02)
    assert abs(white.autocorrelation[AT_20_MS]) < 0.03


@pytest.mark.parametrize("name", STEADY)
def test_real_trace_has_the_memory_that_ours_has_and_the_plain_model_lacks(name: str) -> None:
    path = REAL_TRACES / f"{name}.txt"
    if not path.exists():
        pytest.skip("the real traces are not here")
    real = Trace(name, read_traces(path))
    assert 0.1 < real.autocorrelation[AT_20_MS] < 0.2
    ours, white = (
        make(model.MOLECULE_1, "", 1_000_000).autocorrelation for make in (simulated, plain)
    )

    def distance(other: np.ndarray) -> float:
        return float(np.sqrt(np.mean((other - real.autocorrelation) ** 2)))

    assert distance(ours) < 0.5 * distance(white)


def test_command_prints_a_table_and_draws_a_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulated, "__defaults__", (20_000,))
    monkeypatch.setattr(plain, "__defaults__", (20_000,))
    path = tmp_path / "measured.txt"
    nm = simulated(model.MOLECULE_2, "", 5_000).nm
    path.write_text("Ext\r" + "\r".join(f"{value:.3f}" for value in nm))
    figure = tmp_path / "figure.svg"
    done = CliRunner().invoke(app, [str(path), "--out", str(figure)])
    assert done.exit_code == 0, done.output
    assert "| measured |" in done.output
    assert "| plain three states, molecule 1 |" in done.output
    assert figure.read_text().count("<svg") == 1


def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [str(tmp_path / "none.txt"), "--out", "figure.svg"])
    assert done.exit_code == 2
    assert done.output.startswith("error: cannot read")
    with pytest.raises(InputError, match=r"ends in \.png, \.pdf, \.svg"):
        draw([], [], tmp_path / "figure.jpeg")
