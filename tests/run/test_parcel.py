"""The files of a unit come out of a parcel as they went in, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.run.parcel import packed, unpack
from tests.run.test_runner import contents


def test_files_come_out_as_they_went_in_and_replace_what_was_there(tmp_path: Path):
    unit, there = tmp_path / "unit", tmp_path / "there"
    (unit / "model").mkdir(parents=True)
    (unit / "samples.parquet").write_bytes(bytes(range(256)))
    (unit / "model" / "weights.npy").write_bytes(b"\x00")
    there.mkdir()
    (there / "traceback.txt").write_text("of an earlier try")
    unpack(packed(unit), there)
    assert contents(there) == contents(unit)
    assert {path.name for path in tmp_path.iterdir()} == {"unit", "there"}


def test_checkpoints_and_links_do_not_travel(tmp_path: Path):
    (tmp_path / "unit" / "scratch").mkdir(parents=True)
    (tmp_path / "unit" / "scratch" / "checkpoint").write_bytes(b"1")
    (tmp_path / "unit" / "passwd").symlink_to("/etc/passwd")
    assert packed(tmp_path / "unit") == {}


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "model/../../escaped"])
def test_file_that_would_leave_the_folder_is_refused(tmp_path: Path, name: str):
    with pytest.raises(InputError, match="leads out of the unit's folder"):
        unpack({"fine": b"", name: b""}, tmp_path / "unit")
    assert list(tmp_path.iterdir()) == []
