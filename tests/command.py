"""The command line as a person runs it: in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def stridebench(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run ``python -m benchmark`` in ``cwd``; gives exit code and output."""
    command = [sys.executable, "-m", "benchmark", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=240
    )
