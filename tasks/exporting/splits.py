"""Frozen splits as Hugging Face datasets, for a training loop of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import InputError, said
from benchmark.store.frozen import is_left_out
from benchmark.task import Task

if TYPE_CHECKING:
    from datasets import DatasetDict


def as_datasets(task: Task) -> DatasetDict:
    """Give the splits of a task of chains, memory-mapped.

    A row is a chain (``states``, uint8, and in ``test`` what the oracle says of each frame), those
    of all replicas in the order of the card. Nothing is checked against a fingerprint here: ``data
    verify`` does that.

    Parameters
    ----------
    task : Task

    Returns
    -------
    datasets.DatasetDict
        Split to `datasets.Dataset`; ``with_format("torch")`` gives tensors.

    Raises
    ------
    InputError
        If the task holds molecules, whose frames are packed (``load_segments`` reads them), a file
        is missing or unreadable, or the library finds no place for its cache.
    """
    import datasets  # slow to load

    if "pieces" in task.card.model_dump():
        raise InputError(f"{task.id} holds packed segments, no chains; take load_segments")

    files = files_of_splits(task)
    missing = [path for paths in files.values() for path in paths if not path.is_file()]
    if missing:
        raise InputError(f"{missing[0]} is missing; restore it (git checkout)")
    try:
        return datasets.DatasetDict(
            {
                split: datasets.Dataset.from_parquet([str(path) for path in paths])
                for split, paths in files.items()
            }
        )
    except (OSError, datasets.exceptions.DatasetsError) as error:
        raise InputError(f"the data of {task.id} cannot be loaded: {said(error)}") from error


def files_of_splits(task: Task) -> Mapping[str, list[Path]]:
    """Give the Parquet files of each split that is there."""
    files = {}
    pieces = task.card.model_dump().get("pieces", {})
    for split in task.card.splits:
        if split in pieces:
            names = dict.fromkeys(piece["file"] for piece in pieces[split])
            files[split] = [task.path.parent.parent / "data" / name for name in names]
        elif not is_left_out(task, split):
            files[split] = [task.data / f"{split}.parquet"]
    return files
