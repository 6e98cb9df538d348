"""What is said of a wrong shape."""

from __future__ import annotations

import pytest

from benchmark.shapes import shape_fault

AXES, HINTS = ("frames", "atoms", "coordinates"), {-1: "one too few", 20: "the prompt"}


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        ((100, 7, 3), ""),
        ((99, 7, 3), "shape (99, 7, 3), expected (100, 7, 3): one too few"),
        ((120, 7, 3), "shape (120, 7, 3), expected (100, 7, 3): the prompt"),
        ((99, 6, 3), "shape (99, 6, 3), expected (100, 7, 3)"),
        ((50, 7, 3), "shape (50, 7, 3), expected (100, 7, 3)"),
        ((7, 3, 100), "shape (7, 3, 100), expected (100, 7, 3): exchange its axes, transpose(2, "),
        ((100, 21), "shape (100, 21), expected (100, 7, 3): frames, atoms, coordinates"),
        ((), "shape (), expected (100, 7, 3): frames, atoms, coordinates"),
    ],
)
def test_fault_of_a_shape_says_what_to_do(found: tuple[int, ...], fault: str):
    said = shape_fault(found, (100, 7, 3), AXES, HINTS)
    assert said.startswith(fault)
    assert bool(said) == bool(fault)
