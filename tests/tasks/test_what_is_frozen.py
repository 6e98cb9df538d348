"""Which tasks a generator makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from tasks.making.freeze import unfrozen


@dataclass(frozen=True)
class Spec:
    name: str


SPECS = [Spec("a"), Spec("b"), Spec("c")]


@pytest.fixture
def family(tmp_path: Path) -> Path:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "b.yaml").touch()
    return tmp_path


def test_a_task_that_is_there_is_left_alone_unless_forced(family: Path) -> None:
    assert unfrozen(SPECS, None, family, force=False) == [Spec("a"), Spec("c")]
    assert unfrozen(SPECS, None, family, force=True) == SPECS


def test_only_what_is_asked_for_is_made(family: Path) -> None:
    assert unfrozen(SPECS, ["c", "b"], family, force=False) == [Spec("c")]
    assert unfrozen(SPECS, ["c", "b"], family, force=True) == [Spec("b"), Spec("c")]


def test_unknown_task_ends_the_program_with_one_line(
    family: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        unfrozen(SPECS, ["a", "d"], family, force=False)
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == "error: no task 'd'; available: a, b, c\n"
