"""Runs: what is planned, done, resumed, survived, and scored from files alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.job import Key
from benchmark.loading import load_model
from benchmark.registry import find_task
from benchmark.result import Result, RunConfig, Unit, json_schema, read_result
from benchmark.run.folder import RunFile, open_run, plan, read_run, read_unit, run_model
from benchmark.run.runner import execute
from benchmark.run.scoring import score_run
from benchmark.task import Task
from benchmark.tracks.kinetics.predictions import SAMPLES
from tests.plugs import MARKOV, ROOT, SAVED, tasks_in
from tests.run.waiting import alive, eventually

TOY = "toy/three"


def wanted(spec, given=None, **changes):
    """Describe a run as the command line does."""
    loaded = load_model(spec, given)
    config: dict[str, Any] = {
        "settings": loaded.settings,
        "replicas": 5,
        "seeds": 1,
        "quick": False,
        "device": "cpu",
        "workers": 1,
        "timeout": 120.0,
        "tasks": [TOY],
    } | changes
    units = [
        Key(task=t, replica=r, seed=0) for t in config["tasks"] for r in range(config["replicas"])
    ]
    units += [
        Key(task=t, replica=0, seed=s) for t in config["tasks"] for s in range(1, config["seeds"])
    ]
    return RunFile(
        model=run_model(loaded),
        spec=spec,
        given=given or {},
        source_sha256=loaded.source_sha256,
        config=RunConfig(**config),
        provenance={"processor": "this one"},
        units=units,
    )


def carry_out(folder, run, fresh=False):
    """Run as the command line does; give what was told, one event a unit, and the result."""
    opened = open_run(folder, run, fresh)
    tasks = {task_id: find_task(task_id) for task_id in run.config.tasks}
    events = []
    execute(run.units, tasks, run, folder, events.append)
    result = score_run(folder)
    assert read_run(folder) == opened
    return {str(event.key): event for event in events if event.unit is not None}, result


def contents(folder):
    """Read every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# ---- the plan ---------------------------------------------------------------------------------


def test_every_replica_gets_seed_zero_and_replica_zero_the_other_seeds(toy: Task):
    keys = plan([toy], replicas=3, seeds=3)
    assert [(key.replica, key.seed) for key in keys] == [(0, 0), (1, 0), (2, 0), (0, 1), (0, 2)]


def test_no_more_replicas_are_planned_than_the_task_has(toy: Task):
    assert len(plan([toy], replicas=99, seeds=1)) == 5


def test_units_of_a_task_follow_each_other(toy: Task):
    other = find_task("potentials/linear3")
    keys = plan([toy, other], replicas=2, seeds=1)
    assert [key.task for key in keys] == [TOY, TOY, other.id, other.id]


def test_unit_folder_is_flat_and_readable(tmp_path):
    folder = Key(task=TOY, replica=3, seed=1).folder(tmp_path)
    assert folder == tmp_path / "units" / "toy--three" / "r3-s1"
    assert str(Key(task=TOY, replica=3, seed=1)) == "toy/three r3-s1"


# ---- one run that the tests below share -------------------------------------------------------


@pytest.fixture(scope="module")
def spec(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("plugs") / "markov.py"
    path.write_text(SAVED)
    return str(path)


@pytest.fixture(scope="module")
def finished(_toy_root, spec, tmp_path_factory):
    """Make a run of two replicas and two seeds; give its folder, its events and its result."""
    folder = tmp_path_factory.mktemp("runs") / "markov"
    with tasks_in(_toy_root):
        return folder, *carry_out(folder, wanted(spec, replicas=2, seeds=2))


@pytest.fixture
def run(toy, finished, tmp_path):
    """Copy the finished run to where it may be damaged."""
    shutil.copytree(finished[0], tmp_path / "run")
    return tmp_path / "run"


def unit_folder(run, replica, seed=0):
    return Key(task=TOY, replica=replica, seed=seed).folder(run)


def test_run_reports_units_in_the_order_of_the_plan_and_all_are_done(finished):
    _, events, result = finished
    assert list(events) == ["toy/three r0-s0", "toy/three r1-s0", "toy/three r0-s1"]
    assert [unit.status for unit in result.units] == ["done"] * 3
    assert [(unit.replica, unit.seed) for unit in result.units] == [(0, 0), (1, 0), (0, 1)]


def test_run_leaves_predictions_records_and_the_fitted_model_and_nothing_else(finished):
    names = set(contents(finished[0]))
    model = {"model/counts.npy", "model/seconds"}
    unit = {"unit.json", "one_model.json", "samples.parquet", "log_prob.parquet"} | model
    keys = ("r0-s0", "r1-s0", "r0-s1")
    expected = {f"units/toy--three/{key}/{name}" for key in keys for name in unit}
    assert names == expected | {"run.json", "results.json"}


def test_result_has_the_documented_schema(finished):
    folder, _, result = finished
    stored = json.loads((folder / "results.json").read_text())
    assert list(stored) == [
        "schema_version",
        "model",
        "config",
        "ranked",
        "provenance",
        "earlier",
        "units",
        "tasks",
    ]
    assert {"value", "stderr", "unit"} <= set(stored["units"][0]["metrics"]["mfpt_error"])
    assert {"score", "groups", "metrics"} <= set(stored["tasks"][0])
    assert read_result(folder).model_dump_json() == result.model_dump_json()
    assert set(json.loads(json_schema())["properties"]) == set(stored)


def test_json_of_a_result_has_no_nan(finished):
    def forbid(constant):
        raise AssertionError(constant)

    json.loads((finished[0] / "results.json").read_text(), parse_constant=forbid)


def test_cost_is_recorded(finished):
    for unit in finished[2].units:
        assert unit.cost.fit_seconds >= 0
        assert unit.cost.total_seconds >= unit.cost.fit_seconds
        assert unit.cost.sampled_frames_per_second > 0
        assert unit.cost.peak_memory_bytes > 1e7


def test_provenance_names_data_packages_and_machine(finished, toy):
    provenance = finished[2].provenance
    assert provenance["data"][TOY]["test"] == toy.card.splits["test"].sha256
    assert provenance["data"][TOY]["reference"] == toy.card.reference_sha256
    assert provenance["processor"] == "this one"
    assert provenance["scorer_version"] >= 1


def test_run_of_fewer_replicas_than_the_task_has_is_not_ranked(finished):
    assert not finished[2].ranked


def test_replicas_and_seeds_are_different_fits(finished):
    samples = [
        contents(unit_folder(finished[0], r, s))["samples.parquet"]
        for r, s in ((0, 0), (1, 0), (0, 1))
    ]
    assert len(set(samples)) == 3


# ---- scoring ----------------------------------------------------------------------------------


def test_scoring_again_gives_what_the_run_wrote_bit_for_bit(run):
    before = json.loads((run / "results.json").read_text())
    (run / "results.json").unlink()
    score_run(run)
    after = json.loads((run / "results.json").read_text())
    for part in ("model", "config", "ranked", "units", "tasks"):
        assert json.dumps(after[part]) == json.dumps(before[part])


def test_scoring_changes_no_other_file(run):
    before = contents(run)
    score_run(run)
    after = contents(run)
    del before["results.json"], after["results.json"]
    assert after == before


def test_half_written_results_are_refused_by_a_reader_and_replaced_by_scoring(run):
    path = run / "results.json"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"results\.json is not a result: Invalid JSON"):
        read_result(run)
    score_run(run)
    assert read_result(run).tasks


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 1}, "schema: Extra inputs are not permitted"),
        ({"ranked": "perhaps"}, "ranked: Input should be a valid boolean"),
        ({"units": [{"task": TOY}]}, "units.0.version: Field required"),
    ],
)
def test_result_of_another_schema_is_refused_with_the_field(run, change, message):
    path = run / "results.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError) as caught:
        read_result(path)
    assert str(caught.value) == f"{path} is not a result: {message}"


def test_missing_result_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no result at .*results\.json: No such file"):
        read_result(tmp_path)


def test_missing_unit_is_skipped_and_counts_as_trivial(run):
    shutil.rmtree(unit_folder(run, 1))
    result = score_run(run)
    assert [unit.status for unit in result.units] == ["done", "skipped", "done"]
    assert result.units[1].reason == "not run yet"
    assert result.tasks[0].failed == 1
    assert result.tasks[0].metrics["mfpt_error"].missing == 1


def test_damaged_prediction_file_fails_its_unit_only(run):
    path = unit_folder(run, 1) / SAMPLES
    path.write_bytes(path.read_bytes()[:-10])
    result = score_run(run)
    assert [unit.status for unit in result.units] == ["done", "failed", "done"]
    assert "samples.parquet is damaged" in result.units[1].reason


def test_unit_of_an_older_task_version_is_not_scored(run, toy):
    path = unit_folder(run, 0) / "unit.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 0'))
    assert read_unit(unit_folder(run, 0), toy) is None
    assert score_run(run).units[0].status == "skipped"


@pytest.mark.parametrize("text", ["", "{", '{"task": "toy/thr', "[]"])
def test_half_written_unit_is_not_done(run, toy, text):
    (unit_folder(run, 0) / "unit.json").write_text(text)
    assert read_unit(unit_folder(run, 0), toy) is None


def test_folder_that_is_no_run_cannot_be_scored(tmp_path):
    with pytest.raises(InputError, match=r"is not a run: it has no run\.json"):
        score_run(tmp_path)


def test_damaged_run_file_is_refused(run):
    (run / "run.json").write_text("{")
    with pytest.raises(InputError, match=r"run\.json is damaged; start over with --fresh"):
        score_run(run)


# ---- opening a run folder ---------------------------------------------------------------------


def test_same_request_opens_the_run_again(run, spec):
    request = wanted(spec, replicas=2, seeds=2)
    assert open_run(run, request, fresh=False) == request


def test_run_is_widened_by_what_else_is_asked(run, spec, toy):
    opened = open_run(run, wanted(spec, replicas=3, tasks=["potentials/linear3"]), fresh=False)
    assert read_run(run) == opened
    asked = {(key.task, key.replica, key.seed) for key in opened.units}
    here = {(TOY, 0, 0), (TOY, 1, 0), (TOY, 0, 1)}
    assert asked == here | {("potentials/linear3", replica, 0) for replica in range(3)}
    # What the first call asked for is not forgotten, and asking again adds nothing.
    assert [call.config.tasks for call in opened.earlier] == [[TOY]]
    again = open_run(run, wanted(spec, replicas=3, tasks=["potentials/linear3"]), fresh=False)
    assert again.earlier == opened.earlier


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"spec": "other.py"}, "model"),
        ({"source_sha256": "0"}, "version of the model's file"),
    ],
)
def test_run_of_another_model_is_refused(run, spec, change, name):
    with pytest.raises(InputError, match=f"holds a run with another {name}; take another --out"):
        open_run(run, wanted(spec).model_copy(update=change), fresh=False)


def test_run_with_other_settings_is_refused_and_left_alone(run, spec):
    before = contents(run)
    with pytest.raises(InputError, match="another settings; take another --out, or --fresh"):
        open_run(run, wanted(spec, {"prior": "2"}), fresh=False)
    assert contents(run) == before


def test_quick_run_does_not_mix_with_a_full_one(run, spec):
    with pytest.raises(InputError, match="another --quick"):
        open_run(run, wanted(spec, quick=True), fresh=False)


def test_fresh_throws_the_other_run_away(run, spec):
    open_run(run, wanted(spec, {"prior": "2"}), fresh=True)
    assert set(contents(run)) == {"run.json"}


@pytest.mark.parametrize("fresh", [False, True])
def test_folder_with_other_things_in_it_is_refused_even_with_fresh(tmp_path, spec, fresh):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="is not empty and is not a run; take another --out"):
        open_run(tmp_path, wanted(spec), fresh)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_file_in_the_place_of_the_folder_is_refused(tmp_path, spec):
    (tmp_path / "run").write_text("")
    with pytest.raises(InputError, match="take another --out"):
        open_run(tmp_path / "run", wanted(spec), fresh=False)


@pytest.mark.parametrize("default", ["(1, 2)", "float('inf')", "object", "None", "{'a': (1,)}"])
def test_settings_of_any_kind_open_their_own_run_again(tmp_path, plug, default):
    path = plug(MARKOV.replace("prior: float = 0.5", f"prior={default}"))
    open_run(tmp_path / "run", wanted(path), fresh=False)
    open_run(tmp_path / "run", wanted(path), fresh=False)


# ---- resuming and surviving: these start processes --------------------------------------------


def test_resumed_run_does_only_what_is_not_done(run, spec):
    """Replica 1 is half written, seed 1 has failed, replica 2 was never asked for."""
    (unit_folder(run, 1) / "unit.json").write_text('{"task": "toy')
    path = unit_folder(run, 0, 1) / "unit.json"
    failed = Unit.model_validate_json(path.read_text()).model_copy(
        update={"status": "failed", "reason": "out of memory"}
    )
    path.write_text(failed.model_dump_json())
    before = contents(run)
    events, result = carry_out(run, wanted(spec, replicas=3, seeds=2))
    notes = {key: event.note for key, event in events.items()}
    assert notes == {
        "toy/three r0-s0": "already done",
        "toy/three r1-s0": "done",
        "toy/three r2-s0": "done",
        "toy/three r0-s1": "done",
    }
    assert all(unit.status == "done" for unit in result.units)
    after = contents(run)
    for name, content in before.items():
        # What was there is left (r0-s0) or made again exactly: the fitted model is loaded.
        if name.endswith((".parquet", ".npy")) or "r0-s0/" in name:
            assert after[name] == content
    assert {name for name in after if "r2-s0" in name}


@pytest.mark.parametrize("how", ["cut short", "empty", "no file"])
def test_unit_whose_predictions_are_damaged_is_done_again_and_says_so(run, spec, toy, how):
    path = unit_folder(run, 0) / SAMPLES
    whole = path.read_bytes()
    if how == "no file":
        path.unlink()
        path.symlink_to(run / "nowhere")
    else:
        path.write_bytes(whole[:100] if how == "cut short" else b"")
    request, told = wanted(spec, replicas=2, seeds=2), []
    execute(request.units, {TOY: toy}, request, run, told.append)
    remarks = [event.remark for event in told if event.remark]
    assert remarks == [f"{SAMPLES} is damaged, and the unit is done again"]
    assert path.read_bytes() == whole


DIES = """
import signal

class Dies(Markov):
    def fit(self, train, validation, context):
        super().fit(train, validation, context)
        context.progress(0.5, "[/red] a note that looks like markup")
        context.progress(float("nan"), object())
        (context.scratch / "checkpoint").write_text("half way")
        if context.replica == 0:
            os._exit(3)
        if context.replica == 1:
            os.kill(os.getpid(), signal.SIGKILL)
"""


def test_model_that_kills_its_process_loses_its_unit_and_no_other(toy, plug, tmp_path):
    model = plug(MARKOV + DIES) + ":Dies"
    _, result = carry_out(tmp_path / "run", wanted(model, replicas=3))
    assert [unit.status for unit in result.units] == ["failed", "failed", "done"]
    assert "the model's process died (exit code 3;" in result.units[0].reason
    assert "the model's process died (exit code -9;" in result.units[1].reason
    assert result.tasks[0].failed == 2
    # A checkpoint of a unit that is not done is kept, that of a done one is not.
    scratch = [unit_folder(tmp_path / "run", replica) / "scratch" for replica in range(3)]
    assert [path.exists() for path in scratch] == [True, True, False]


SLEEPS = """
class Sleeps(Markov):
    def fit(self, train, validation, context):
        time.sleep(600)
"""


def test_model_that_takes_too_long_is_stopped(toy, plug, tmp_path):
    model = plug(MARKOV + SLEEPS) + ":Sleeps"
    _, result = carry_out(tmp_path / "run", wanted(model, replicas=1, timeout=1.0))
    assert result.units[0].status == "timeout"
    assert result.units[0].reason == "stopped after 1 s (--timeout)"
    assert result.tasks[0].score == 0
    assert read_result(tmp_path / "run").units[0].status == "timeout"


WRITES_ITS_NUMBER = """
class Writes(Markov):
    def fit(self, train, validation, context):
        with open({path!r}, "w") as file:
            file.write(f"{{os.getpid()}} ")
        time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_a_killed_run_leaves_no_process_behind(toy, plug, tmp_path):
    number = tmp_path / "number"
    model = plug(MARKOV + WRITES_ITS_NUMBER.format(path=str(number))) + ":Writes"
    command = [sys.executable, "-m", "benchmark", "run", "--model", model, "--tasks", toy.id]
    run = subprocess.Popen([*command, "--out", str(tmp_path / "run")], stdout=subprocess.DEVNULL)
    assert eventually(lambda: number.exists() and number.read_text().endswith(" "), 120)
    run.kill()
    run.wait()
    assert eventually(lambda: not alive(int(number.read_text())), 20)


FULL_DISK = """
import sys
sys.path.insert(0, {root!r})

if __name__ == "__main__":
    import os, shutil
    from pathlib import Path

    from benchmark import cli

    disk = Path({disk!r})
    run = disk / "run"
    shutil.copytree({run!r}, run)
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "filler").write_bytes(b"x" * max(0, free - {left}))
    sys.argv = ["benchmark", "run", "--model", {spec!r}, "--tasks", "toy/three", "--replicas", "3"]
    sys.argv += ["--seeds", "2", "--workers", "1", "--device", "cpu", "--out", str(run)]
    try:
        cli.main()
    finally:
        shutil.copytree(run, {after!r})
"""


def test_full_disk_ends_in_one_line_and_leaves_earlier_results_intact(run, spec, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    namespace = ["unshare", "--mount", "--map-root-user"]
    mount = f"mount -t tmpfs -o size=2m tmpfs {disk}"
    if sys.platform != "linux" or shutil.which("unshare") is None:
        pytest.skip("needs Linux's unshare to mount a small disk")
    if subprocess.run([*namespace, "sh", "-c", mount], capture_output=True, check=False).returncode:
        pytest.skip("may not mount a small disk here")
    before = contents(run)
    script = tmp_path / "full_disk.py"
    names = {"root": str(ROOT), "disk": str(disk), "run": str(run), "spec": spec, "left": 12_288}
    script.write_text(dedent(FULL_DISK).format(**names, after=str(tmp_path / "after")))
    done = subprocess.run(
        [*namespace, "sh", "-c", f"{mount} && exec {sys.executable} {script}"],
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode in (1, 2), told
    assert "Traceback" not in told
    assert "No space left on device" in told
    after = contents(tmp_path / "after")
    for name, content in before.items():
        if name not in ("run.json", "results.json"):
            assert after[name] == content
    # Both JSON files are whole, old or new.
    assert read_run(tmp_path / "after").spec == spec
    assert isinstance(read_result(tmp_path / "after"), Result)
    # With space again, the same request goes on.
    events, result = carry_out(tmp_path / "after", wanted(spec, replicas=3, seeds=2))
    assert [event.note for event in events.values()].count("already done") == 3
    assert all(unit.status == "done" for unit in result.units)


def test_run_folder_that_cannot_be_written_is_refused(spec):
    with pytest.raises(InputError, match=r"cannot write /proc/run/run\.json"):
        open_run(Path("/proc/run"), wanted(spec), fresh=False)
