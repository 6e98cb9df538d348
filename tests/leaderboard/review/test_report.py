"""From fetched files to the comment on a request: shipped rows as requests, and hostile reports."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import InputError
from leaderboard.review.comment import MARKER, comment
from leaderboard.review.report import Check, Found, Report, Standing, read_report
from leaderboard.review.reporting import report
from leaderboard.submission import SUBMISSIONS
from tests.plugs import python

COMMIT = "0123456789" * 4


def row(name: str = "mine", **fields: Any) -> Standing:
    return Standing(**{"name": name, "rank": 1, "score": 0.5, "stderr": 0.1, **fields})


def made(**fields: Any) -> Report:
    found = Found(
        track="kinetics",
        name="mine",
        checks=[Check(passed=True, text="fits")],
        rows=[row(new=True)],
    )
    return Report(**{"commit": COMMIT, "found": [found], **fields})


def test_valid_row_stands_beside_its_neighbours_and_its_rank_group(tmp_path: Path) -> None:
    shutil.copytree(SUBMISSIONS / "kinetics" / "gru", tmp_path / "kinetics" / "gru")
    [found] = report(tmp_path, COMMIT).found
    assert found.passed
    [new] = [one for one in found.rows if one.new]
    assert new.name == "gru"
    group = {one.name for one in found.rows if one.rank == new.rank}
    assert {"gru", "lstm", "hmm"} <= group
    assert len(found.rows) >= 3


def test_tampered_row_is_refused_with_its_fault(tmp_path: Path) -> None:
    home = tmp_path / "kinetics" / "gru"
    shutil.copytree(SUBMISSIONS / "kinetics" / "gru", home)
    result = json.loads((home / "results.json").read_text("utf-8"))
    result["tasks"][0]["score"] = 1.25
    (home / "results.json").write_text(json.dumps(result), "utf-8")
    made = report(tmp_path, COMMIT)
    assert not made.passed
    assert not made.found[0].rows
    assert any("score" in check.text for check in made.found[0].checks if not check.passed)
    assert "needs a change" in comment(made)


def test_request_that_changes_more_than_submissions_needs_a_change(tmp_path: Path) -> None:
    shutil.copytree(SUBMISSIONS / "kinetics" / "gru", tmp_path / "kinetics" / "gru")
    others = [
        "changes leaderboard/verifications/kinetics/gru.json",
        "removes `a`\n# b",
        "changes " + "\U000e0041" * 300,
    ]
    found = report(tmp_path, COMMIT, others=others * 30)
    assert found.found[0].passed
    assert not found.passed
    text = comment(found)
    assert "needs a change" in text
    assert "- ✗ `changes leaderboard/verifications/kinetics/gru.json`" in text
    assert not any(line.startswith("# b") for line in text.splitlines())


def test_request_without_a_submission_says_so(tmp_path: Path) -> None:
    made = report(tmp_path, COMMIT)
    assert made.refused
    assert not made.passed


def test_report_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(made().model_dump_json(), "utf-8")
    assert read_report(path) == made()


@pytest.mark.parametrize(
    "change",
    [
        {"commit": "main"},
        {"commit": COMMIT, "number": 1},
        {"refused": "x" * 501},
        {"found": [{"track": "kinetics", "name": "<script>", "checks": []}]},
        {"found": [{"track": "kinetics", "name": "a", "checks": []}] * 51},
        {"found": [{"track": "k", "name": "a", "checks": [], "rows": [
            {"name": "a", "rank": 1, "score": 1e999, "stderr": 0.1}]}]},
    ],
)  # fmt: skip
def test_report_of_another_shape_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps({**json.loads(made().model_dump_json()), **change}), "utf-8")
    with pytest.raises(InputError, match="is no report"):
        read_report(path)


@pytest.mark.parametrize("content", [b"[" * 100_000, b" " * 200_001, b"\xff\xfe", b""])
def test_report_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_report(path)


def test_text_of_a_report_is_inert_in_the_comment() -> None:
    evil = "![x](http://a.b/c) <img src=x onerror=alert(1)> @maintainers [y](javascript:z) `a` |"
    text = comment(
        made(
            refused=evil,
            found=[Found(track="k", name="a", checks=[Check(passed=False, text=evil)])],
        )
    )
    assert text.startswith(MARKER)
    lines = [line for line in text.splitlines() if "onerror" in line]
    assert len(lines) == 2
    assert all(line.count("`") == 2 and line.endswith("`") for line in lines)  # code, whole


def test_comment_is_made_of_the_commit_of_the_event_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(made().model_dump_json(), "utf-8")
    good = python("-m", "leaderboard.review.comment", str(path), "--commit", COMMIT)
    assert good.returncode == 0, good.stderr
    assert "**mine**" in good.stdout
    other = python("-m", "leaderboard.review.comment", str(path), "--commit", "a" * 40)
    assert other.returncode == 1
    assert other.stderr.startswith("error: the report is of ")
