"""Which revision of this program runs."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git_commit() -> str:
    """Give the commit of the source tree, with '+' if it was changed; empty outside git."""
    folder = Path(__file__).resolve().parent

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    commit = git("rev-parse", "HEAD")
    return commit + ("+" if commit and git("status", "--porcelain", "-uno") else "")
