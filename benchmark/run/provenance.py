"""Where a result comes from: versions, data, machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import benchmark
from benchmark.revision import git_commit
from benchmark.score import SCORER_VERSION
from benchmark.task import Task

PACKAGES = ("numpy", "scipy", "torch", "deeptime", "numba", "pandas", "pyarrow")


def scored_with(tasks: Sequence[Task]) -> dict[str, Any]:
    """Name what the scores follow from: the scorer and the frozen data."""
    return {
        "scorer_version": SCORER_VERSION,
        "data": {task.id: task.card.fingerprints for task in tasks},
    }


def run_on() -> dict[str, Any]:
    """Name what the predictions were made with: versions, machine, day."""
    return {
        "benchmark_version": benchmark.__version__,
        "packages": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "git_commit": git_commit(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    """Name the processor: Linux has it in /proc/cpuinfo, elsewhere Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
