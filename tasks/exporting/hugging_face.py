"""Frozen data as a dataset folder for the Hugging Face hub: Parquet, cards, and a dataset card."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmark import __version__
from benchmark.errors import InputError
from benchmark.files import atomic_folder, explained, write_text
from benchmark.registry import track_of
from benchmark.task import Task
from tasks.exporting.splits import files_of_splits
from tasks.exporting.version import data_fingerprint

CARD = "README.md"

#: What people read on the hub.
TEXT = Path(__file__).with_name("dataset_card.md")


def export(tasks: Sequence[Task], folder: Path) -> str:
    """Write a dataset folder.

    Parameters
    ----------
    tasks : sequence of Task
        At least one.
    folder : Path
        A new one: ``README.md`` (the dataset card), ``cards/`` and ``data/``.

    Returns
    -------
    str
        The fingerprint of the data.

    Raises
    ------
    InputError
        If the folder is there, or a file is missing or cannot be written.
    """
    if folder.exists():
        raise InputError(f"{folder} is there already; give a new folder")
    with explained(folder), atomic_folder(folder) as temporary:
        for task in tasks:
            _copy(task, temporary)
        write_text(temporary / CARD, dataset_card(tasks))
        temporary.chmod(0o755)
    return data_fingerprint(tasks)


def dataset_card(tasks: Sequence[Task]) -> str:
    """Write the dataset card: what the hub reads, and what people read."""
    head = {
        "license": "cc-by-4.0",
        "pretty_name": "stridebench",
        "tags": ["molecular-dynamics", "kinetics", "chemistry", "biology", "benchmark"],
        "task_categories": ["time-series-forecasting"],
        "configs": [config for task in tasks for config in _configs(task)],
    }
    sources = dict.fromkeys(words for task in tasks for words in task.card.citations)
    rows = [f"| `{task.id}` | {task.card.version} | {task.card.title} |" for task in tasks]
    text = TEXT.read_text("utf-8").format(
        version=__version__,
        tasks=len(tasks),
        fingerprint=data_fingerprint(tasks),
        example=config_name(tasks[0]),
        table="\n".join(["| task | version | what |", "|---|---|---|", *rows, ""]),
        sources="\n".join(f"- {words}" for words in sources),
    )
    return f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n\n{text}"


def config_name(task: Task) -> str:
    """Give the name of a task's configuration, which has no slash.

    Examples
    --------
    >>> from benchmark.registry import find_task
    >>> config_name(find_task("potentials/linear3"))
    'potentials--linear3'
    """
    return task.id.replace("/", "--")


def _configs(task: Task) -> list[dict[str, Any]]:
    """Describe a task's configuration; a split of other columns has one of its own."""
    by_columns: dict[tuple[str, ...], dict[str, list[Path]]] = {}
    for split, paths in files_of_splits(task).items():
        by_columns.setdefault(_columns(paths[0]), {})[split] = paths
    configs = []
    for files in by_columns.values():
        (only, *more) = files
        name = config_name(task) if more or "train" in files else f"{config_name(task)}--{only}"
        configs.append(
            {
                "config_name": name,
                "data_files": [
                    {"split": split, "path": [_place(task, path) for path in paths]}
                    for split, paths in files.items()
                ],
            }
        )
    return configs


def _columns(path: Path) -> tuple[str, ...]:
    import pyarrow.parquet as pq  # slow to load

    return tuple(pq.read_schema(path).names)


def _copy(task: Task, folder: Path) -> None:
    shared = [path for paths in files_of_splits(task).values() for path in paths]
    for path in sorted({*track_of(task).files(task), *shared}):
        target = folder / _place(task, path)
        if not path.is_file():
            raise InputError(f"{path} is missing; restore it (git checkout)")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(path, target)
    card = folder / "cards" / task.card.family / task.path.name
    card.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(task.path, card)


def _place(task: Task, path: Path) -> str:
    """Give where a file of a task lies in the folder."""
    data = task.path.parent.parent / "data"
    return f"data/{task.card.family}/{path.relative_to(data).as_posix()}"
