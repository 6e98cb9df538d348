"""Which units are audited: what a submitter says of his files has no part in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.registry import shipped_tasks
from benchmark.result import Result
from leaderboard.auditing import AUDIT_BYTES, audit_units, most_bytes, order, size_faults
from leaderboard.manifest import Manifest, StoredFile, by_hash, list_hash, unit_name
from leaderboard.submission import Submission
from leaderboard.validation import examined
from tests.leaderboard.synthetic import (
    MakeResult,
    MakeSubmission,
    Tasks,
    large_files,
    of_size,
)

Written = Callable[[str], tuple[Submission, Path]]

ALL = {"left/a": 0.5, "left/b": 0.6, "right/c": 0.7}


@pytest.fixture
def graded(tasks: Tasks) -> Tasks:
    """Make a small task, one whose units are larger than an audit, and one larger still."""
    sizes = {"left/a": 50_000, "left/b": 300_000, "right/c": 400_000}
    return {key: of_size(task, sizes[key], 10_000) for key, task in tasks.items()}


@pytest.fixture
def written(
    graded: Tasks,
    make_submission: MakeSubmission,
    write_submission: Callable[[Submission], Path],
) -> Written:
    """Write a submission of all tasks under a name, as they are now."""

    def write(name: str) -> tuple[Submission, Path]:
        made = make_submission(name, ALL)
        for key, task in graded.items():
            made.result.provenance["data"][key] = task.card.fingerprints
        return made, write_submission(made)

    return write


def test_order_is_by_the_hash_of_the_list_of_units(make_result: MakeResult) -> None:
    result = make_result(ALL)
    names = [unit_name(unit) for unit in result.units]
    assert [unit_name(unit) for unit in order(result)] == by_hash(list_hash(result), names)
    assert list_hash(make_result(dict.fromkeys(ALL, 0.1))) == list_hash(result)
    assert list_hash(make_result({"left/a": 0.5})) != list_hash(result)


def test_audit_is_the_first_units_of_the_small_tasks(
    graded: Tasks, make_result: MakeResult
) -> None:
    result = make_result(ALL)
    chosen = audit_units(result, graded)
    small = [unit_name(unit) for unit in order(result) if unit.task == "left/a"]
    each = most_bytes(graded["left/a"])
    assert 0 < len(chosen) < len(small)
    assert chosen == small[: AUDIT_BYTES // each]
    assert len(chosen) * each <= AUDIT_BYTES


def test_audit_is_one_unit_of_the_smallest_task_where_all_are_large(
    graded: Tasks, make_result: MakeResult
) -> None:
    result = make_result({key: ALL[key] for key in ("left/b", "right/c")})
    (chosen,) = audit_units(result, graded)
    assert chosen == next(unit_name(unit) for unit in order(result) if unit.task == "left/b")


def test_audit_is_empty_where_the_card_allows_more_than_belongs_into_a_repository(
    tasks: Tasks, make_result: MakeResult
) -> None:
    assert audit_units(make_result(ALL), tasks) == []


def test_failed_units_are_passed_over_and_move_no_other(
    graded: Tasks, make_result: MakeResult
) -> None:
    result = make_result(ALL)
    before = [unit_name(unit) for unit in order(result) if unit.task == "left/a"]
    first = next(unit for unit in result.units if unit_name(unit) == before[0])
    first.status = "failed"
    assert audit_units(result, graded) == before[1:][: len(audit_units(result, graded))]


def listing(name: str, size: int) -> Manifest:
    return Manifest(units={"left/a/r0-s0": {name: StoredFile(bytes=size, sha256="0" * 64)}})


def test_file_that_is_longer_than_its_task_allows_is_at_fault(graded: Tasks) -> None:
    most = 2 * 10_000 + 2**14
    assert list(size_faults(listing("samples.parquet", most), graded)) == []
    (fault,) = size_faults(listing("samples.parquet", most + 1), graded)
    assert f"{most + 1:,} bytes of samples.parquet of left/a/r0-s0" in fault
    assert f"{most:,} at most" in fault


def test_file_that_no_unit_of_the_track_has_is_at_fault(graded: Tasks) -> None:
    (fault,) = size_faults(listing("junk.parquet", 1), graded)
    assert fault.startswith("lists junk.parquet of left/a/r0-s0; a unit's files are log_prob.par")


def inflated(manifest: Manifest, result: Result, graded: Tasks) -> Manifest:
    """Say of the units that would be audited that they are larger than an audit."""
    units = dict(manifest.units)
    for unit in audit_units(result, graded):
        units[unit] = {"samples.parquet": StoredFile(bytes=2_000_000, sha256="1" * 64)}
    return Manifest(units=units)


def test_unit_is_not_pushed_out_of_the_audit_by_a_claimed_size(
    graded: Tasks, written: Written
) -> None:
    made, folder = written("m")
    inflated(large_files("m", made.result), made.result, graded).write(folder / "manifest.json")
    faults = {one.check.name: one.listed for one in examined(folder, graded).outcomes if one.faults}
    assert list(faults) == ["listing"]
    assert all("at most" in fault for fault in faults["listing"])
    large_files("m", made.result).write(folder / "manifest.json")
    faults = {one.check.name: one.listed for one in examined(folder, graded).outcomes if one.faults}
    assert list(faults) == ["audit"]
    assert "is missing" in faults["audit"][0]


def test_row_in_a_folder_laid_out_like_an_installed_package_needs_its_audit(
    graded: Tasks, written: Written, tmp_path: Path
) -> None:
    _, folder = written("m")
    (tmp_path / "benchmark").mkdir()
    faults = {one.check.name: one.listed for one in examined(folder, graded).outcomes if one.faults}
    assert list(faults) == ["audit"]
    assert "is missing" in faults["audit"][0]


def test_every_shipped_task_says_how_large_its_predictions_can_be() -> None:
    for key, task in shipped_tasks().items():
        assert most_bytes(task) > 0, key


def test_row_of_any_one_shipped_task_has_an_audit(make_result: MakeResult) -> None:
    shipped = shipped_tasks()
    template = make_result({"left/a": 0.5})
    for key in shipped:
        units = [unit.model_copy(update={"task": key}) for unit in template.units]
        assert audit_units(template.model_copy(update={"units": units}), shipped), key


def test_older_row_lists_what_is_audited_of_it_at_least(graded: Tasks, written: Written) -> None:
    made, folder = written("msm")
    listed = large_files("msm", made.result).units
    wanted = audit_units(made.result, graded)

    def faults() -> list[str]:
        [outcome] = [
            one for one in examined(folder, graded).outcomes if one.check.name == "listing"
        ]
        return list(outcome.faults)

    for left_out, expected in ((set(), []), ({wanted[0]}, [f"the manifest lacks {wanted[0]}"])):
        units = {unit: listed[unit] for unit in wanted if unit not in left_out}
        Manifest(kept="part", units=units).write(folder / "manifest.json")
        found = faults()
        assert len(found) == len(expected)
        assert all(map(str.startswith, found, expected))
    (folder / "manifest.json").unlink()
    assert len(faults()) == 1
