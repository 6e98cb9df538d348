"""Where the person who asks for a run stands: their model's file is looked for from there."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def enter(folder: Path) -> None:
    """Make a folder the working directory, and the last place that modules are looked for in.

    Where there is no such folder nothing changes: another machine need not have it.
    """
    if folder.is_dir():
        os.chdir(folder)
        # Last, as for `python -m benchmark` itself: nothing there hides a library.
        sys.path.append(str(folder))
