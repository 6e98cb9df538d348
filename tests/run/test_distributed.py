"""Units on a dask cluster and in shards: the same bits as here, whatever is killed meanwhile."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.registry import find_task
from benchmark.run.engine import Engine
from benchmark.run.folder import RunFile, open_run
from benchmark.run.local import Local
from benchmark.run.runner import execute
from benchmark.run.scoring import score_run
from benchmark.run.shards import Shard
from benchmark.run.sharing import join_run
from tests.conftest import TOY
from tests.plugs import SAVED, one_line, tasks_in
from tests.run.cluster import MARK, Cluster, answers, files, kill, marked, scores
from tests.run.test_runner import wanted
from tests.run.waiting import alive, eventually

distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

from benchmark.run.distributed import connected  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")

#: The gate that units wait at, where there is one; each leaves the number of its process beside it.
GATE = "STRIDEBENCH_TEST_GATE"

GATED = f"""
class Gated(Markov):
    def fit(self, train, validation, context):
        gate = os.environ.get({GATE!r}, "")
        if gate:
            open(f"{{gate}}.{{os.getpid()}}", "w").close()
        while gate and not os.path.exists(gate):
            time.sleep(0.02)
        super().fit(train, validation, context)
"""

#: Three units.
ASKED = {"replicas": 2, "seeds": 2}
WORDS = ("--tasks", TOY, "--replicas", "2", "--seeds", "2", "--timeout", "120", "--device", "cpu")


@pytest.fixture(scope="module")
def home(_toy_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder to work in, with a model; the toy task can be found."""
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "plug.py").write_text(SAVED + GATED)
    with tasks_in(_toy_root):
        yield folder


def request(home: Path) -> RunFile:
    """Describe the run that all tests make."""
    return wanted(f"{home / 'plug.py'}:Gated", **ASKED)


def carry_out(home: Path, name: str | Path, engine: Engine) -> Path:
    """Make the run in a folder; give it."""
    run, folder = request(home), home / name
    open_run(folder, run, fresh=False)
    execute(run.units, {TOY: find_task(TOY)}, run, folder, lambda event: None, engine)
    score_run(folder)
    return folder


@pytest.fixture(scope="module")
def local(home: Path) -> Path:
    """Make the run that all others must equal: here, one unit at a time."""
    return carry_out(home, "local", Local(1, 1))


@pytest.fixture(scope="module")
def gate(home: Path) -> Path:
    """Give the gate that units on the cluster wait at; it stands open."""
    (home / "gate").touch()
    return home / "gate"


@pytest.fixture(scope="module")
def cluster(home: Path, gate: Path) -> Iterator[Cluster]:
    """Start a scheduler and a worker with its nanny."""
    one = Cluster(home / "cluster", {GATE: str(gate)})
    try:
        one.add_worker("--nanny", "--resources", "seats=1")
        yield one
    finally:
        one.close()


@contextmanager
def engine_of(cluster: Cluster, resources: Mapping[str, float] | None = None) -> Iterator[Engine]:
    """Connect with a cluster."""
    with connected(str(cluster.file), 1, resources or {}, print) as one:
        yield one


def require_equal(run: Path, local: Path) -> None:
    """Compare a run with the local one, bit for bit, and file for file."""
    assert answers(run) == answers(local)
    assert len(answers(run)) == 2 * 3
    assert scores(run) == scores(local)
    assert files(run) == files(local)


# ---- the same bits ------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [2, 4])
def test_units_at_once_give_the_same_bits(home: Path, local: Path, workers: int):
    require_equal(carry_out(home, f"local{workers}", Local(workers, 1)), local)


def test_shards_give_the_same_bits(home: Path, local: Path):
    run, folder, tasks = request(home), home / "shards", {TOY: find_task(TOY)}
    for shard in (Shard(2, 2), Shard(1, 2)):
        own = shard.of(run.units)
        join_run(folder, run, own, shard.mark)
        execute(own, tasks, run, folder, lambda event: None)
    score_run(folder)
    require_equal(folder, local)


def test_cluster_that_shares_the_folder_gives_the_same_bits(
    home: Path, local: Path, cluster: Cluster
):
    with engine_of(cluster, {"seats": 1}) as engine:
        facts = engine.described(f"{home / 'plug.py'}:Gated", {}, None, "cpu")
        assert facts.source_sha256 == request(home).source_sha256
        require_equal(carry_out(home, "shared", engine), local)
        (place,) = engine.places
        assert place["cores"] == os.cpu_count()


def test_cluster_without_the_folder_sends_files_and_gives_the_same_bits(
    home: Path, local: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(home)
    with engine_of(cluster) as engine:
        # By a path that leads each process to its own working directory.
        require_equal(carry_out(home, "/proc/self/cwd/apart", engine), local)
    assert not list(cluster.folder.rglob("*.parquet"))


# ---- what is wrong ------------------------------------------------------------------------------


def refused() -> Any:
    """Expect that something is refused."""
    return pytest.raises(InputError)


def test_resources_that_no_worker_declares_are_refused(home: Path, cluster: Cluster):
    with engine_of(cluster, {"GPU": 1, "memory": 4e9}) as engine, refused() as why:
        engine.described(f"{home / 'plug.py'}:Gated", {}, None, "cpu")
    assert str(why.value) == (
        "a unit takes GPU=1 memory=4e+09, and none of 1 workers declares so much: start them with "
        "--resources 'GPU=1 memory=4e+09', or say less with --resources"
    )


def test_worker_of_another_number_of_threads_is_refused(home: Path, cluster: Cluster):
    with connected(str(cluster.file), 2, {}, print) as engine, refused() as why:
        engine.described(f"{home / 'plug.py'}:Gated", {}, None, "cpu")
    assert "units of this worker have 1 threads each, not 2: start the workers" in str(why.value)


def test_model_that_a_worker_lacks_is_refused_with_the_worker(home: Path, cluster: Cluster):
    with engine_of(cluster) as engine, refused() as why:
        engine.described("absent.py", {}, None, "cpu")
    assert re.match(r"worker tcp://\S+: .*absent.*must lie there, too", str(why.value))


def test_task_that_a_worker_lacks_fails_its_unit_in_a_line(home: Path, cluster: Cluster):
    run, folder, task = request(home), home / "newer", find_task(TOY)
    open_run(folder, run, fresh=False)
    newer = type(task)(task.card.model_copy(update={"version": 2}), task.path)
    told = []
    with engine_of(cluster) as engine:
        execute(run.units[:1], {TOY: newer}, run, folder, told.append, engine)
    assert told[-1].unit.status == "failed"
    assert told[-1].unit.reason == f"the task {TOY} on this worker has another card or other data"


@pytest.mark.parametrize(
    ("scheduler", "message"),
    [
        ("tcp://127.0.0.1:1", "no scheduler answers at tcp://127.0.0.1:1 ("),
        ("absent.json", "--scheduler absent.json: expected an address such as tcp://HOST:8786"),
        ("nowhere://here", "no scheduler answers at nowhere://here ("),
    ],
)
def test_scheduler_that_is_not_there_is_refused(
    scheduler: str, message: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("benchmark.run.distributed.PATIENCE", 2.0)
    with pytest.raises(InputError) as caught, connected(scheduler, 1, {}, print):
        pass
    assert str(caught.value).startswith(message)


# ---- killed -------------------------------------------------------------------------------------


@contextmanager
def started(home: Path, out: str, *words: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Start a run as a person does."""
    model = f"{home / 'plug.py'}:Gated"
    call = [sys.executable, "-m", "benchmark", "run", "--model", model, *WORDS, "--out", out]
    with subprocess.Popen(
        [*call, "--no-plots", *words],
        cwd=home,
        env={**os.environ, MARK: str(home / "cluster"), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def waiting(gate: Path) -> set[int]:
    """Give the processes that wait at a gate."""
    numbers = {int(path.suffix[1:]) for path in gate.parent.glob(f"{gate.name}.*")}
    return {number for number in numbers if alive(number)}


def test_killed_shard_costs_no_bit_and_leaves_nothing(home: Path, local: Path, tmp_path: Path):
    shut, mark = tmp_path / "gate", {MARK: str(tmp_path)}
    with started(home, "shot", "--shard", "1/2", **{GATE: str(shut)}, **mark) as shard:
        assert eventually(lambda: bool(waiting(shut)), 120)
        kill(shard)
    assert eventually(lambda: not marked(tmp_path), 60)
    with started(home, "shot", "--shard", "auto/2", PBS_ARRAY_INDEX="1") as again:
        told, said = again.communicate(timeout=240)
    assert again.returncode == 0, told + said
    assert "shard 1/2: 2 of 2 units done" in told
    assert f"when all shards have ended: python -m benchmark score {home / 'shot'}" in told
    require_equal(carry_out(home, "shot", Local(1, 1)), local)


def test_killed_client_worker_and_scheduler_cost_no_bit_and_leave_nothing(
    home: Path, local: Path, gate: Path, cluster: Cluster
):
    where = "--scheduler", str(cluster.file)
    cluster.add_worker()
    gate.unlink()
    # The client: its units end with it, and the same command goes on.
    with started(home, "killed", *where) as first:
        assert eventually(lambda: len(waiting(gate)) == 2, 120), cluster.log()
        kill(first)
    assert eventually(lambda: not waiting(gate), 60), cluster.log()
    # A worker: its unit is done by the other.
    with started(home, "killed", *where) as second:
        assert eventually(lambda: len(waiting(gate)) == 2, 120), cluster.log()
        kill(cluster.workers[1])
        assert eventually(lambda: len(waiting(gate)) == 1, 60), cluster.log()
        gate.touch()
        told = second.communicate(timeout=240)
    assert second.returncode == 0, (told, cluster.log())
    require_equal(home / "killed", local)
    # The scheduler: the client says so, the worker ends, and the run goes on without a cluster.
    gate.unlink()
    with started(home, "left", *where) as third:
        assert eventually(lambda: len(waiting(gate)) == 1, 120), cluster.log()
        kill(cluster.scheduler)
        _, said = third.communicate(timeout=240)
    assert third.returncode == 2
    assert one_line(said), said
    assert "error: the connection to the scheduler is lost; what is done stays" in said
    assert eventually(lambda: not marked(cluster.folder), 120), cluster.log()
    require_equal(carry_out(home, "left", Local(2, 1)), local)
