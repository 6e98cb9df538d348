"""Where private tasks are made, and where they go when they are whole."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.caches import can_write
from benchmark.errors import InputError
from benchmark.registry import TASKS_VARIABLE, read_card
from benchmark.task import Task


def free_version(family: Path, name: str, force: bool) -> int:
    """Check the name of a task and that its place can be written; give the version to make.

    Raises
    ------
    InputError
        If the name is taken and not to be replaced, or cannot be.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name):
        raise InputError(
            f"--name '{name}': small letters, digits, '-' and '.' only, such as my-peptide"
        )
    if not can_write(family):
        raise InputError(f"cannot write into {family}; set {TASKS_VARIABLE} to a folder of yours")
    path = family / "cards" / f"{name}.yaml"
    if not path.exists():
        return 1
    if not force:
        raise InputError(f"{family.name}/{name} exists ({path}); take another --name or --force")
    try:
        return read_card(path).card.version + 1
    except InputError:  # damaged, and about to be replaced
        return 1


@contextmanager
def staged(family: Path, name: str) -> Iterator[Path]:
    """Give a folder in which to make a task; it is removed at the end, whatever happens."""
    # Hidden, and one level below where cards are looked for.
    staging = family / f".{name}.new"
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        yield staging
    except OSError as error:
        raise InputError(f"cannot write into {family}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def place(task: Task, family: Path) -> Task:
    """Move a finished task to where it is found; its card comes last, and an old one goes first."""
    placed = Task(task.card, family / "cards" / task.path.name)
    placed.path.unlink(missing_ok=True)
    shutil.rmtree(placed.data, ignore_errors=True)
    placed.data.parent.mkdir(parents=True, exist_ok=True)
    task.data.replace(placed.data)
    placed.write()
    return placed
