"""A network fitted on a GPU is the same model on a processor. Needs a GPU: skipped without one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from baselines.kinetics._parts.drawing import BLOCK, draw_frames
from baselines.kinetics.gru import Gru
from baselines.kinetics.hmm_lstm import HmmLstm
from baselines.kinetics.lstm import Lstm
from baselines.kinetics.ssm import Ssm
from baselines.kinetics.transformer import Transformer
from tests.baselines.kinetics.chains import (
    draw_labels,
    fit_context,
    mean_log,
    trajectories,
    two_speed_chain,
)

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")


NETWORKS = [Lstm, Gru, Ssm, Transformer, HmmLstm]


def fitted_on_gpu(network, epochs, folder):
    """Give a network fitted on a GPU, and a chain it has not seen."""
    labels = draw_labels(two_speed_chain(), 20_000, 3, seed=12)
    fitted, context = network(epochs=epochs), fit_context(folder, device="cuda")
    fitted.fit(trajectories(labels[:1], 3), trajectories(labels[1:2], 3), context)
    return fitted, labels[2:]


@pytest.mark.parametrize("network", NETWORKS)
def test_likelihoods_of_one_fit_agree_on_gpu_and_processor(network, tmp_path):
    fitted, test = fitted_on_gpu(network, 4, tmp_path)
    on_gpu = mean_log(fitted.predict(test), test)
    fitted.save(tmp_path)
    stored = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert {value.device.type for value in stored["weights"].values()} == {"cpu"}
    loaded = network(epochs=4)
    loaded.load(tmp_path)
    assert abs(mean_log(loaded.predict(test), test) - on_gpu) < 1e-4  # nats a frame
    sampled = loaded.sample(test[:, :50], 100, np.random.default_rng(0))
    assert sampled.shape == (1, 100)


@torch.inference_mode()
@pytest.mark.parametrize("network", [Lstm, Gru, Ssm, Transformer])
def test_a_recorded_block_draws_what_the_steps_would(network, tmp_path):
    """Also where the last block is not full, and the rings of a Transformer go around."""
    labels = draw_labels(two_speed_chain(), 300, 5, seed=3)
    fitted = network(context=50) if network is Transformer else network()
    fitted.network = fitted.build(3).to("cuda").eval()
    drawn = [
        draw_frames(*fitted.after(labels), 3 * BLOCK + 7, np.random.default_rng(0), period)
        for period in (None, fitted.period)
    ]
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_gpu_and_a_processor_draw_from_one_law(network, tmp_path):
    """Rounding moves a label across its border now and then, and the chains go apart from there."""
    fitted, test = fitted_on_gpu(network, 2, tmp_path)
    prompt = np.repeat(test[:, :50], 400, axis=0)
    on_gpu = fitted.sample(prompt, 4 * BLOCK, np.random.default_rng(0))
    fitted.network.to("cpu")
    here = fitted.sample(prompt, 4 * BLOCK, np.random.default_rng(0))
    assert (on_gpu == here)[:, :BLOCK].mean() > 0.95
    shares = [np.bincount(drawn.ravel(), minlength=3) / drawn.size for drawn in (on_gpu, here)]
    np.testing.assert_allclose(*shares, atol=0.01)
