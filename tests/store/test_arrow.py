"""Arrays go to Arrow and back bit for bit, and nothing loads pandas on the way."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.store.arrow import to_arrow, to_numpy
from tests.plugs import python


@pytest.mark.parametrize("kind", ["u1", "i4", "i8", "f4", "f8"])
@pytest.mark.parametrize("length", [0, 1, 1000])
def test_numbers_come_back_bit_for_bit(kind, length):
    values = np.arange(2 * length).astype(kind)[::2]
    found = to_numpy(to_arrow(values))
    assert found.dtype == values.dtype
    assert np.array_equal(found, values)


def test_part_of_an_array_comes_back_as_that_part():
    assert to_numpy(to_arrow(np.arange(9))[3:5]).tolist() == [3, 4]


def test_frozen_data_and_predictions_are_read_and_written_without_pandas(tmp_path):
    statement = f"""
import sys
from pathlib import Path
import numpy as np
from benchmark.registry import find_task
from benchmark.store import frozen, predictions
frozen.load(find_task("potentials/linear3"), "test")
predictions.write(Path({str(tmp_path)!r}), "samples.parquet", np.zeros((2, 3), np.uint8))
predictions.read(Path({str(tmp_path)!r}), "samples.parquet")
print({{"pandas", "datasets"}} & set(sys.modules))
"""
    done = python("-c", statement)
    assert done.stdout.strip() == "set()", done.stderr
