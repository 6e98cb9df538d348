"""The share of a run that one element of a job array does.

Batch systems number the elements of an array and tell each its number in a variable:
``SLURM_ARRAY_TASK_ID`` (Slurm, sbatch(1)), ``LSB_JOBINDEX`` (LSF), ``SGE_TASK_ID`` (Grid Engine),
``PBS_ARRAY_INDEX`` (PBS Professional), ``PBS_ARRAYID`` (Torque). The last two do not tell how many
there are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark.errors import InputError
from benchmark.job import Key

#: Elements of one array: more than any batch system takes.
MOST_SHARDS = 10**7

_EXPECTED = "expected I/N with 1 ≤ I ≤ N, such as 3/8, or auto, or auto/N"


@dataclass(frozen=True)
class _Array:
    """The variables of a batch system: an element's number, the first, the last and the step."""

    number: str
    first: str = ""
    last: str = ""
    step: str = ""
    count: str = ""


ARRAYS = (
    _Array(
        "SLURM_ARRAY_TASK_ID",
        "SLURM_ARRAY_TASK_MIN",
        "SLURM_ARRAY_TASK_MAX",
        "SLURM_ARRAY_TASK_STEP",
        "SLURM_ARRAY_TASK_COUNT",
    ),
    _Array("PBS_ARRAY_INDEX"),
    _Array("PBS_ARRAYID"),
    _Array("LSB_JOBINDEX", "", "LSB_JOBINDEX_END", "LSB_JOBINDEX_STEP"),
    _Array("SGE_TASK_ID", "SGE_TASK_FIRST", "SGE_TASK_LAST", "SGE_TASK_STEPSIZE"),
)


@dataclass(frozen=True)
class Shard:
    """One of so many equal shares of a run, counted from 1."""

    index: int
    count: int

    def of(self, keys: Sequence[Key]) -> list[Key]:
        """Give its units: of each task as many as any other has, or one more or less.

        Units of a task follow each other in a plan, and are dealt out in turn. Which they are
        depends on the plan and on nothing that was done, so that a shard that is run again does
        the same units.
        """
        return list(keys[self.index - 1 :: self.count])

    @property
    def mark(self) -> str:
        """What tells it from the others in names of temporary files."""
        return f"{self.index:08d}"

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def shard_of(text: str, variables: Mapping[str, str] | None = None) -> Shard:
    """Read ``--shard``: ``I/N``; ``auto``, by a job array's variables; ``auto/N``, number I of N.

    Raises
    ------
    InputError
        If it is none of these, or the variables are missing or do not say how many there are.
    """
    variables = os.environ if variables is None else variables
    left, slash, right = text.partition("/")
    if left == "auto" and not slash:
        return _by_array(variables)
    count = _whole(right)
    index = _number(variables)[1] if left == "auto" else _whole(left)
    if index is None or count is None or not 1 <= index <= count <= MOST_SHARDS:
        here = f" (this is element {index})" if left == "auto" else ""
        raise InputError(f"--shard {text}{here}: {_EXPECTED}")
    return Shard(index, count)


def _number(variables: Mapping[str, str]) -> tuple[_Array, int]:
    """Find the array that this process is an element of, and its number there."""
    for array in ARRAYS:
        number = _whole(variables.get(array.number, ""))
        # LSF says 0, and Grid Engine "undefined", where there is no array.
        if number is not None and not (array.number == "LSB_JOBINDEX" and number == 0):
            return array, number
    names = ", ".join(array.number for array in ARRAYS)
    raise InputError(f"--shard auto: this is no element of a job array ({names} are not set); "
                     "give --shard I/N")  # fmt: skip


def _by_array(variables: Mapping[str, str]) -> Shard:
    array, number = _number(variables)
    last = _whole(variables.get(array.last, ""))
    if last is None:
        raise InputError(
            f"--shard auto: {array.number}={number} does not say of how many; "
            "give --shard auto/N, where the array is numbered 1 to N"
        )
    first = _whole(variables.get(array.first, "")) if array.first else 1
    step = _whole(variables.get(array.step, "")) or 1
    first = 1 if first is None else first
    index, count = (number - first) // step + 1, (last - first) // step + 1
    told = _whole(variables.get(array.count, "")) or count
    if told != count or (number - first) % step or not 1 <= index <= count:
        raise InputError(
            f"--shard auto: the array's numbers ({first} to {last}, {told} of them) are not "
            "evenly spaced; give --shard I/N"
        )
    return Shard(index, count)


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
