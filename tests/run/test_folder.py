"""Run folders that were damaged, moved, linked, or made on other data: said, and mended."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.files import sweep
from benchmark.job import Job
from benchmark.registry import find_task
from benchmark.result import Unit
from benchmark.run.fitting import fitted_model
from benchmark.run.folder import open_run, read_run
from benchmark.run.local import asking
from benchmark.run.scoring import score_run
from benchmark.run.worker import do_unit
from benchmark.task import Task
from tests.plugs import MARKOV, SAVED
from tests.run.test_runner import wanted


class Folder:
    """Does one unit of a model in a folder of its own, again and again."""

    def __init__(self, task: Task, model: str, folder: Path, sha256: str = "") -> None:
        self.job = Job(
            task, 0, 0, model, {}, folder / "unit", "cpu", 1.0, 60.0, source_sha256=sha256
        )
        self.remarks: list[str] = []

    def do(self) -> Unit:
        self.remarks.clear()
        told = self.remarks.append
        return do_unit(self.job, asking(self.job), lambda fraction, note: None, told)

    @property
    def answers(self) -> tuple[bytes, ...]:
        return tuple(path.read_bytes() for path in sorted(self.job.folder.glob("*.parquet")))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty file": lambda model: (model / "counts.npy").write_bytes(b""),
    "cut short": lambda model: (model / "counts.npy").write_bytes(
        (model / "counts.npy").read_bytes()[:-3]
    ),
    "missing file": lambda model: (model / "counts.npy").unlink(),
    "another file of the same length": lambda model: (model / "counts.npy").write_bytes(
        bytes(reversed((model / "counts.npy").read_bytes()))
    ),
    "empty times": lambda model: (model / "seconds").write_text(""),
    "missing times": lambda model: (model / "seconds").unlink(),
    "empty folder": lambda model: (shutil.rmtree(model), model.mkdir()),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_damaged_fitted_model_is_fitted_again_with_a_line(toy, plug, tmp_path, case: str):
    unit = Folder(toy, plug(SAVED), tmp_path)
    assert unit.do().status == "done"
    before = unit.answers
    DAMAGES[case](unit.job.folder / "model")
    assert unit.do().status == "done"
    (remark,) = unit.remarks
    assert remark.startswith("its fitted model does not load (model/")
    assert remark.endswith("is missing or damaged) and is fitted again")
    assert unit.answers == before
    assert unit.do().status == "done"
    assert unit.remarks == []


def test_time_of_a_fit_that_is_taken_up_counts_in_the_whole(toy, plug, tmp_path):
    unit = Folder(toy, plug(SAVED), tmp_path)
    unit.do()
    seconds = unit.job.folder / "model" / "seconds"
    _, _, rest = seconds.read_text().partition("\n")
    seconds.write_text(f"1000.0 900.0\n{rest}")
    cost = unit.do().cost
    parts = cost.fit_seconds + cost.predict_seconds + cost.sample_seconds
    assert cost.fit_seconds == 1000.0
    assert parts <= cost.total_seconds < 1100.0


def test_damaged_fitted_model_is_refused_where_a_run_is_only_read(toy, plug, tmp_path):
    unit = Folder(toy, plug(SAVED), tmp_path)
    unit.do()
    (unit.job.folder / "model" / "counts.npy").write_bytes(b"")
    with pytest.raises(InputError, match=r"model/counts\.npy is missing or damaged"):
        fitted_model(unit.job, asking(unit.job), lambda fraction, note: None)


RESUMES = """
class Resumes(Markov):
    def fit(self, train, validation, context):
        checkpoint = context.scratch / "checkpoint"
        if checkpoint.exists():
            self.begin = float(checkpoint.read_text())
        checkpoint.write_text("1.0")
        super().fit(train, validation, context)
"""


@pytest.mark.parametrize("text", ["", "1.0.0", "\x00"])
def test_checkpoint_that_a_model_fails_on_is_thrown_away_with_a_line(toy, plug, tmp_path, text):
    unit = Folder(toy, plug(MARKOV + RESUMES) + ":Resumes", tmp_path)
    (unit.job.folder / "scratch").mkdir(parents=True)
    (unit.job.folder / "scratch" / "checkpoint").write_text(text)
    assert unit.do().status == "done"
    (remark,) = unit.remarks
    assert remark.startswith("it fails on an earlier run's checkpoint (ValueError: ")


def test_model_that_fails_without_a_checkpoint_is_not_tried_twice(toy, plug, tmp_path):
    model = plug(MARKOV.replace("K = self.K", "raise ValueError('odd')\n        K = self.K"))
    unit = Folder(toy, model, tmp_path)
    assert unit.do().reason.startswith("ValueError: odd (at plug.py:")
    assert unit.remarks == []


# ---- code that changes --------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["plug", "helper"])
@pytest.mark.parametrize("when", ["before", "while"])
def test_code_that_changes_before_or_while_a_unit_is_done_fails_it(
    toy, plug, tmp_path, monkeypatch, which: str, when: str
):
    monkeypatch.syspath_prepend(tmp_path)
    helper = f"helper_{which}_{when}"  # Python imports a name once
    (tmp_path / f"{helper}.py").write_text("NUMBER = 1\n")
    changed = tmp_path / ("plug.py" if which == "plug" else f"{helper}.py")
    body = f"import {helper}\n{MARKOV}"
    if when == "while":
        change = f"open({str(changed)!r}, 'a').write('# another')"
        body = body.replace("K = self.K", f"{change}\n        K = self.K")
    model = plug(body)
    sha256 = wanted(model).source_sha256
    if when == "before":
        changed.write_text(changed.read_text() + "# another")
    unit = Folder(toy, model, tmp_path, sha256).do()
    assert unit.status == "failed"
    assert unit.reason.startswith(f"the model's code ({helper}.py, plug.py) has changed since the ")


def test_hash_of_a_model_counts_what_it_imports_from_its_own_folder_and_nothing_else(
    plug, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "beside.py").write_text("NUMBER = 1\n")
    (tmp_path / "unrelated.py").write_text("NUMBER = 1\n")
    model = plug("import beside\n" + MARKOV)
    one = wanted(model).source_sha256
    (tmp_path / "unrelated.py").write_text("NUMBER = 2\n")
    assert wanted(model).source_sha256 == one
    (tmp_path / "beside.py").write_text("NUMBER = 2\n")
    assert wanted(model).source_sha256 != one


def test_module_imported_on_the_way_that_differs_between_two_units_fails_the_second(
    toy, plug, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(tmp_path)
    late = tmp_path / "late_module.py"
    late.write_text("NUMBER = 1\n")
    # Named by no import statement, so that nothing tells of it before.
    hidden = "import importlib\n        importlib.import_module('late_' + 'module')"
    model = plug(MARKOV.replace("K = self.K", f"{hidden}\n        K = self.K"))
    one, two, three = (
        replace(Folder(toy, model, tmp_path).job, folder=tmp_path / "run" / "task" / name)
        for name in ("r0-s0", "r1-s0", "r2-s0")
    )

    def done(job: Job) -> Unit:
        monkeypatch.delitem(sys.modules, "late_module", raising=False)  # as in a fresh process
        return do_unit(job, asking(job), lambda fraction, note: None)

    assert [done(job).status for job in (one, two)] == ["done", "done"]
    late.write_text("NUMBER = 2\n")
    unit = done(three)
    assert unit.status == "failed"
    assert unit.reason == (
        "the model's module late_module.py has changed since unit task r0-s0: "
        "put it back, or start over with --fresh"
    )


def test_module_of_another_folder_of_its_package_is_named_from_the_models_own(
    toy, plug, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "pack"
    for folder in ("", "one", "two"):
        (package / folder).mkdir(parents=True, exist_ok=True)
        (package / folder / "__init__.py").touch()
    (package / "two" / "helper.py").touch()
    hidden = "import importlib\n        importlib.import_module('pack.two.' + 'helper')"
    text = MARKOV.replace("K = self.K", f"{hidden}\n        K = self.K")
    (package / "one" / "model.py").write_text(text)
    job = replace(Folder(toy, "pack.one.model:Markov", tmp_path).job, source_sha256="")
    job = replace(job, folder=tmp_path / "run" / "units" / "task" / "r0-s0")
    unit = do_unit(job, asking(job), lambda fraction, note: None)
    assert (unit.status, unit.reason) == ("done", "")
    records = [file.read_text() for file in (tmp_path / "run" / "late_modules").iterdir()]
    assert any(record.endswith("\n../two/helper.py\n") for record in records)


# ---- the folder itself --------------------------------------------------------------------------


def test_fresh_empties_what_a_link_points_to_and_leaves_the_link(toy, plug, tmp_path):
    spec = plug(MARKOV)
    open_run(tmp_path / "there", wanted(spec), fresh=False)
    (tmp_path / "there" / "units").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "there" / "units" / "link").symlink_to(tmp_path / "outside")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "there")
    open_run(link, wanted(spec, {"prior": "2"}), fresh=True)
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["run.json"]
    assert link.is_symlink()
    assert (tmp_path / "outside").is_dir()


def on_data(run, **hashes):
    return run.model_copy(update={"data": {"toy/three": {"version": 1, **hashes}}})


def test_run_on_other_data_of_the_same_name_is_refused_and_fresh_starts_over(toy, plug, tmp_path):
    run = wanted(plug(MARKOV))
    open_run(tmp_path / "run", on_data(run, train="a", test="b"), fresh=False)
    other = on_data(run, train="c", test="b")
    with pytest.raises(InputError, match=r"other data of toy/three \(another train\); take"):
        open_run(tmp_path / "run", other, fresh=False)
    with pytest.raises(InputError, match=r"other data of toy/three"):
        score_run(tmp_path / "run")
    assert open_run(tmp_path / "run", other, fresh=True).data == other.data
    assert read_run(tmp_path / "run").data == other.data


def test_data_of_all_tasks_ever_asked_of_a_run_are_kept(toy, plug, tmp_path):
    run = wanted(plug(MARKOV))
    open_run(
        tmp_path / "run", run.model_copy(update={"data": {"a/b": {"train": "a"}}}), fresh=False
    )
    opened = open_run(tmp_path / "run", on_data(run, train="c"), fresh=False)
    assert set(opened.data) == {"a/b", "toy/three"}
    assert find_task("toy/three").card.fingerprints.keys() >= {"version", "train"}


def test_rubbish_of_killed_writes_is_swept_when_a_run_goes_on(toy, plug, tmp_path):
    run = wanted(plug(MARKOV))
    open_run(tmp_path / "run", run, fresh=False)
    unit = tmp_path / "run" / "units" / "toy--three" / "r0-s0"
    unit.mkdir(parents=True)
    for name in (".unit.json.abcd_123.tmp", ".samples.parquet.00000000.tmp"):
        (unit / name).write_text("half")
    (unit / ".model.abcdefgh.tmp").mkdir()
    (unit / ".model.abcdefgh.tmp" / "half").write_text("half")
    (unit / ".mine").write_text("kept")
    open_run(tmp_path / "run", run, fresh=False)
    assert [path.name for path in unit.iterdir()] == [".mine"]


def test_folder_moved_aside_by_a_killed_write_comes_back(tmp_path):
    for name in (".model.abcdefgh.old", ".other.abcdefgh.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "old").write_text("old")
    (tmp_path / "other").mkdir()
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "other"]
    assert (tmp_path / "model" / "old").exists()
    assert list((tmp_path / "other").iterdir()) == []
