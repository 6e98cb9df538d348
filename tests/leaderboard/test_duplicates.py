"""A row that mostly is another one, and one that is another one here and there."""

from __future__ import annotations

from pathlib import Path

import pytest

from leaderboard.duplicates import duplicate
from leaderboard.manifest import Manifest
from tests.leaderboard.synthetic import MakeSubmission

NOTHING = Manifest(kept="part", units={})


@pytest.mark.parametrize(("shared", "said"), [(0, ""), (1, ""), (2, "2 of 3 units"), (3, "3 of 3")])
def test_most_units_of_another_row_are_too_many(
    shared: int, said: str, make_submission: MakeSubmission, tmp_path: Path
) -> None:
    result = make_submission("other", {"left/a": 0.5}).result
    (tmp_path / "other").mkdir()
    result.write(tmp_path / "other" / "results.json")
    units = result.units[:3]
    for unit in units[shared:]:
        unit.metrics = {
            name: metric.model_copy(update={"value": 1.01 * metric.value})
            for name, metric in unit.metrics.items()
        }
    mine = result.model_copy(update={"units": units})
    found = duplicate(tmp_path / "mine", mine, NOTHING)
    assert said in found
    assert bool(found) is bool(said)
