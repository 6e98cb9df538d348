"""What a manifest lists, what its hash is of, and what does not fit a result."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from benchmark.errors import InputError
from leaderboard.manifest import (
    Archive,
    Manifest,
    StoredFile,
    by_hash,
    is_older,
    make_manifest,
    manifest_faults,
    member,
    unit_name,
)
from tests.leaderboard.synthetic import MakeResult, large_files, write_large_files

ONE = {"left/a": 0.5, "right/c": 0.7}


def listing(**sizes: int) -> Manifest:
    """List a file of so many bytes for each unit of a task."""
    return Manifest(
        units={
            f"left/a/{unit.replace('_', '-')}": {
                "samples.parquet": StoredFile(
                    bytes=size, sha256=hashlib.sha256(unit.encode()).hexdigest()
                )
            }
            for unit, size in sizes.items()
        }
    )


def test_every_prediction_file_of_done_units_is_listed_with_bytes_and_hash(
    tmp_path: Path, make_result: MakeResult
) -> None:
    result = make_result(ONE)
    result.units[0].status = "failed"
    write_large_files(tmp_path, result)
    found = make_manifest(tmp_path, result.units)
    assert list(found.units) == sorted(unit_name(unit) for unit in result.units[1:])
    content = (tmp_path / "units/left--a/r1-s0/samples.parquet").read_bytes()
    assert found.units["left/a/r1-s0"] == {
        "samples.parquet": StoredFile(
            bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
        )
    }


def test_done_unit_without_predictions_is_refused(tmp_path: Path, make_result: MakeResult) -> None:
    with pytest.raises(InputError, match="holds no predictions; run the unit again"):
        make_manifest(tmp_path, make_result(ONE).units)


def test_hash_is_of_what_is_listed_and_not_of_its_order_or_the_archive() -> None:
    one = listing(r0_s0=1, r1_s0=2)
    turned = Manifest(units=dict(reversed(one.units.items())))
    archived = one.model_copy(update={"archive": Archive(bytes=1, sha256="0" * 64, at="x")})
    assert one.sha256 == turned.sha256 == archived.sha256
    assert one.sha256 != listing(r0_s0=1, r1_s0=3).sha256


@pytest.mark.parametrize(
    "name", ["../a/r0-s0", "/etc/a/r0-s0", "left/a", "left/a/r0-s0/..", "LEFT/a/r0-s0", "l/a/r-s"]
)
def test_unit_name_that_could_be_a_path_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        Manifest(units={name: {"samples.parquet": StoredFile(bytes=1, sha256="0" * 64)}})


@pytest.mark.parametrize("name", ["../x.parquet", "x.pkl", "/x.parquet", "a/b.parquet", ".parquet"])
def test_file_name_that_could_be_a_path_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        Manifest(units={"left/a/r0-s0": {name: StoredFile(bytes=1, sha256="0" * 64)}})


@pytest.mark.parametrize(
    "at",
    ["javascript:alert(1)", "http://example.org/x", "data:text/html,x", "//example.org", "../x.zip",
     "/etc/passwd", "file:///x", "ftp://example.org/x", "https://", "a b", "https://you@example.org"],
)  # fmt: skip
def test_archive_is_at_an_https_address_a_doi_or_a_path(at: str) -> None:
    with pytest.raises(ValidationError, match=r"expected https|an address"):
        Archive(bytes=1, sha256="0" * 64, at=at)


@pytest.mark.parametrize(
    "at",
    ["", "https://example.org/predictions.zip", "10.5281/zenodo.1", "doi:10.5281/zenodo.1/x.zip",
     "runs/mine/predictions.zip"],
)  # fmt: skip
def test_address_doi_and_path_of_an_archive_are_taken(at: str) -> None:
    assert Archive(bytes=1, sha256="0" * 64, at=at).at == at


def test_unit_of_no_files_is_refused() -> None:
    # Else a row that lists all its units, and no predictions, has nothing to be audited.
    with pytest.raises(ValidationError, match="at least 1 item"):
        Manifest(units={"left/a/r0-s0": {}})


def test_flat_names_of_different_units_differ() -> None:
    names = {
        member(f"{task}/r{replica}-s0", "samples.parquet")
        for task in ("a/b", "a-b/c", "a/b-c")
        for replica in (0, 10)
    }
    assert len(names) == 6
    assert not any("/" in name for name in names)


def test_manifest_of_all_done_units_has_no_fault(make_result: MakeResult) -> None:
    result = make_result(ONE)
    assert list(manifest_faults(large_files("m", result), result)) == []


def test_manifest_that_leaves_a_unit_out_is_at_fault_unless_the_row_is_older(
    make_result: MakeResult,
) -> None:
    result = make_result(ONE)
    whole = large_files("m", result)
    less = {unit: files for unit, files in whole.units.items() if unit != "left/a/r1-s0"}
    part = Manifest(units=less, kept="part")
    assert list(manifest_faults(part, result)) == [
        "lists no predictions of left/a/r1-s0 (1 of 6 units)"
    ]
    assert list(manifest_faults(part, result, older=True)) == []
    assert list(manifest_faults(Manifest(units=less), result, older=True))


def test_manifest_of_a_unit_that_the_result_lacks_is_at_fault(make_result: MakeResult) -> None:
    result = make_result(ONE)
    listed = large_files("m", result)
    result.units[0].status = "failed"
    assert list(manifest_faults(listed, result)) == [
        "lists predictions of left/a/r0-s0, which is not a done unit of the result"
    ]


def test_only_rows_that_are_named_are_older() -> None:
    assert is_older("kinetics", "msm")
    assert not is_older("kinetics", "mine")
    assert not is_older("superresolution", "msm")


def test_order_by_hash_does_not_depend_on_the_order_given() -> None:
    units = ["a", "b", "c", "d"]
    assert by_hash("k", units) == by_hash("k", reversed(units))
    assert any(by_hash(str(key), units) != by_hash("k", units) for key in range(10))
