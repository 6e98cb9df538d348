"""Wall time of an import and of ``--help``, each in a new interpreter; nothing is asserted.

Run with ``pytest tests/speed --benchmark-enable``. ``python_seconds`` in the extra info is what an
empty interpreter takes here.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

COMMANDS = {
    "import benchmark": ["-c", "import benchmark"],
    "import benchmark.cli": ["-c", "import benchmark.cli"],
    "--help": ["-m", "benchmark", "--help"],
    "list": ["-m", "benchmark", "list"],
}


def start(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("command", COMMANDS)
def test_start(benchmark, command):
    benchmark.pedantic(start, args=COMMANDS[command], rounds=5, warmup_rounds=1)
    if benchmark.stats is not None:  # None with --benchmark-disable
        begin = time.perf_counter()
        start("-c", "")
        benchmark.extra_info["python_seconds"] = time.perf_counter() - begin
