"""Prediction files and records written by somebody else: one line each, soon, and little memory."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.errors import InputError, ModelError
from benchmark.run.folder import open_run, read_run, read_unit
from benchmark.run.scoring import score_run
from benchmark.score import score_unit
from benchmark.store import predictions
from benchmark.tracks.kinetics.predictions import LOG_PROB, SAMPLES
from benchmark.tracks.superresolution.predictions import RECONSTRUCTION, read_positions
from tests.plugs import MARKOV, do
from tests.run.test_runner import wanted


def table(path: Path, column: pa.Array, name: str = "samples", **more: pa.Array) -> None:
    pq.write_table(pa.table({name: column, **more}), path, compression="zstd")


def lists(values: np.ndarray, rows: int) -> pa.Array:
    offsets = np.linspace(0, len(values), rows + 1).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, pa.array(values))


NEXT = pa.array([[1], [2]], pa.list_(pa.uint8()))

LIES: dict[str, tuple[Callable[[Path], object], str]] = {
    "more values than it should": (
        lambda path: table(path, lists(np.zeros(40_000_000, np.uint8), 2)),
        "it has 40,000,000 values, expected 6",
    ),
    "more rows than it should": (
        lambda path: table(path, lists(np.zeros(1_000_000, np.uint8), 1_000_000)),
        "it has 1000000 rows, expected 2",
    ),
    "more columns": (
        lambda path: table(path, NEXT, **{f"c{number}": NEXT for number in range(2000)}),
        "it has 2001 columns, expected one",
    ),
    "a struct": (
        lambda path: table(path, pa.array([{"a": [1], "b": [2]}] * 2)),
        "it has 2 columns, expected one",
    ),
    "float16": (
        lambda path: table(path, lists(np.zeros(6, np.float16), 2)),
        "it holds halffloat, not uint8",
    ),
    "float64": (
        lambda path: table(path, lists(np.zeros(6), 2)),
        "it holds double, not uint8",
    ),
    "another name": (lambda path: table(path, lists(np.zeros(6, np.uint8), 2), "x"), "samples"),
    "gaps": (
        lambda path: table(path, pa.array([[1, None, 2], [1, 2, 3]], pa.list_(pa.uint8()))),
        "it has gaps",
    ),
    "a pipe": (os.mkfifo, "it is not a file"),
    "a folder": (Path.mkdir, "it is not a file"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "it is not a file"),
    "a link to nothing": (lambda path: path.symlink_to("absent"), "No such file"),
    "a huge file": (lambda path: (path.touch(), os.truncate(path, 1 << 40)), "bytes"),
    "rubbish": (lambda path: path.write_bytes(b"PAR1" + os.urandom(1000) + b"PAR1"), ""),
    "nothing": (lambda path: path.write_bytes(b""), ""),
}


@pytest.mark.parametrize("case", LIES)
def test_file_that_lies_is_damaged_in_one_line_and_little_memory(tmp_path: Path, case: str):
    make, message = LIES[case]
    make(tmp_path / SAMPLES)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError) as caught:
        predictions.read(tmp_path, SAMPLES, (2, 3), np.uint8)
    assert str(caught.value).startswith("samples.parquet is damaged: ")
    assert message in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # KiB
    assert grown < 1 << 20


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.5])
def test_what_is_no_logarithm_of_a_probability_is_refused(toy, plug, tmp_path, value: float):
    assert do(toy, plug(MARKOV), tmp_path / "unit").status == "done"
    rows = predictions.read(tmp_path / "unit", LOG_PROB).copy()
    rows[1, 7] = value
    predictions.write(tmp_path / "unit", LOG_PROB, rows)
    with pytest.raises(ModelError, match="holds what is no logarithm of a probability"):
        score_unit(toy, tmp_path / "unit")


def test_position_beyond_the_limit_is_refused(tmp_path: Path):
    predictions.write(tmp_path, RECONSTRUCTION, np.full((1, 18), 2_100_000_000, np.int32))
    with pytest.raises(ModelError, match="puts an atom at 210 Å; the limit is 200 Å"):
        read_positions(tmp_path, [(2, 3, 3)])


# ---- records ------------------------------------------------------------------------------------


@pytest.fixture
def run(toy, plug, tmp_path: Path) -> Path:
    open_run(tmp_path / "run", wanted(plug(MARKOV), replicas=1), fresh=False)
    unit = tmp_path / "run" / "units" / "toy--three" / "r0-s0"
    done = do(toy, plug(MARKOV), unit)
    (unit / "unit.json").write_text(done.model_copy(update={"metrics": {}}).model_dump_json())
    return tmp_path / "run"


RECORDS: dict[str, Callable[[Path], object]] = {
    "of another task": lambda path: path.write_text(
        path.read_text().replace("toy/three", "toy/four")
    ),
    "of another replica": lambda path: path.write_text(
        path.read_text().replace('"replica":0', '"replica":3')
    ),
    "nested deeply": lambda path: path.write_text("[" * 1_000_000),
    "a number without end": lambda path: path.write_text(
        re.sub('"replica": ?0', '"replica":' + "9" * 1_000_000, path.read_text())
    ),
    "no text": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a link to a device": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
    "a huge file": lambda path: os.truncate(path, 1 << 40),
}


@pytest.mark.parametrize("case", RECORDS)
def test_record_of_a_unit_that_lies_is_no_record(run: Path, toy, case: str):
    unit = run / "units" / "toy--three" / "r0-s0"
    assert read_unit(unit, toy) is not None
    RECORDS[case](unit / "unit.json")
    assert read_unit(unit, toy) is None
    (found,) = score_run(run).units
    assert found.status == "skipped"
    assert found.reason == "its unit.json is damaged, or of another unit or version"


@pytest.mark.parametrize("case", [name for name in RECORDS if not name.startswith("of another")])
def test_record_of_a_run_that_lies_is_one_line(run: Path, case: str):
    RECORDS[case](run / "run.json")
    with pytest.raises(InputError) as caught:
        read_run(run)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500
