"""Units on a dask cluster and in shards: the same bits as here, whatever is killed meanwhile."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.registry import find_task
from benchmark.run.distributed import connected
from benchmark.run.engine import Engine
from benchmark.run.folder import RunFile, open_run
from benchmark.run.local import Local
from benchmark.run.runner import execute
from benchmark.run.scoring import score_run
from benchmark.run.shards import Shard
from benchmark.run.sharing import join_run
from tests.command import stridebench
from tests.conftest import TOY
from tests.plugs import SAVED, one_line, tasks_in
from tests.run.cluster import MARK, Cluster, answers, files, kill, marked, scores
from tests.run.test_runner import wanted
from tests.run.waiting import alive, eventually

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="asks /proc"),
    pytest.mark.timeout(1200),  # of a busy machine: processes start and end, and are waited for
]

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
ASKED = {"replicas": 2, "seeds": 2, "timeout": 900.0}
WORDS = ("--tasks", TOY, "--replicas", "2", "--seeds", "2", "--timeout", "900", "--device", "cpu")


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
        assert eventually(lambda: bool(waiting(shut)), 250)
        kill(shard)
    assert eventually(lambda: not marked(tmp_path), 250)
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
        assert eventually(lambda: len(waiting(gate)) == 2, 250), cluster.log()
        kill(first)
    assert eventually(lambda: not waiting(gate), 250), cluster.log()
    # A worker: its unit is done by the other.
    with started(home, "killed", *where) as second:
        assert eventually(lambda: len(waiting(gate)) == 2, 250), cluster.log()
        kill(cluster.workers[1])
        assert eventually(lambda: len(waiting(gate)) == 1, 250), cluster.log()
        gate.touch()
        told = second.communicate(timeout=240)
    assert second.returncode == 0, (told, cluster.log())
    require_equal(home / "killed", local)
    # The scheduler: the client says so, the worker ends, and the run goes on without a cluster.
    gate.unlink()
    with started(home, "left", *where) as third:
        assert eventually(lambda: len(waiting(gate)) == 1, 250), cluster.log()
        kill(cluster.scheduler)
        _, said = third.communicate(timeout=240)
    assert third.returncode == 2
    assert one_line(said), said
    assert "error: the connection to the scheduler is lost; what is done stays" in said
    assert eventually(lambda: not marked(cluster.folder), 250), cluster.log()
    require_equal(carry_out(home, "left", Local(2, 1)), local)


# ---- killed at random moments -------------------------------------------------------------------

MOMENTS = 10


def later(process: subprocess.Popen[str], seconds: float) -> None:
    """Let a process go on for so long, or until it ends."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def ended_well(process: subprocess.Popen[str]) -> float:
    """Wait for the end of a run, which is to be a good one; give the seconds that it took."""
    begin = time.monotonic()
    told, said = process.communicate(timeout=600)
    assert process.returncode == 0, told + said
    return time.monotonic() - begin


@contextmanager
def two_workers(folder: Path) -> Iterator[Cluster]:
    """Start a cluster of two workers."""
    one = Cluster(folder, {})
    try:
        one.add_worker()
        one.add_worker()
        yield one
    finally:
        one.close()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_worker_or_client_killed_at_any_moment_costs_no_bit(
    home: Path, local: Path, tmp_path: Path
):
    rng = np.random.default_rng(1)
    with two_workers(tmp_path / "cluster") as cluster:
        where = "--scheduler", str(cluster.file)
        with started(home, "whole", *where) as run:  # the workers' first is slower
            ended_well(run)
        with started(home, "again", *where) as run:
            whole = ended_well(run)
        for moment in range(MOMENTS):
            with started(home, f"worker{moment}", *where) as run:
                later(run, rng.uniform(0, whole))
                kill(cluster.workers[-1])
                cluster.add_worker()
                ended_well(run)
            require_equal(home / f"worker{moment}", local)
        for moment in range(MOMENTS):
            with started(home, f"client{moment}", *where) as run:
                later(run, rng.uniform(0, whole))
                kill(run)
            with started(home, f"client{moment}", *where) as run:
                ended_well(run)
            require_equal(home / f"client{moment}", local)
    assert eventually(lambda: not marked(tmp_path / "cluster"), 250)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_scheduler_killed_at_any_moment_costs_no_bit(home: Path, local: Path, tmp_path: Path):
    rng = np.random.default_rng(2)
    with (
        two_workers(tmp_path / "whole") as cluster,
        started(home, "timed", "--scheduler", str(cluster.file)) as run,
    ):
        whole = ended_well(run)
    for moment in range(MOMENTS):
        folder = tmp_path / f"cluster{moment}"
        with two_workers(folder) as cluster:
            with started(home, f"shot{moment}", "--scheduler", str(cluster.file)) as run:
                later(run, rng.uniform(0, whole))
                kill(cluster.scheduler)
                _, said = run.communicate(timeout=600)
            assert run.returncode in (0, 2)
            assert "Traceback" not in said
            assert eventually(lambda found=folder: not marked(found), 250), cluster.log()
        require_equal(carry_out(home, f"shot{moment}", Local(2, 1)), local)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_shard_killed_at_any_moment_costs_no_bit(home: Path, local: Path, tmp_path: Path):
    rng, mark = np.random.default_rng(3), {MARK: str(tmp_path)}
    with started(home, "shard", "--shard", "1/2", **mark) as run:
        whole = ended_well(run)
    for moment in range(MOMENTS):
        out = f"shard{moment}"
        with started(home, out, "--shard", "1/2", **mark) as run:
            later(run, rng.uniform(0, whole))
            kill(run)
        assert eventually(lambda: not marked(tmp_path), 250)
        for shard in ("2/2", "1/2"):
            with started(home, out, "--shard", shard, **mark) as run:
                ended_well(run)
        score_run(home / out)
        require_equal(home / out, local)


# ---- a model that computes ----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_network_has_the_same_bits_wherever_it_is_trained(home: Path, tmp_path: Path):
    asked = ("--model", "lstm", "--tasks", TOY, "--replicas", "3", "--device", "cpu", "--no-plots")
    asked += ("--set", "hidden=16", "embedding=8", "frames=20000")

    def run(out: str, *words: str) -> Path:
        done = stridebench("run", *asked, "--out", out, *words, cwd=home)
        assert done.returncode == 0, done.stdout + done.stderr
        return home / out

    one = run("lstm1", "--workers", "1")
    for workers in ("2", "4"):
        other = run(f"lstm{workers}", "--workers", workers)
        assert (answers(other), scores(other)) == (answers(one), scores(one))
    for shard in ("1/3", "2/3", "3/3"):
        run("lstm-shards", "--shard", shard)
    assert answers(home / "lstm-shards") == answers(one)
    cluster = Cluster(tmp_path / "cluster", {})
    try:
        for workers in (1, 3):
            while len(cluster.workers) < workers:
                cluster.add_worker()
            other = run(f"lstm-dask{workers}", "--scheduler", str(cluster.file))
            assert (answers(other), scores(other)) == (answers(one), scores(one))
    finally:
        cluster.close()


@pytest.mark.parametrize("content", [b"\x89PNG\r\n", b"[]", b'{"id": "no address"}'])
def test_file_that_no_scheduler_wrote_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "scheduler.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match="it has none"), connected(str(file), 1, {}, print):
        pass
