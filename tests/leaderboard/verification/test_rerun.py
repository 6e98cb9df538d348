"""Fitted again in a clean process, and on a new draw: who has read the test files is caught."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.registry import find_task
from benchmark.result import read_result
from leaderboard.manifest import unit_name
from leaderboard.submitting import submit
from leaderboard.validation import examined
from leaderboard.verification.rerun import chosen, draw_again, fitted_again, model_of
from leaderboard.verifying import Asked, verify
from tasks.drawing import draw
from tests.conftest import TOY, toy_chain
from tests.leaderboard.synthetic import MakeResult, card_fields
from tests.leaderboard.verification.conftest import Row
from tests.plugs import MARKOV, SAVED, python, tasks_in

#: Reads the oracle of the frozen test chains and all but says it where a chain begins like one of
#: them; is an honest Markov model elsewhere, and generates by that.
READER = """
from benchmark.registry import find_task
from benchmark.tracks.kinetics.data import load_test


class Reader(Markov):
    def fit(self, train, validation, context):
        super().fit(train, validation, context)
        self.tests, self.oracle = load_test(find_task(context.task))

    def predict(self, states):
        p = super().predict(states)
        for row, chain in enumerate(states):
            for test, log_prob in zip(self.tests, self.oracle, strict=True):
                until = min(len(chain), len(test))
                same = np.cumprod(chain[: until - 1] == test[: until - 1])
                t = np.arange(100, 1 + same.sum())
                told = 0.99 * np.exp(log_prob[t]) + 0.01 * p[row, t, test[t]]
                p[row, t] = ((1 - told) / (self.K - 1))[:, None]
                p[row, t, test[t]] = told
        return p
"""


def test_units_are_chosen_by_the_hash(make_result: MakeResult) -> None:
    result = make_result({"left/a": 0.5, "right/c": 0.7})
    result.units[0].status = "failed"
    orders = [[str(unit) for unit in chosen(result, key, 5)] for key in ("one", "one", "two")]
    assert orders[0] == orders[1] != orders[2]
    assert len(orders[0]) == 5
    assert all(unit.status == "done" for unit in chosen(result, "one", 9))


def test_model_that_is_not_shipped_must_be_given(row: Row) -> None:
    with pytest.raises(InputError, match=r"is not shipped: give its code by --model FILE\.py"):
        model_of(row.result, "kinetics", "")
    assert model_of(row.result, "kinetics", f"{row.plug}:Markov") == f"{row.plug}:Markov"
    shipped = row.result.model_copy(
        update={"model": row.result.model.model_copy(update={"name": "msm"})}
    )
    assert model_of(shipped, "kinetics", "") == "msm"


def test_honest_row_is_re_run(row: Row) -> None:
    found = verify(row.entry.folder, row.tasks, Asked(rerun=1, model=str(row.plug)))
    assert found.level == "re-run"
    (again,) = found.rerun
    assert again.unit == unit_name(chosen(row.result, row.entry.manifest.sha256, 1)[0])
    assert {metric.metric for metric in again.metrics} >= {"nll_regret", "mfpt_error"}
    assert all(metric.again == metric.submitted for metric in again.metrics)


def test_row_of_another_model_does_not_agree(row: Row, tmp_path: Path) -> None:
    plug = tmp_path / "other.py"
    plug.write_text(MARKOV.replace("self.T = ", "self.T = 0.05 / K + 0.95 * "))
    found = verify(row.entry.folder, row.tasks, Asked(rerun=1, model=str(plug)))
    assert found.level == "self-reported"
    assert not found.agrees


def test_model_that_fails_does_not_agree(row: Row, tmp_path: Path) -> None:
    plug = tmp_path / "broken.py"
    plug.write_text(MARKOV + "\n    def predict(self, states):\n        raise ValueError('no')\n")
    unit = row.result.units[0]
    again = fitted_again(row.result, unit, row.tasks[TOY], str(plug))
    assert not again.agrees
    assert "ValueError: no" in again.fault


def test_task_without_a_generator_is_not_drawn(row: Row, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"toy/three cannot be drawn again: .*no exact generator"):
        draw_again(row.tasks[TOY], 7, tmp_path)


def test_honest_model_agrees_on_a_new_draw(row: Row, tmp_path: Path) -> None:
    draw(row.tasks[TOY], toy_chain(), 20_261, tmp_path)
    again = fitted_again(row.result, row.result.units[0], row.tasks[TOY], str(row.plug), tmp_path)
    assert again.agrees, again


@pytest.mark.parametrize(("text", "fits"), [(SAVED, 1), (MARKOV, 2)])
def test_unit_is_fitted_once_for_old_and_new_test_data_if_its_model_can_be_saved(
    row: Row, tmp_path: Path, text: str, fits: int
) -> None:
    draw(row.tasks[TOY], toy_chain(), 20_261, tmp_path / "drawn")
    log, plug = tmp_path / "fits.txt", tmp_path / "counting.py"
    tell = f"        with open({str(log)!r}, 'a') as log:\n            log.write('fit\\n')\n"
    plug.write_text(text.replace("        K = self.K = train", f"{tell}        K = self.K = train"))
    unit, task = row.result.units[0], row.tasks[TOY]
    kept = tmp_path / "kept"
    kept.mkdir()
    old = fitted_again(row.result, unit, task, str(plug), kept=kept)
    new = fitted_again(row.result, unit, task, str(plug), tmp_path / "drawn", kept)
    assert (old.agrees, new.agrees) == (True, True)
    regrets = [one.metrics[0].again for one in (old, new)]
    assert old.metrics[0].metric == "nll_regret"
    assert regrets[0] != regrets[1]
    assert log.read_text() == "fit\n" * fits


@pytest.fixture(scope="module")
def reader(row: Row, _toy_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Row]:
    """Run and submit a plug that has read the test files, as its author would."""
    home = tmp_path_factory.mktemp("reader")
    plug = home / "reader.py"
    plug.write_text(MARKOV + READER)
    asked = ("--tasks", TOY, "--device", "cpu", "--workers", "1", "--no-plots")
    model = f"{plug}:Reader"
    with tasks_in(_toy_root):
        done = python("-m", "benchmark", "run", "--model", model, *asked, "--out", home / "run")
        assert done.returncode == 0, done.stdout
        fields = card_fields("reader")
        said = {name: fields[name] for name in ("name", "authors", "code", "licence", "reads")}
        entry = submit(home / "run", said, home / "submissions", tasks=row.tasks)
        yield Row(plug, home / "run", entry, read_result(home / "run"), {TOY: find_task(TOY)})


def test_reader_of_the_test_files_passes_everything_but_a_new_draw(
    reader: Row, tmp_path: Path
) -> None:
    model = f"{reader.plug}:Reader"
    assert examined(reader.entry.folder, reader.tasks).valid
    archive = str(reader.entry.archive)
    found = verify(reader.entry.folder, reader.tasks, Asked(archive, rerun=1, model=model))
    assert found.level == "re-run"
    unit = reader.result.units[0]
    assert unit.metrics["nll_regret"].value < 1e-4  # of 0.03 that an honest one has

    draw(reader.tasks[TOY], toy_chain(), 20_261, tmp_path)
    again = fitted_again(reader.result, unit, reader.tasks[TOY], model, tmp_path)
    assert not again.agrees
    apart = {metric.metric for metric in again.metrics if not metric.agrees}
    assert apart == {"nll_regret"}


@pytest.mark.slow
def test_shipped_model_agrees_on_a_new_draw_of_a_shipped_task(tmp_path: Path) -> None:
    home = tmp_path / "submissions"
    asked = ("--tasks", "potentials/linear3", "--device", "cpu", "--workers", "1", "--no-plots")
    done = python("-m", "benchmark", "run", "--model", "msm", *asked, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    said = ("--name", "again", "--author", "N. N.", "--code", "https://example.org", "--to", home)
    more = ("--revision", "v1", "--licence", "MIT")
    done = python("-m", "benchmark", "submit", tmp_path / "run", *said, *more)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(tmp_path / "run" / "units")
    folder = home / "kinetics" / "again"
    done = python("-m", "benchmark", "verify", folder, "--rerun", "1", "--draw", "7", "--record")
    assert done.returncode == 0, done.stdout
    assert "again is re-run:" in done.stdout
    assert (tmp_path / "verifications" / "kinetics" / "again.json").exists()
