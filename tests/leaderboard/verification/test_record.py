"""What a verification says of a row, and for how long."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import InputError
from leaderboard.verification.record import (
    Compared,
    Repeated,
    Rescored,
    Verification,
    place,
    read_verification,
    sha256_of,
)

GOOD = Rescored(source="audit", units=["left/a/r0-s0"], of=5)
BAD = GOOD.model_copy(update={"faults": ["left/a/r0-s0: regret is another"]})
AGAIN = Repeated(
    unit="left/a/r0-s0",
    metrics=[Compared(metric="mfpt_error", submitted=1.0, again=1.1, allowed=0.2)],
)
APART = Repeated(
    unit="left/a/r0-s0",
    metrics=[Compared(metric="mfpt_error", submitted=1.0, again=1.3, allowed=0.2)],
)


def verification(**found: object) -> Verification:
    """Make a verification of no row."""
    return Verification(results_sha256="", commit="abc", scorer_version=2, **found)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "level", "agrees"),
    [
        ({}, "self-reported", True),
        ({"rescored": GOOD}, "re-scored", True),
        ({"rescored": BAD}, "self-reported", False),
        ({"rescored": GOOD.model_copy(update={"units": []})}, "self-reported", False),
        ({"rescored": GOOD, "rerun": [AGAIN]}, "re-run", True),
        ({"rescored": GOOD, "rerun": [AGAIN, APART]}, "self-reported", False),
        ({"rescored": GOOD, "rerun": [AGAIN], "drawn": [APART]}, "self-reported", False),
        ({"rerun": [AGAIN]}, "self-reported", True),
        ({"rescored": GOOD, "rerun": [Repeated(unit="u", fault="x")]}, "self-reported", False),
    ],
)
def test_badge_is_the_level_of_which_everything_agrees(
    found: dict[str, object], level: str, agrees: bool
) -> None:
    made = verification(**found)
    assert made.level == level
    assert made.agrees == agrees
    assert made.said.startswith(level)


def test_badge_says_of_how_many_units_it_is_one() -> None:
    other = AGAIN.model_copy(update={"unit": "left/a/r1-s0"})
    assert verification(rescored=GOOD).share == "1 of 5 units"
    assert verification(rescored=GOOD, rerun=[AGAIN], drawn=[other]).share == "2 of 5 units"
    assert verification().share == ""


def test_verification_holds_until_the_row_changes(tmp_path: Path) -> None:
    folder = tmp_path / "submissions" / "kinetics" / "m"
    folder.mkdir(parents=True)
    (folder / "results.json").write_text("{}")
    assert read_verification(folder) is None
    made = verification(rescored=GOOD).model_copy(
        update={"results_sha256": sha256_of(folder / "results.json")}
    )
    made.write(place(folder))
    assert place(folder) == tmp_path / "verifications" / "kinetics" / "m.json"
    assert read_verification(folder) == made
    (folder / "results.json").write_text("{ }")
    assert read_verification(folder) is None


def test_damaged_verification_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "submissions" / "kinetics" / "m"
    folder.mkdir(parents=True)
    place(folder).parent.mkdir(parents=True)
    place(folder).write_text('{"level": "re-run"}')
    with pytest.raises(InputError, match=r"m\.json: ") as caught:
        read_verification(folder)
    assert "\n" not in str(caught.value)
