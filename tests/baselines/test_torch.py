"""Seeds, devices and tensors on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from baselines._torch import (
    device_named,
    drawing_from,
    epoch_seed,
    identify,
    read_checkpoint,
    read_tensors,
    write_tensors,
)
from benchmark.errors import InputError

CPU = torch.device("cpu")


def content() -> dict[str, object]:
    return {"identity": "one", "weights": {"w": torch.arange(3.0)}, "updates": 7, "sizes": [1, 2]}


def test_tensors_and_numbers_are_read_as_they_were_written(tmp_path: Path):
    path = tmp_path / "new" / "weights.pt"
    write_tensors(path, content())
    stored = read_tensors(path)
    torch.testing.assert_close(stored["weights"]["w"], torch.arange(3.0))
    assert (stored["identity"], stored["updates"], stored["sizes"]) == ("one", 7, [1, 2])
    assert [file.name for file in path.parent.iterdir()] == ["weights.pt"]


def test_the_same_content_is_the_same_file(tmp_path: Path):
    """The name of the temporary file does not get into it."""
    for name in ("one.pt", "two.pt"):
        write_tensors(tmp_path / name, content())
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "two.pt").read_bytes()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "checkpoint.pt"
    write_tensors(path, content())
    with pytest.raises(AttributeError):
        write_tensors(path, {"identity": lambda: "what cannot be written"})
    assert read_tensors(path)["identity"] == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_is_that_of_its_own_run_alone(tmp_path: Path):
    path = tmp_path / "checkpoint.pt"
    assert read_checkpoint(path, "one", CPU) is None
    write_tensors(path, content())
    assert read_checkpoint(path, "another", CPU) is None
    found = read_checkpoint(path, "one", CPU)
    assert found is not None
    assert found["updates"] == 7


def test_identity_tells_options_values_shapes_and_the_order_of_data_apart():
    one, two = np.arange(6, dtype=np.uint8), np.zeros(2, np.uint8)
    known = [
        identify("options", [one, two]),
        identify("other options", [one, two]),
        identify("options", [two, one]),
        identify("options", [one]),
        identify("options", [one.reshape(2, 3), two]),
        identify("options", [one[::-1], two]),
        identify("options", [one[:4], np.concatenate([one[4:], two])]),
    ]
    assert len(set(known)) == len(known)
    assert identify("options", [one.repeat(2)[::2], two]) == known[0]


def test_seeds_of_epochs_are_all_different_and_torch_takes_them():
    seeds = {epoch_seed(seed, done) for seed in range(30) for done in range(30)}
    assert len(seeds) == 900
    assert max(seeds) > 2**63  # all 64 bits are used
    with drawing_from(0, CPU):
        for seed in seeds:
            torch.manual_seed(seed)


def test_seed_of_an_epoch_is_that_of_numpys_sequence():
    """It must be the same on every machine and in every process: a resumed run depends on it."""
    assert epoch_seed(0, 0) == int(np.random.SeedSequence([0, 0]).generate_state(1, np.uint64)[0])
    assert epoch_seed(3, 12) == 343284584036622533


def test_random_numbers_follow_the_seed_and_the_caller_notices_nothing():
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    drawn = []
    for seed in (5, 5, 6):
        with drawing_from(seed, CPU):
            drawn.append(torch.rand(3).tolist())
    torch.testing.assert_close(torch.rand(2), expected)
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("name", ["gpu9", "cuda:99", ""])
def test_device_that_is_not_there_is_one_line(name: str):
    with pytest.raises(InputError, match=rf"^device '{name}' cannot be used: .*; 'cpu' always can"):
        device_named(name)
