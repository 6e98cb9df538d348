"""What ``--device`` may say, and what it comes to on this machine."""

from __future__ import annotations

import pytest

from benchmark.errors import InputError
from benchmark.run.describing import cuda_devices, resolved_device


@pytest.mark.parametrize(
    "name", ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:one", "cuda:99999", "cuda:0 ", "cuda:٣"]
)
def test_what_is_no_device_is_refused_and_those_that_are_named(name):
    with pytest.raises(InputError, match=r"expected cpu, cuda, cuda:N or auto$"):
        resolved_device(name)


def test_automatic_device_is_a_gpu_where_there_is_one():
    assert resolved_device("auto") == ("cuda" if cuda_devices() else "cpu")


def test_number_of_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(InputError) as caught:
        resolved_device("cuda:9000")
    found = cuda_devices()
    assert (f"torch sees {found or 'no'} CUDA device") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_devices_are_those_of_torch():
    import torch

    assert cuda_devices() == (torch.cuda.device_count() if torch.cuda.is_available() else 0)
