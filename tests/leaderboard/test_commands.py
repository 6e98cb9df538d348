"""``validate`` as a person and as a program see it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from leaderboard.submission import SUBMISSIONS, on_board
from tests.plugs import command

ROW = SUBMISSIONS / "superresolution" / "linear"


@pytest.fixture
def row(tmp_path: Path) -> Path:
    """Copy a row of the board."""
    home = tmp_path / "submissions" / "superresolution" / "linear"
    shutil.copytree(ROW, home)
    return home


def test_sound_row_passes_every_check_with_one_verdict(capsys) -> None:
    code, out, err = command(capsys, "validate", str(ROW))
    lines = out.splitlines()
    assert code == 0
    assert err == ""
    assert lines[0] == str(ROW)
    assert all(line.startswith("✓ ") for line in lines[1:-1])
    assert lines[-1] == "valid: all that can be said without predictions holds"


def test_refused_row_lists_all_its_faults_and_ends_with_one_verdict(capsys, row: Path) -> None:
    (row / "notes.txt").touch()
    text = (row / "results.json").read_text()
    (row / "results.json").write_text(text.replace('"quick": false', '"quick": true', 1))
    (row / "card.yaml").write_text((row / "card.yaml").read_text().replace("MIT", "mine"))
    code, out, _ = command(capsys, "validate", str(row))
    assert code == 2
    assert "✗ files" in out
    assert "    'notes.txt' does not belong here; take it out" in out
    assert "    card.yaml: licence: no SPDX identifier" in out
    assert "    results.json: made with --quick, which is never ranked" in out
    assert "– model" in out
    assert "    not asked before card is mended" in out
    assert out.splitlines()[-1] == "refused: 3 faults; mend what is marked ✗"
    assert out.count("valid:") == 0


def test_json_is_one_object_for_programs(capsys, row: Path) -> None:
    code, out, _ = command(capsys, "validate", str(row), "--json")
    told = json.loads(out)
    assert code == 0
    assert told["valid"]
    assert [one["path"] for one in told["submissions"]] == [str(row)]
    assert all(check["passed"] for check in told["submissions"][0]["checks"])
    (row / "card.yaml").unlink()
    code, out, _ = command(capsys, "validate", str(row), "--json")
    told = json.loads(out)
    checks = {one["name"]: one for one in told["submissions"][0]["checks"]}
    assert code == 2
    assert not told["valid"]
    assert checks["card"]["faults"] == ["card.yaml: No such file or directory"]
    assert checks["name"]["waits_for"] == ["card"]


@pytest.mark.parametrize("up", [0, 1, 2])
def test_submission_track_and_board_are_taken_alike(capsys, row: Path, up: int) -> None:
    path = [row, *row.parents][up]
    code, out, _ = command(capsys, "validate", str(path), "--json")
    assert code == 0
    assert [one["path"] for one in json.loads(out)["submissions"]] == [str(row)]


def test_board_with_one_row_at_fault_is_refused(capsys, row: Path) -> None:
    shutil.copytree(ROW.parent / "ridge", row.parent / "ridge")
    card = row.parent / "ridge" / "card.yaml"
    card.write_text(card.read_text().replace("name: ridge", "name: ridges"))
    code, out, _ = command(capsys, "validate", str(row.parent))
    assert code == 2
    assert "name is 'ridges', but the folder 'ridge'; make them one" in out
    last = out.splitlines()[-1]
    assert last == "refused: 1 of 2 submissions, 1 fault; mend what is marked ✗"


@pytest.mark.parametrize(
    ("name", "message"),
    [("absent", "no such folder"), ("file", "no such folder"), ("empty", "no submission in it")],
)
def test_path_that_is_no_submission_is_refused_in_one_line(
    capsys, tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    code, out, err = command(capsys, "validate", str(tmp_path / name))
    assert code == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("way", ["validate", "verify"])
def test_row_of_the_board_is_found_by_its_name_from_any_folder(
    way: str, capsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = command(capsys, way, "superresolution/linear")
    assert (code, err) == (0, "")
    assert "linear" in out


def test_folder_that_is_there_is_meant_before_a_row_of_the_board(
    row: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert on_board(Path("superresolution/linear")) == ROW
    monkeypatch.chdir(row.parents[1])
    assert on_board(Path("superresolution/linear")) == Path("superresolution/linear")
    monkeypatch.chdir(tmp_path)
    for other in (Path("superresolution/none"), Path("../linear"), tmp_path):
        assert on_board(other) == other
