"""The scripts of docs/cluster.md: sound shell, and commands that do what the page says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.run.shards import Shard, shard_of
from tests.docs.blocks import DOCS, blocks
from tests.plugs import command

#: By the name in their second line.
SCRIPTS = {
    name: text
    for text, name in re.findall(
        r"^```sh\n(#!/bin/bash\n# (\S+)\n.*?)^```$",
        (DOCS / "cluster.md").read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
}

#: What a batch system sets for the third of eight elements.
ARRAYS = {
    "run.sbatch": {
        "SLURM_SUBMIT_DIR": ".",
        "SLURM_CPUS_PER_TASK": "4",
        "SLURM_ARRAY_TASK_ID": "3",
        "SLURM_ARRAY_TASK_MIN": "1",
        "SLURM_ARRAY_TASK_MAX": "8",
        "SLURM_ARRAY_TASK_STEP": "1",
        "SLURM_ARRAY_TASK_COUNT": "8",
    },
    "run.pbs": {"PBS_O_WORKDIR": ".", "PBS_ARRAY_INDEX": "3"},
    "run.lsf": {
        "LS_SUBCWD": ".",
        "LSB_DJOB_NUMPROC": "4",
        "LSB_JOBINDEX": "3",
        "LSB_JOBINDEX_END": "8",
        "LSB_JOBINDEX_STEP": "1",
    },
}


#: Writes down how it is called. What is ended by the script waits to be; the run itself waits until
#: all that was started before it has been written down.
TOOL = """#!/bin/bash
echo "$CUDA_VISIBLE_DEVICES|${0##*/} $*" >> calls
if test "${0##*/}" = dask; then exec sleep 60; fi
until test "$(grep -c 'dask ' calls)" -ge "${DASKS:-0}"; do sleep 0.05; done
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Give a folder with an environment whose commands write down how they are called."""
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    (tools / "activate").write_text(f'PATH="{tools}:$PATH"\n')
    for name in ("python", "dask"):
        (tools / name).write_text(TOOL)
        (tools / name).chmod(0o755)
    return tmp_path


def calls(script: str, site: Path, variables: dict[str, str] | None = None) -> list[str]:
    """Run a script of the page where its commands only write down how they are called."""
    (site / script).write_text(SCRIPTS[script])
    done = subprocess.run(
        ["bash", script],
        cwd=site,
        env={"PATH": os.environ["PATH"], **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return sorted((site / "calls").read_text().splitlines())


def require_known_options(capsys: pytest.CaptureFixture[str], call: str) -> None:
    """See that a command line is read to the end: what is wrong with it is the name of a task."""
    words = call.partition("|python -m benchmark ")[2].split()
    code, _, err = command(capsys, *words, "--tasks", "no/such")
    assert code == 2
    assert "no task matches 'no/such'" in err


def test_all_scripts_are_found():
    names = ["run.sbatch", "run.pbs", "run.lsf", "dask.sh", "gpus.sh", "gpus_dask.sh"]
    assert list(SCRIPTS) == names


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_has_no_fault_that_shellcheck_knows(name: str, tmp_path: Path):
    tool = shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    if tool is None:
        pytest.skip("shellcheck is not installed: pip install -e '.[dev]'")
    (tmp_path / name).write_text(SCRIPTS[name])
    # What a script sources lies in the environment of whoever runs it (SC1091); jobs are numbers.
    call = [tool, "--shell=bash", "--exclude=SC1091,SC2046", str(tmp_path / name)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ARRAYS)
def test_element_of_an_array_does_its_share(
    name: str, site: Path, capsys: pytest.CaptureFixture[str]
):
    [call] = calls(name, site, ARRAYS[name])
    found = re.fullmatch(
        r"\|python -m benchmark run --model mymodel --shard (\S+) --workers 4", call
    )
    assert found is not None, call
    assert shard_of(found[1], ARRAYS[name]) == Shard(3, 8)
    require_known_options(capsys, call)


def test_dask_script_starts_a_scheduler_workers_and_the_run(
    site: Path, capsys: pytest.CaptureFixture[str]
):
    scheduler, worker, run = calls("dask.sh", site, {"DASKS": "2"})
    assert scheduler == "|dask scheduler --scheduler-file scheduler.json"
    assert worker.startswith("|dask worker --scheduler-file scheduler.json --death-timeout 60 --nw")
    assert "run --model mymodel --scheduler scheduler.json --resources cores=1" in run
    require_known_options(capsys, run)


def test_gpu_script_gives_each_gpu_a_share_and_scores(site: Path):
    *shards, score = sorted(calls("gpus.sh", site), key=lambda call: "score" in call)
    begin = "python -m benchmark run --model mymodel --device cuda --workers 1"
    assert shards == [f"{gpu}|{begin} --shard {gpu + 1}/4" for gpu in range(4)]
    assert score == "|python -m benchmark score runs/mymodel"


def test_gpu_script_with_dask_gives_each_worker_a_gpu(site: Path):
    found = calls("gpus_dask.sh", site, {"DASKS": "5"})
    workers = [call for call in found if "dask worker" in call]
    begin = "dask worker --scheduler-file scheduler.json --death-timeout 60 --nthreads 1"
    assert workers == [f"{gpu}|{begin} --resources GPU=1 --name gpu{gpu}" for gpu in range(4)]
    assert "|python -m benchmark run --model mymodel --device cuda --scheduler scheduler.json" in (
        found
    )


#: A batch system of this machine: it runs what is submitted at once.
SBATCH = """#!/bin/bash
script=$(mktemp)
cat "${@: -1}" > "$script"
nohup bash "$script" > "$script.out" 2>&1 &
echo "Submitted batch job $!"
"""


@pytest.mark.slow
def test_jobqueue_starts_workers_by_the_batch_system_and_ends_them(site: Path, toy):
    pytest.importorskip("dask_jobqueue", reason="the extra `cluster` is not installed")
    [block] = [block for block in blocks("cluster.md") if block.file == "on_slurm.py"]
    (site / block.file).write_text(block.text)
    for name, text in {"sbatch": SBATCH, "scancel": '#!/bin/bash\nkill -- "$@"\n'}.items():
        (site / name).write_text(text)
        (site / name).chmod(0o755)
    asked = ("--model", "iid", "--tasks", toy.id, "--replicas", "2", "--device", "cpu")
    done = subprocess.run(
        [sys.executable, "on_slurm.py", *asked, "--out", "run"],
        cwd=site,
        env={**os.environ, "PATH": f"{site}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((site / "run").rglob("unit.json"))) == 2


@pytest.mark.slow
def test_all_elements_of_an_array_make_a_whole_run(site: Path, toy):
    tool = site / ".venv" / "bin" / "python"
    options = f"--tasks {toy.id} --device cpu --no-plots"
    tool.write_text(f'#!/bin/bash\nexec {sys.executable} "${{@//mymodel/iid}}" {options}\n')
    (site / "run.sbatch").write_text(SCRIPTS["run.sbatch"])
    for number in range(1, 9):
        variables = ARRAYS["run.sbatch"] | {"SLURM_ARRAY_TASK_ID": str(number)}
        call, env = ["bash", "run.sbatch"], {**os.environ, **variables}
        done = subprocess.run(call, cwd=site, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    score = [sys.executable, "-m", "benchmark", "score", "runs/iid"]
    done = subprocess.run(score, cwd=site, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "missing" not in done.stdout
