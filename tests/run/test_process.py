"""Whatever a model's code does to its process, its unit ends in one line and the run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.job import Event, Job, Key
from benchmark.result import Unit
from benchmark.run.checking import checked
from benchmark.run.local import UnitProcess, described, events
from benchmark.run.process import processes
from benchmark.task import Task
from tests.command import stridebench
from tests.plugs import MARKOV, ROOT, one_line
from tests.run.waiting import alive, eventually


def unit_of(task: Task, model: str, folder: Path, seconds: float = 60.0) -> Unit:
    """Do one unit in a process of its own, as a run does."""
    key = Key(task=task.id, replica=0, seed=0)
    job = Job(task, 0, 0, model, {}, folder.resolve(), "cpu", 1.0, seconds)
    busy = UnitProcess(processes(1, model), key, job)
    told: list[Event] = []
    try:
        while not busy.ended:
            told += events([busy])
    finally:
        busy.stop()
    unit = told[-1].unit
    assert unit is not None
    return unit


@pytest.fixture
def ends(toy: Task, plug: Callable[[str], str], tmp_path: Path) -> Callable[..., Unit]:
    """Run a model whose ``fit`` has this body before its own; give how its unit ends."""

    def run(body: str, seconds: float = 60.0, after: str = "") -> Unit:
        model = plug(
            MARKOV + EXTRA + FIT.format(body=body.replace("\n", "\n        "), after=after)
        )
        return unit_of(toy, f"{model}:Odd", tmp_path / "unit", seconds)

    return run


EXTRA = """
import signal
import subprocess
import sys
import multiprocessing


def doubled(number):
    return 2 * number


class Silent(Exception):
    def __str__(self):
        raise RuntimeError("no")
"""

FIT = """
class Odd(Markov):
    def fit(self, train, validation, context):
        {body}
        super().fit(train, validation, context)
        {after}
"""

RAISED = {
    "a huge message": ("raise ValueError('x' * 10_000_000)", "ValueError: xxxx"),
    "a huge message of many lines": ("raise ValueError('x\\n' * 5_000_000)", "ValueError: x (at"),
    "what no encoding can write": ("raise ValueError('\\ud800 \\x1b[31m')", r"ValueError: \ud800 "),
    "an error that cannot be shown": ("raise Silent", "Silent: a message that cannot be shown"),
    "an interruption": ("raise KeyboardInterrupt", "KeyboardInterrupt: no message (at plug.py:"),
    "an end of Python": ("sys.exit(3)", "SystemExit: 3 (sys.exit was called; raise an error)"),
    "a base exception": ("raise BaseException('odd')", "BaseException: odd (at plug.py:"),
    "a contract's own error, huge": (
        "from benchmark.errors import ModelError\nraise ModelError('y' * 10_000_000)",
        "yyyy",
    ),
}


@pytest.mark.parametrize("case", RAISED)
def test_whatever_a_model_raises_is_one_short_line(ends: Callable[..., Unit], case: str):
    body, beginning = RAISED[case]
    unit = ends(body)
    assert unit.status == "failed"
    assert unit.reason.startswith(beginning)
    assert len(unit.reason) < 500
    assert unit.reason.isprintable()
    unit.model_dump_json()  # can be written


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("raise KeyboardInterrupt('odd')", "KeyboardInterrupt: odd"),
        ("raise BaseException('x' * 1_000_000)", "BaseException: xxx"),
        ("raise ValueError('\\ud800')", r"ValueError: \ud800"),
        ("import sys\nsys.exit('enough')", "SystemExit: enough"),
    ],
)
def test_whatever_a_model_raises_at_import_is_one_line(
    toy: Task, plug: Callable[[str], str], body: str, line: str
):
    path = plug(body)
    for asked in (
        lambda: described(processes(1, path), path, {}, None, "cpu"),
        lambda: list(checked(processes(1, path), path, {}, "cpu", 60.0)),
    ):
        with pytest.raises(InputError) as caught:
            asked()
        assert line in str(caught.value)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 700


def test_model_that_dies_at_import_is_one_line_and_exit_code_2(
    toy: Task, plug: Callable[[str], str], tmp_path: Path
):
    path = plug("import os\nos._exit(4)")
    done = stridebench("run", "--model", path, "--tasks", toy.id, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert one_line(done.stderr), done.stderr
    assert "cannot be loaded and built: the model's process died (exit code 4;" in done.stderr


def test_model_that_hangs_at_import_is_given_up(toy: Task, plug: Callable[[str], str]):
    path = plug("import time\ntime.sleep(600)")
    with pytest.raises(InputError, match=r"cannot be loaded and built: stopped after 2 s"):
        described(processes(1, path), path, {}, None, "cpu", seconds=2.0)


def test_check_of_a_model_that_dies_is_a_finding(toy: Task, plug: Callable[[str], str]):
    path = plug(MARKOV.replace("K = self.K", "os._exit(5)\n        K = self.K"))
    (found,) = checked(processes(1, path), path, {}, "cpu", 60.0)
    assert found.name == "process"
    assert found.fault.startswith("the model's process died (exit code 5;")


# ---- children -----------------------------------------------------------------------------------

ENDINGS = {
    "normally": ("", "done"),
    "with an error": ("raise ValueError", "failed"),
    "in a crash": ("os.kill(os.getpid(), signal.SIGSEGV)", "failed"),
    "out of time": ("time.sleep(600)", "timeout"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
@pytest.mark.parametrize("case", ENDINGS)
def test_children_of_a_unit_end_with_it(ends: Callable[..., Unit], tmp_path: Path, case: str):
    after, status = ENDINGS[case]
    number = tmp_path / "number"
    start = (
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(number)!r}, 'w').write(str(child.pid))"
    )
    unit = ends(start, seconds=4.0 if status == "timeout" else 60.0, after=after)
    assert unit.status == status
    assert eventually(lambda: not alive(int(number.read_text())), 5)


#: What leaves the group of its parent, and in part its parent as well.
LEAVING = {
    "in a session of its own": "subprocess.Popen([*sleep], start_new_session=True)",
    "forked, in a session of its own": "if os.fork() == 0:\n    os.setsid()\n    time.sleep(600)",
    "an orphan": (
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(600)\n"
        "    os._exit(0)"
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans on")
@pytest.mark.parametrize("leaving", LEAVING)
@pytest.mark.parametrize("case", ENDINGS)
def test_children_that_leave_the_group_end_with_the_unit(
    ends: Callable[..., Unit], tmp_path: Path, case: str, leaving: str
):
    after, status = ENDINGS[case]
    mark = str(tmp_path / "mark")
    start = (
        f"open({mark!r}, 'w').close()\nkept = os.open({mark!r}, os.O_RDONLY)\n"
        "os.set_inheritable(kept, True)\n"
        f"sleep = [sys.executable, '-c', 'import time; time.sleep(600)', {mark!r}]\n"
        + LEAVING[leaving]
    )
    unit = ends(start, seconds=4.0 if status == "timeout" else 60.0, after=after)
    assert unit.status == status
    assert eventually(lambda: not holders(mark), 5), holders(mark)


def holders(path: str) -> list[str]:
    """List the processes that hold a file open, or name it among their arguments."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid() and alive(int(process.name)):
            with suppress(OSError):
                open_files = [str(number.readlink()) for number in (process / "fd").iterdir()]
                if path in open_files or path in (process / "cmdline").read_text():
                    found.append(process.name)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_children_of_a_unit_end_when_the_run_is_killed(
    toy: Task, plug: Callable[[str], str], tmp_path: Path
):
    number = tmp_path / "number"
    body = (
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"        open({str(number)!r}, 'w').write(f'{{child.pid}} ')\n        time.sleep(600)"
    )
    model = plug(MARKOV + EXTRA + FIT.format(body=body, after="")) + ":Odd"
    command = [sys.executable, "-m", "benchmark", "run", "--model", model, "--tasks", toy.id]
    run = subprocess.Popen(
        [*command, "--out", str(tmp_path / "run")], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        assert eventually(lambda: number.exists() and number.read_text().endswith(" "), 120)
    finally:
        run.kill()
        run.wait()
    assert eventually(lambda: not alive(int(number.read_text())), 20)


WORKERS = {
    "a pool": "with multiprocessing.Pool(2) as pool:\n    assert pool.map(abs, [-1, 2]) == [1, 2]",
    "a pool of futures": (
        "from concurrent.futures import ProcessPoolExecutor\n"
        "with ProcessPoolExecutor(2) as pool:\n    assert list(pool.map(abs, [-1, 2])) == [1, 2]"
    ),
    "a pool of fresh processes": (
        "with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "    assert pool.map(doubled, [1, 2]) == [2, 4]"
    ),
    "workers of a data loader": (
        "import torch\n"
        "loader = torch.utils.data.DataLoader(torch.arange(6), batch_size=3, num_workers=2)\n"
        "assert [batch.tolist() for batch in loader] == [[0, 1, 2], [3, 4, 5]]"
    ),
    "a process left behind": "multiprocessing.Process(target=time.sleep, args=(600,)).start()",
}


@pytest.mark.parametrize("case", WORKERS)
def test_a_model_may_use_processes_of_its_own(ends: Callable[..., Unit], case: str):
    unit = ends(WORKERS[case])
    assert (unit.status, unit.reason) == ("done", "")


# ---- waiting ------------------------------------------------------------------------------------


def test_model_that_closes_all_its_files_ends_its_unit_at_once(ends: Callable[..., Unit]):
    begin = time.monotonic()
    unit = ends("os.closerange(0, 4096)\ntime.sleep(600)")
    assert unit.status == "failed"
    assert unit.reason.startswith("the model's process closed its line to the run")
    assert time.monotonic() - begin < 60


def test_model_that_fails_after_closing_all_its_files_ends_its_unit(ends: Callable[..., Unit]):
    unit = ends("os.closerange(0, 4096)\nraise ValueError")
    assert unit.status == "failed"
    assert unit.reason.startswith("the model's process ")


def test_forked_copy_that_holds_the_line_does_not_hide_a_crash(ends: Callable[..., Unit]):
    unit = ends("if os.fork() == 0:\n    time.sleep(600)\nos._exit(7)")
    assert unit.status == "failed"
    assert unit.reason.startswith("the model's process died (exit code 7;")


def test_forked_copy_that_goes_on_as_the_model_does_ends_alone(ends: Callable[..., Unit]):
    unit = ends("os.fork()")
    assert (unit.status, unit.reason) == ("done", "")


def test_rubbish_on_the_line_ends_the_unit_in_a_line(ends: Callable[..., Unit]):
    body = (
        "for number in range(3, 64):\n"
        "    try:\n        os.write(number, b'\\x00' * 100 + b'\\n')\n"
        "    except OSError:\n        pass"
    )
    unit = ends(body)
    assert unit.status == "failed"
    assert "said what is no message" in unit.reason


# ---- places -------------------------------------------------------------------------------------


def test_model_that_changes_directory_leaves_a_relative_run_folder_where_it_is(
    toy: Task, plug: Callable[[str], str], tmp_path: Path
):
    body = "os.chdir('/')\n        assert context.scratch.is_absolute()"
    model = plug(MARKOV + EXTRA + FIT.format(body=body, after="")) + ":Odd"
    done = stridebench(
        *("run", "--model", model, "--tasks", toy.id, "--replicas", "1", "--out", "runs/one"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "runs/one/units/toy--three/r0-s0/samples.parquet").exists()


def test_interruption_is_exit_code_130_and_says_what_next(
    toy: Task, plug: Callable[[str], str], tmp_path: Path
):
    begun = tmp_path / "begun"
    body = f"open({str(begun)!r}, 'w').close()\n        time.sleep(600)"
    model = plug(MARKOV + EXTRA + FIT.format(body=body, after="")) + ":Odd"
    command = [sys.executable, "-m", "benchmark", "run", "--model", model, "--tasks", toy.id]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores interruptions, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as run:
        assert eventually(begun.exists, 120)
        os.kill(run.pid, signal.SIGINT)
        _, error = run.communicate(timeout=60)
    assert run.returncode == 130
    assert error == "interrupted; the same command goes on from what is done\n"


# ---- what is kept of a failure ------------------------------------------------------------------


def test_whole_traceback_of_a_failure_is_kept_until_the_unit_is_done(
    ends: Callable[..., Unit], tmp_path: Path
):
    kept = tmp_path / "unit" / "traceback.txt"
    ends(
        "try:\n    dict()['inner']\n"
        "except KeyError as error:\n    raise ValueError('\\ud800') from error"
    )
    text = kept.read_text()
    assert "KeyError: 'inner'" in text
    assert "plug.py" in text
    ends("raise ValueError('x' * 10_000_000)")
    assert kept.stat().st_size < 200_000


def test_check_of_a_model_whose_card_is_none_is_refused_before_anything_is_tried(
    toy: Task, plug: Callable[[str], str]
):
    path = plug(MARKOV.replace("class Markov:", "class Markov:\n    card = {'titel': 'mine'}"))
    with pytest.raises(InputError, match=r"card: titel: Extra inputs are not permitted"):
        list(checked(processes(1, path), path, {}, "cpu", 60.0))
