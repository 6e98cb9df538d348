from __future__ import annotations

from dataclasses import replace

from benchmark.result import Call
from leaderboard.manifest import Manifest, StoredFile
from leaderboard.submission import Submission
from leaderboard.units import RowUnits, row_units
from tests.leaderboard.synthetic import MakeSubmission


def with_earlier(one: Submission) -> Submission:
    """Say that the first task was run by an earlier call, of another commit."""
    result = one.result
    config = result.config
    first, *others = config.tasks
    call = Call(
        config=config.model_copy(update={"tasks": [first]}),
        provenance={"git_commit": "0" * 40, "date": "2026-01-01"},
    )
    changed = result.model_copy(
        update={
            "config": config.model_copy(update={"tasks": others, "settings": {"size": 3}}),
            "provenance": {**result.provenance, "git_commit": "1" * 40, "date": "2026-02-02"},
            "earlier": [call],
        }
    )
    return Submission(one.card, changed, one.tasks)


def test_unit_names_the_call_that_ran_it(make_submission: MakeSubmission) -> None:
    units = row_units(with_earlier(make_submission("m", 0.5)))
    ran = {(unit.task, unit.commit, unit.date) for unit in units.units}
    assert ran == {
        ("left/a", "0" * 40, "2026-01-01"),
        ("left/b", "1" * 40, "2026-02-02"),
        ("right/c", "1" * 40, "2026-02-02"),
    }
    assert units.settings == {"size": 3}


def test_unit_of_an_unknown_call_has_no_commit(make_submission: MakeSubmission) -> None:
    assert {unit.commit for unit in row_units(make_submission("m", 0.5)).units} == {""}


def test_units_are_sorted_and_their_reasons_plain(make_submission: MakeSubmission) -> None:
    one = make_submission("m", 0.5)
    one.result.units.reverse()
    one.result.units[0].reason = "a\n\u202eb"
    units = row_units(one).units
    keys = [(unit.task, unit.replica, unit.seed) for unit in units]
    assert keys == sorted(keys)
    assert units[-1].reason == "a b"


def test_unit_has_the_hashes_that_the_manifest_lists_of_it(make_submission: MakeSubmission) -> None:
    files = {"samples.parquet": StoredFile(bytes=7, sha256="a" * 64)}
    manifest = Manifest(kept="part", units={"left/a/r1-s0": files})
    units = row_units(replace(make_submission("m", 0.5), manifest=manifest)).units
    found = {(unit.task, unit.replica): unit.predictions for unit in units}
    assert found.pop(("left/a", 1)) == {"samples.parquet": "a" * 64}
    assert set(map(len, found.values())) == {0}


def test_file_says_what_the_object_says(make_submission: MakeSubmission) -> None:
    units = row_units(make_submission("m", 0.5))
    text = units.model_dump_json()
    assert RowUnits.model_validate_json(text).model_dump_json() == text
