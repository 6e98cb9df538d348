"""Scored again from predictions: what is honest agrees, what was tampered with does not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.job import Key
from benchmark.result import Result, Unit, UnitMetric
from benchmark.score import score_unit
from benchmark.store import predictions
from benchmark.tracks.kinetics.data import load_chains
from benchmark.tracks.kinetics.predictions import LOG_PROB, SAMPLES
from leaderboard.archive import RunFolder
from leaderboard.manifest import make_manifest, unit_name
from leaderboard.verification.rescored import rescore_units
from leaderboard.verifying import Asked, verify
from tests.conftest import TOY
from tests.leaderboard.verification.conftest import Row

UNIT = f"{TOY}/r0-s0"


def test_honest_row_is_re_scored_from_its_audit(row: Row) -> None:
    found = verify(row.entry.folder, row.tasks, Asked())
    assert found.level == "re-scored"
    assert found.rescored is not None
    assert found.rescored.units == row.entry.audit
    assert found.rescored.faults == []


def test_honest_row_is_re_scored_whole_from_its_archive(row: Row) -> None:
    found = verify(row.entry.folder, row.tasks, Asked(archive=str(row.entry.archive)))
    assert found.rescored is not None
    assert found.rescored.source == "archive"
    assert len(found.rescored.units) == found.rescored.of == 5
    assert found.agrees


def rescored(row: Row, run: Path, change: Callable[[Unit], None] = lambda unit: None) -> list[str]:
    """Score a run again that lists its files as they are now; give what is at fault with unit 0."""
    result: Result = row.result.model_copy(deep=True)
    change(result.units[0])
    manifest = make_manifest(run, result.units)
    source = RunFolder(run, manifest)
    return rescore_units(result, manifest, source, [UNIT], row.tasks).faults


@pytest.fixture
def copy(row: Row, tmp_path: Path) -> Path:
    """Copy the run, to tamper with it."""
    return Path(shutil.copytree(row.run, tmp_path / "run"))


def unit_of(run: Path, replica: int = 0) -> Path:
    return Key(task=TOY, replica=replica, seed=0).folder(run)


def better_rates(unit: Unit) -> None:
    unit.metrics["mfpt_error"] = UnitMetric(value=0.001, stderr=0.001, unit="ln")


def better_by_a_millionth(unit: Unit) -> None:
    unit.metrics["nll_regret"].value *= 1 - 1e-6


def smaller_error(unit: Unit) -> None:
    unit.metrics["nll_regret"].stderr *= 0.5


def without_a_metric(unit: Unit) -> None:
    del unit.metrics["dwell_error"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (better_rates, "mfpt_error: value is 0.001 in the row"),
        (better_by_a_millionth, "nll_regret: value is"),
        (smaller_error, "nll_regret: stderr is"),
        (without_a_metric, "dwell_error is not in the row"),
    ],
)
def test_tampered_metric_does_not_agree(
    change: Callable[[Unit], None], message: str, row: Row
) -> None:
    (fault,) = rescored(row, row.run, change)
    assert fault.startswith(f"{UNIT}: {message}")


def test_last_digits_of_another_processor_agree(row: Row) -> None:
    def rounded(unit: Unit) -> None:
        unit.metrics["nll_regret"].value *= 1 + 1e-12

    assert rescored(row, row.run, rounded) == []


def test_predictions_of_another_replica_do_not_agree(row: Row, copy: Path) -> None:
    for name in (LOG_PROB, SAMPLES):
        shutil.copy(unit_of(copy, 1) / name, unit_of(copy) / name)
    (fault,) = rescored(row, copy)
    assert "in the row" in fault


def test_likelihood_that_is_taken_away_does_not_agree(row: Row, copy: Path) -> None:
    (unit_of(copy) / LOG_PROB).unlink()
    (fault,) = rescored(row, copy)
    assert fault == f"{UNIT}: nll_regret is not in the predictions"


def test_predictions_of_another_shape_do_not_agree(row: Row, copy: Path) -> None:
    samples = predictions.read(unit_of(copy), SAMPLES)
    assert samples is not None
    predictions.write(unit_of(copy), SAMPLES, samples[:, :-1])
    (fault,) = rescored(row, copy)
    assert "shape" in fault
    assert "\n" not in fault


def test_labels_of_another_task_do_not_agree(row: Row, copy: Path) -> None:
    samples = predictions.read(unit_of(copy), SAMPLES)
    assert samples is not None
    predictions.write(unit_of(copy), SAMPLES, samples + 3)
    (fault,) = rescored(row, copy)
    assert "labels are 0 … 2" in fault


def test_truncated_file_is_named_in_one_line(row: Row, copy: Path) -> None:
    path = unit_of(copy) / SAMPLES
    path.write_bytes(path.read_bytes()[:-100])
    (fault,) = rescored(row, copy)
    assert "samples.parquet is damaged" in fault
    assert "\n" not in fault


def parquet_of_many_rows(folder: Path) -> None:
    """Write a file of a few kB that holds 5e7 values."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    many = pa.array(np.zeros(50_000_000, np.uint8))
    rows = pa.ListArray.from_arrays(np.array([0, len(many)], np.int32), many)
    pq.write_table(pa.table({"samples": rows}), folder / SAMPLES, compression="zstd")


def parquet_of_many_columns(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {f"c{number}": pa.array([0]) for number in range(20_000)}
    pq.write_table(pa.table(columns), folder / SAMPLES)


def parquet_of_much_metadata(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"samples": pa.array([[0]], pa.list_(pa.uint8()))})
    noise = np.random.default_rng(1).bytes(5_000_000).hex()
    pq.write_table(table.replace_schema_metadata({"x": noise}), folder / SAMPLES)


@pytest.mark.parametrize(
    "spoil", [parquet_of_many_rows, parquet_of_many_columns, parquet_of_much_metadata]
)
def test_parquet_bomb_is_refused_in_one_line(
    spoil: Callable[[Path], None], row: Row, copy: Path
) -> None:
    spoil(unit_of(copy))
    (fault,) = rescored(row, copy)
    assert "samples.parquet is damaged" in fault
    assert "\n" not in fault


@pytest.mark.parametrize("split", ["train", "test"])
def test_replayed_chains_are_found_in_the_files(split: str, row: Row, copy: Path) -> None:
    """Even where the metrics are those of the files."""
    found = predictions.read(unit_of(copy), SAMPLES)
    assert found is not None
    samples, known = found.copy(), load_chains(row.tasks[TOY], split)[0]
    frames = min(len(known), samples.shape[1])
    samples[:, :frames] = known[:frames]
    predictions.write(unit_of(copy), SAMPLES, samples)
    metrics, _ = score_unit(row.tasks[TOY], unit_of(copy))

    def honest(unit: Unit) -> None:
        unit.metrics = metrics

    (fault,) = rescored(row, copy, honest)
    assert "generated chains hold recorded ones" in fault
    assert "\n" not in fault


def test_every_unit_of_the_row_is_named_as_in_the_manifest(row: Row) -> None:
    assert {unit_name(unit) for unit in row.result.units} == set(row.entry.manifest.units)
