"""What is not imported costs no time: heavy libraries load when they are used."""

from __future__ import annotations

import json

import pytest

from tests.plugs import python

HEAVY = ["torch", "datasets", "numba", "matplotlib", "pandas", "deeptime", "scipy", "pyarrow"]

REPORT = """
import json, sys
try:
    {statement}
except SystemExit:
    pass
print("\\n" + json.dumps(sorted(sys.modules)))
"""


def imported(statement: str, depth: int = 1) -> set[str]:
    """Run a statement in a new interpreter; give the packages it has imported, to some depth."""
    done = python("-c", REPORT.format(statement=statement))
    assert done.returncode == 0, done.stderr
    names = json.loads(done.stdout.splitlines()[-1])
    return {".".join(name.split(".")[:depth]) for name in names}


@pytest.mark.parametrize(
    "statement",
    [
        "import benchmark",
        "import benchmark.cli",
        "import benchmark.model, benchmark.task, benchmark.result",
        "sys.argv = ['benchmark', '--help']; import runpy; "
        "runpy.run_module('benchmark', run_name='__main__')",
        "sys.argv = ['benchmark', 'run', '--help']; import runpy; "
        "runpy.run_module('benchmark', run_name='__main__')",
        "sys.argv = ['benchmark', 'list', '--json']; import runpy; "
        "runpy.run_module('benchmark', run_name='__main__')",
        "sys.argv = ['benchmark', 'list']; import runpy; "
        "runpy.run_module('benchmark', run_name='__main__')",
    ],
    ids=["package", "command line", "schemas", "help", "help of run", "list as JSON", "list"],
)
def test_light_use_imports_no_heavy_library(statement):
    assert imported(statement) & set(HEAVY) == set()
