"""The command line: what it prints, its exit codes, and one line for every bad input."""

from __future__ import annotations

import io
import json
import os
import re
import shutil

import numpy as np
import pytest
from rich.console import Console

from benchmark import cli
from benchmark.console import show
from benchmark.console.options import sort_arguments
from benchmark.job import Event, Key
from benchmark.registry import all_tasks
from benchmark.result import Unit
from benchmark.uncertainty import with_error
from tests.plugs import MARKOV, command, one_line, python, tasks_in

COMMANDS = [
    *(found.name or found.callback.__name__ for found in cli.app.registered_commands),
]


# ---- help -------------------------------------------------------------------------------------


def test_help_lists_every_command(capsys):
    code, out, _ = command(capsys, "--help")
    assert code == 0
    assert {"list", "describe", "check", "run", "score", "leaderboard"} <= set(COMMANDS)
    assert all(re.search(rf"^\s+{name}\s", out, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command_gives_an_example(capsys, name):
    code, out, _ = command(capsys, name, "--help")
    assert code == 0
    assert f"Example: python -m benchmark {name}" in " ".join(out.split())


def test_no_command_shows_the_help(capsys):
    _, out, err = command(capsys)
    assert "Commands" in out + err


@pytest.mark.parametrize("arguments", [["fly"], ["run"], ["list", "--famly"], ["run", "--model"]])
def test_misspelt_command_line_is_exit_code_2_without_a_traceback(capsys, arguments):
    code, _, err = command(capsys, *arguments)
    assert code == 2
    assert "Traceback" not in err
    assert "Error" in err


# ---- list and describe ------------------------------------------------------------------------


def test_list_shows_every_task(toy, capsys):
    code, out, _ = command(capsys, "list")
    assert code == 0
    assert all(task_id in out for task_id in all_tasks())


def test_list_shows_the_time_of_a_frame_with_its_unit(capsys):
    out = command(capsys, "list", "--family", "alanine")[1]
    assert out.count(" 0.1 ps ") == out.count("-0.1ps ") > 0


def test_list_of_a_family_shows_only_that(toy, capsys):
    out = command(capsys, "list", "--family", "toy")[1]
    assert "toy/three" in out
    assert "potentials/" not in out


def test_list_as_json_has_the_documented_fields(toy, capsys):
    code, out, _ = command(capsys, "list", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [row["id"] for row in rows] == list(all_tasks())
    assert all({"id", "family", "track", "oracle", "ranked", "version"} <= set(row) for row in rows)
    assert next(row for row in rows if row["id"] == "toy/three") == {
        "id": "toy/three",
        "family": "toy",
        "track": "kinetics",
        "oracle": "exact",
        "ranked": True,
        "version": 1,
        "title": "a toy",
        "labels": 3,
        "training_frames": 5000,
        "replicas": 5,
        "slowest_frames": pytest.approx(73, abs=0.1),
    }


def test_describe_shows_scales_and_fingerprints(toy, capsys):
    code, out, _ = command(capsys, "describe", "toy/three")
    assert code == 0
    assert "Six hidden states seen as three labels." in out
    for name, scale in toy.card.metrics.items():
        assert name in out
        assert with_error(scale.trivial, scale.trivial_stderr) in out
    for split in toy.card.splits.values():
        assert split.sha256[:16] in out


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.12345, 0.0123, "0.123(12)"),
        (0.12345, 0.0321, "0.12(3)"),
        (12.3, 4.0, "12(4)"),
        (1234.5, 100.0, "1234(100)"),
        (-0.0001, 0.003, "0.000(3)"),
        (0.12345, 0.0, "0.123"),
        (0.12345, float("nan"), "0.123"),
        (float("nan"), 0.1, "–"),
    ],
)
def test_error_is_written_in_the_last_digits(value, error, text):
    assert with_error(value, error) == text


# ---- check ------------------------------------------------------------------------------------


def test_check_of_a_good_model_is_exit_code_0(capsys, plug):
    code, out, _ = command(capsys, "check", "--model", plug(MARKOV))
    assert code == 0
    assert "fault" not in out
    assert out.count("ok ") == 11


def test_check_of_a_bad_model_is_exit_code_1_and_says_what_is_wrong(capsys, plug):
    path = plug(MARKOV.replace("return p\n", "return p[..., :2]\n"))
    code, out, err = command(capsys, "check", "-m", path)
    assert code == 1
    assert "predict gave shape (4, 2000, 2), expected (4, 2000, 20)" in out
    assert "Traceback" not in out + err


def test_check_takes_settings_in_both_spellings(capsys, plug):
    path = plug(MARKOV.replace("prior: float = 0.5", "prior: float = 0.5, other: int = 1"))
    for settings in (["--set", "prior=1", "--set", "other=2"], ["--set", "prior=1", "other=2"]):
        assert command(capsys, "check", "--model", path, *settings)[0] == 0


# ---- bad input: one line, exit code 2 ---------------------------------------------------------


def bad(capsys, *arguments):
    """Give something that cannot be done; give the one line that says so."""
    code, out, err = command(capsys, *arguments)
    assert code == 2
    assert one_line(err), err
    assert "Traceback" not in out
    return err.removeprefix("error: ").rstrip()


def test_unknown_family(capsys):
    assert bad(capsys, "list", "--family", "absent").startswith("no task matches 'absent/*'")


def test_unknown_task_to_describe(capsys):
    message = bad(capsys, "describe", "potentials/lineer3")
    assert message.startswith("no task matches 'potentials/lineer3'; did you mean potentials/line")


def test_family_that_is_not_fetched_yet_is_said_to_be_fetched(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("STRIDEBENCH_TASKS", str(tmp_path))
    message = bad(capsys, "run", "--model", "linear", "--tasks", "md17-dft/ethanol-k10")
    assert message == (
        "no task matches 'md17-dft/ethanol-k10'; "
        "fetch md17-dft first: python -m benchmark data fetch md17"
    )
    assert "more: md17-dft/*, by python -m benchmark data fetch md17" in command(capsys, "list")[1]


def test_lines_in_a_pipe_are_not_broken(tmp_path):
    done = python("-m", "benchmark", "describe", "md17-xtb/ethanol-k10", env=without_columns())
    assert done.returncode == 0, done.stderr
    assert max(len(line) for line in done.stdout.splitlines()) > 200


def without_columns():
    return {name: value for name, value in os.environ.items() if name != "COLUMNS"}


def test_unknown_task_to_run(capsys, plug):
    message = bad(capsys, "run", "--model", plug(MARKOV), "--tasks", "potentials/*", "absent")
    assert message.startswith("no task matches 'absent'; available: ")


def test_unknown_model(capsys):
    message = bad(capsys, "run", "--model", "mms")
    assert message.startswith("no model 'mms'; did you mean msm")
    assert "available: ar-hmm, block-shuffle, " in message


def test_missing_model_file(capsys):
    assert bad(capsys, "check", "--model", "absent.py") == "no file absent.py"


def test_model_file_that_does_not_load(capsys, plug):
    path = plug("import absent_package")
    message = f"{path} does not load: ModuleNotFoundError: No module named 'absent_package'"
    assert bad(capsys, "check", "--model", path) == message


def test_unknown_setting(capsys, plug):
    message = bad(capsys, "run", "--model", plug(MARKOV), "--set", "piror=1")
    assert message == "Markov has no setting 'piror'; it has: prior=0.5"


def test_ill_typed_setting(capsys, plug):
    message = bad(capsys, "check", "--model", plug(MARKOV), "--set", "prior=high")
    assert message == "--set prior=high: expected float, such as 0.5"


@pytest.mark.parametrize("pair", ["prior", "=1"])
def test_setting_without_a_name_or_a_value(capsys, plug, pair):
    message = bad(capsys, "run", "--model", plug(MARKOV), "--set", pair)
    assert message == f"--set takes name=value, not '{pair}'"


def test_tasks_given_to_check(capsys, plug):
    message = bad(capsys, "check", "--model", plug(MARKOV), "toy/three")
    assert message == "check takes no tasks ('toy/three'); it has a tiny one of its own"


@pytest.mark.parametrize("device", ["gpu", "cuda:9"])
def test_device_that_is_not_there(capsys, plug, toy, device):
    import torch

    if device.startswith("cuda") and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    message = bad(
        capsys, "run", "--model", plug(MARKOV), "--tasks", "toy/three", "--device", device
    )
    assert message.startswith(f"--device {device}: ")


def test_folder_that_is_no_run(capsys, tmp_path):
    assert bad(capsys, "score", tmp_path) == f"{tmp_path} is not a run: it has no run.json"


def test_output_folder_with_other_things_in_it(capsys, plug, toy, tmp_path):
    message = bad(capsys, "run", "--model", plug(MARKOV), "--tasks", "toy/three", "--out", tmp_path)
    assert message == f"{tmp_path} is not empty and is not a run; take another --out"


def test_damaged_card(capsys, tmp_path, monkeypatch):
    path = tmp_path / "family" / "cards" / "one.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("id: family/one\nversion: one\n")
    monkeypatch.setenv("STRIDEBENCH_TASKS", str(tmp_path))
    assert bad(capsys, "list").startswith(f"{path}: ")


@pytest.mark.parametrize(
    "option", [["--replicas", "0"], ["--seeds", "0"], ["--timeout", "0"], ["--workers", "-1"]]
)
def test_number_out_of_range_is_refused_by_its_name(capsys, option):
    code, _, err = command(capsys, "run", "--model", "iid", *option)
    assert code == 2
    assert f"Invalid value for '{option[0]}'" in err


def test_bad_input_in_a_process_of_its_own_is_one_line_and_exit_code_2():
    done = python("-m", "benchmark", "describe", "absent/task")
    assert done.returncode == 2
    assert one_line(done.stderr)
    assert done.stdout == ""


# ---- arguments --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((None, None, None), ([], {})),
        ((["a"], ["k=v"], ["b", "l=w"]), (["a", "b"], {"k": "v", "l": "w"})),
        ((None, ["k=a=b"], None), ([], {"k": "a=b"})),
        ((None, ["k="], None), ([], {"k": ""})),
        ((["a"], ["k=1", "k=2"], None), (["a"], {"k": "2"})),
    ],
)
def test_words_left_behind_go_to_tasks_and_settings(arguments, expected):
    assert sort_arguments(*arguments) == expected


# ---- runs: these start processes --------------------------------------------------------------

MANY_FAULTS = """
class Faulty(Markov):
    def __init__(self, prior: float = 0.5, unused: int = 0):
        super().__init__(prior)

    def fit(self, train, validation, context):
        super().fit(train, validation, context)
        self.which = (context.replica, context.seed // 1000)
        if self.which == (0, 0):
            np.zeros(3).reshape(2, 2)

    def sample(self, prompt, n_frames, rng):
        out = super().sample(prompt, n_frames, rng)
        if self.which == (1, 0):
            return out[:, 1:]
        return out + self.K if self.which == (2, 0) else out

    def predict(self, states):
        p = super().predict(states)
        if self.which == (3, 0):
            p[0, 17, 0] = np.nan
        if self.which == (4, 0):
            p *= 1.01
        if self.which == (0, 1):
            p = p[::-1][:, ::-1]
        return p
"""

REASONS = [
    "ValueError: cannot reshape array of size 3 into shape (2,2) (at plug.py:{line})",
    "sample gave shape (13, 4211), expected (13, 4212)",
    "sample gave the label 5, labels are 0 … 2",
    "predict gave NaN or infinite probabilities",
    "probabilities are not normalised: Σp off by 0.01 at frame",
    "predictions are not causal: p at frame",
    "",
]


@pytest.fixture(scope="module")
def faulty(_toy_root, tmp_path_factory):
    """Run a model with another fault in each unit; give folder, finished process and its file."""
    folder = tmp_path_factory.mktemp("faulty")
    path = folder / "plug.py"
    path.write_text(MARKOV + MANY_FAULTS)
    arguments = ["run", "--model", f"{path}:Faulty", "--tasks", "toy/thr*", "toy/three"]
    arguments += ["--seeds", "3", "--set", "prior=1", "unused=2", "--workers", "1"]
    with tasks_in(_toy_root):
        done = python("-m", "benchmark", *arguments, "--out", str(folder / "run"))
    return folder / "run", done, path


def test_every_fault_of_a_model_is_a_line_of_the_run_and_never_a_traceback(faulty):
    folder, done, path = faulty
    assert "Traceback" not in done.stdout + done.stderr
    lines = path.read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "reshape" in text)
    units = json.loads((folder / "results.json").read_text())["units"]
    assert [u["status"] for u in units] == ["failed"] * 4 + ["done"] * 3
    for unit, reason in zip(units, REASONS, strict=True):
        assert unit["reason"].startswith(reason.format(line=line))
        assert "\n" not in unit["reason"]
        assert bool(unit["reason"]) == bool(reason)
        assert unit["reason"] in done.stdout


def test_run_with_failures_is_exit_code_1(faulty):
    assert faulty[1].returncode == 1


def test_run_says_what_next(faulty):
    folder, done, _ = faulty
    assert f"written: {folder / 'results.json'}" in done.stdout
    assert f"again from the files alone: python -m benchmark score {folder}" in done.stdout


def test_run_names_the_place_of_the_whole_traceback(faulty):
    folder, done, _ = faulty
    path = folder / "units" / "toy--three" / "r0-s0" / "traceback.txt"
    assert f"the whole traceback: {path}\n" in done.stdout
    assert "reshape" in path.read_text()


def test_run_marks_the_task_with_how_many_units_failed(faulty):
    assert "toy/three: 4 of 7 units count as trivial: " in faulty[1].stdout


def test_settings_of_either_spelling_are_resolved_in_the_result(faulty):
    config = json.loads((faulty[0] / "results.json").read_text())["config"]
    assert config["settings"] == {"prior": 1.0, "unused": 2}
    assert config["tasks"] == ["toy/three"]


def test_score_prints_the_same_tables_as_the_run(faulty, capsys, tmp_path, toy):
    folder, done, _ = faulty
    shutil.copytree(folder, tmp_path / "run")
    code, out, _ = command(capsys, "score", tmp_path / "run")
    assert code == 1
    tables = out[out.index("errors") : out.index("written:")]
    assert tables in done.stdout


def test_run_again_with_other_settings_is_refused(faulty, capsys, toy):
    folder, _, path = faulty
    model = f"{path}:Faulty"
    message = bad(capsys, "run", "--model", model, "--tasks", "toy/three", "--out", folder)
    assert message.startswith(f"{folder} holds a run with another settings; take another --out")


def test_quick_run_of_a_good_model_is_exit_code_0_and_unranked(toy, plug, tmp_path, capsys):
    path = plug(MARKOV)
    arguments = ["run", "--model", path, "--tasks", "toy/three", "--quick", "--out", tmp_path / "r"]
    code, out, _ = command(capsys, *arguments)
    result = json.loads((tmp_path / "r" / "results.json").read_text())
    assert code == 0
    assert "quick, not ranked" in out
    assert re.search(r"a full run of these tasks takes about 1 min on \d+ cores", out)
    assert not result["ranked"]
    assert len(result["units"]) == 1
    assert result["tasks"][0]["groups"]["likelihood"] > 0.5
    # Everything is done: a second call starts no process and changes no score.
    assert command(capsys, *arguments)[0] == 0
    assert json.loads((tmp_path / "r" / "results.json").read_text())["tasks"] == result["tasks"]


def test_score_of_a_folder_that_takes_no_file_prints_the_table_and_says_so(
    toy, plug, tmp_path, capsys
):
    run = tmp_path / "run"
    asked = ("--tasks", "toy/three", "--quick", "--no-plots", "--out", run)
    command(capsys, "run", "--model", plug(MARKOV), *asked)
    (run / "results.json").unlink()
    (run / "results.json").mkdir()
    code, out, err = command(capsys, "score", run)
    assert code == 0
    assert "regret" in out
    assert "written: " not in out
    assert err == (
        f"nothing is written: cannot write {run / 'results.json'}: Is a directory; "
        "what is done stays, run again to go on\n"
    )
    # A run whose scores cannot be written has failed, and shows them all the same.
    code, out, err = command(capsys, "run", "--model", plug(MARKOV), *asked)
    assert code == 2
    assert "regret" in out
    assert err.startswith("error: cannot write ")


def test_model_out_of_time_is_exit_code_1(toy, plug, tmp_path, capsys):
    path = plug(MARKOV.replace("K = self.K", "time.sleep(600)\n        K = self.K"))
    code, out, _ = command(
        capsys, "run", "--model", path, "--tasks", "toy/three", "--replicas", "1",
        "--timeout", "1", "--out", tmp_path / "run",
    )  # fmt: skip
    assert code == 1
    assert "toy/three r0-s0 timeout: stopped after 1 s (--timeout)" in out


# ---- what a model says about its progress -----------------------------------------------------


@pytest.mark.parametrize("note", ["loss 0.1", "[/red] a closing tag", "[bold] an opening one"])
@pytest.mark.parametrize("fraction", [0.5, -1.0, 7.0, np.nan, np.inf])
def test_anything_a_model_reports_can_be_shown(monkeypatch, note, fraction):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, highlight=False)
    monkeypatch.setattr(show, "console", console)
    key = Key(task="toy/three", replica=0, seed=0)
    with show.RunDisplay([key], "run") as display:
        display.watch(Event(key, fraction, note))
        display.progress.refresh()
        unit = Unit(task=key.task, version=1, replica=0, seed=0, status="failed", reason=note)
        display.watch(Event(key, 1.0, "failed", unit))
    assert f"toy/three r0-s0 failed: {note}" in screen.getvalue()


@pytest.mark.parametrize("name", ["train.parquet", "fresh.parquet", "reference.json"])
def test_damaged_frozen_data_stop_a_run_before_anything_is_fitted(
    capsys, tmp_path, monkeypatch, toy, name
):
    shutil.copytree(toy.path.parents[1], tmp_path / "tasks" / "toy")
    damaged = tmp_path / "tasks" / "toy" / "data" / "three" / name
    damaged.write_bytes(damaged.read_bytes()[:-100])
    monkeypatch.setenv("STRIDEBENCH_TASKS", str(tmp_path / "tasks"))
    error = bad(capsys, "run", "--model", "iid", "--tasks", toy.id, "--out", tmp_path / "run")
    assert error.startswith(str(damaged))
    assert not (tmp_path / "run").exists()


def test_command_that_runs_out_of_memory_says_so_in_one_line(capsys, monkeypatch):
    def all_of_it(*_: object) -> None:
        np.empty(1 << 55)

    monkeypatch.setattr(cli, "command_line", lambda: all_of_it)
    code, _, err = command(capsys, "list")
    assert code == 2
    assert one_line(err)
    assert "out of memory: Unable to allocate" in err
