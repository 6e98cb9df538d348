"""What the audits of one model have measured, as a table of runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from benchmark.errors import InputError
from benchmark.task import Task
from benchmark.tracks.kinetics.audits import main, rows
from benchmark.tracks.kinetics.one_model import ONE_MODEL
from tests.plugs import do


def record(run: Path, text: str) -> Path:
    unit = run / "units" / "toy--three" / "r0-s0"
    unit.mkdir(parents=True)
    (unit / ONE_MODEL).write_text(text)
    return unit / ONE_MODEL


def measured(sigmas: float, bits: float) -> str:
    copy = {"chain": 0, "frame": 7, "frames": 32, "bits": bits}
    return json.dumps({"sigmas": sigmas, "copy": copy})


def test_a_unit_of_a_run_leaves_its_audits_behind(toy: Task, tmp_path: Path) -> None:
    do(toy, "msm", tmp_path / "msm" / "units" / "toy--three" / "r0-s0")
    (row,) = rows(tmp_path / "msm")
    assert row.startswith("| msm | toy/three | r0-s0 | ")
    assert row.endswith("| yes |")


@pytest.mark.parametrize(
    ("sigmas", "bits", "passed"),
    [(0.5, 40, True), (-5.1, 40, False), (5.1, 40, False), (0.5, 101, False)],
)
def test_row_says_whether_it_is_one_model(tmp_path: Path, sigmas, bits, passed) -> None:
    record(tmp_path, measured(sigmas, bits))
    (row,) = rows(tmp_path)
    assert row.endswith(
        f"| toy/three | r0-s0 | {sigmas:+.2f} | {bits} | 32 | {'yes' if passed else '**no**'} |"
    )


@pytest.mark.parametrize("text", ["{", "[]", '{"sigmas": 1}', '{"sigmas": 1, "copy": {}}'])
def test_damaged_record_is_named(tmp_path: Path, text: str) -> None:
    path = record(tmp_path, text)
    with pytest.raises(InputError, match="is damaged; run the unit again") as error:
        list(rows(tmp_path))
    assert str(path) in str(error.value)


def test_folder_that_is_no_run_ends_with_one_line(tmp_path: Path, capsys) -> None:
    with pytest.raises(typer.Exit) as ended:
        main([tmp_path])
    assert ended.value.exit_code == 2
    assert "holds no unit with one_model.json" in capsys.readouterr().err
