"""No number changes by accident: what was recorded comes out again; see `tests/numbers.py`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import numbers

RECORDED = json.loads(Path(__file__).with_name("numbers.json").read_text())

#: On another processor, or with other libraries, sums differ in their last digits.
SAME_MACHINE = RECORDED["machine"] == numbers.machine()

QUICK = {"msm", "ngram", "linear"}

#: Recorded before scipy computed them: equal but for the last digits.
BY_SCIPY = {"population_error", "vdos_w1", "vdos_low", "vdos_middle", "vdos_high"}


@pytest.mark.parametrize(
    "model",
    [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in numbers.RUNS],
)
def test_model_gives_the_recorded_predictions_and_metrics(model: str, tmp_path: Path):
    found = numbers.run(model, numbers.RUNS[model], tmp_path)
    for task, expected in RECORDED["runs"][model].items():
        if SAME_MACHINE:
            assert found[task]["predictions"] == expected["predictions"]
            for name, value in expected["metrics"].items():
                exactly = value
                if name in BY_SCIPY:
                    exactly = pytest.approx(value, rel=1e-9, abs=1e-9)
                assert found[task]["metrics"][name] == exactly, name
        elif model in QUICK:  # a network that is trained elsewhere is another one
            assert found[task]["metrics"] == pytest.approx(expected["metrics"], rel=1e-6)


@pytest.mark.skipif(not SAME_MACHINE, reason="recorded on another processor or other libraries")
def test_scores_of_the_board_are_those_recorded_to_the_last_digit():
    assert numbers.scores() == RECORDED["scores"]


@pytest.mark.parametrize("task", numbers.DESCRIBED)
def test_task_is_described_as_recorded(task: str):
    assert numbers.command("describe", task) == RECORDED["described"][task]
