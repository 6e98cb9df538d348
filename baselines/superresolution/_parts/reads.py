"""What a model reads at kept frames: scaled derivatives x, v h, a h² up to some order."""

from __future__ import annotations

from benchmark.errors import InputError
from benchmark.tracks.superresolution.segments import READABLE

#: What a setting ``reads`` can be; each includes those before it.
READS = ("positions", "velocities", "forces")


def orders_read(reads: str) -> int:
    """Give how many scaled derivatives a model reads: 1, 2 or 3.

    Raises
    ------
    InputError
        If ``reads`` is none of `READS`.
    """
    if reads not in READS:
        raise InputError(f"reads={reads}: expected one of {', '.join(READS)}")
    return READS.index(reads) + 1


def moving_orders_read(reads: str) -> int:
    """Give how many scaled derivatives a model of dynamics reads: 2 or 3.

    Raises
    ------
    InputError
        If ``reads`` is positions alone, or none of `READS`.
    """
    orders = orders_read(reads)
    if orders < 2:
        raise InputError(
            f"reads={reads}: dynamics starts from velocities; expected velocities or forces"
        )
    return orders


def reads_of(orders: int) -> frozenset[str]:
    """Give the attribute ``reads`` of a model that reads ``orders`` scaled derivatives."""
    return READABLE & set(READS[:orders])
