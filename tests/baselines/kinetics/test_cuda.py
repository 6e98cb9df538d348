"""A network fitted on a GPU is the same model on a processor. Needs a GPU: skipped without one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from baselines.kinetics.lstm import Lstm
from baselines.kinetics.transformer import Transformer
from tests.baselines.kinetics.chains import (
    draw_labels,
    fit_context,
    mean_log,
    trajectories,
    two_speed_chain,
)

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")


@pytest.mark.parametrize("network", [Lstm, Transformer])
def test_likelihoods_of_one_fit_agree_on_gpu_and_processor(network, tmp_path):
    labels = draw_labels(two_speed_chain(), 20_000, 3, seed=12)
    fitted = network(epochs=4)
    context = fit_context(tmp_path, device="cuda")
    fitted.fit(trajectories(labels[:1], 3), trajectories(labels[1:2], 3), context)
    test = labels[2:]
    on_gpu = mean_log(fitted.predict(test), test)
    fitted.save(tmp_path)
    stored = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert {value.device.type for value in stored["weights"].values()} == {"cpu"}
    loaded = network(epochs=4)
    loaded.load(tmp_path)
    assert abs(mean_log(loaded.predict(test), test) - on_gpu) < 1e-4  # nats a frame
    sampled = loaded.sample(test[:, :50], 100, np.random.default_rng(0))
    assert sampled.shape == (1, 100)
