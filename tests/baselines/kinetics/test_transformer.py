"""Attention: its window, its cache, and full attention written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.kinetics.transformer import Transformer, _Network
from benchmark.errors import InputError
from benchmark.loading import load_model

CONTEXT, LAYERS = 8, 3


@pytest.fixture
def network() -> _Network:
    """Untrained, in float64: what is compared must agree to rounding."""
    torch.manual_seed(1)
    made = Transformer(width=12, layers=LAYERS, heads=3, context=CONTEXT).build(4).double().eval()
    with torch.no_grad():  # no weight may be one at which a mistake would not show
        for weight in made.parameters():
            weight += 0.3 * torch.randn_like(weight)
    return made


@pytest.fixture
def labels() -> Tensor:
    return torch.randint(0, 4, (5, 60), generator=torch.Generator().manual_seed(2))


def full_attention(network: _Network, labels: Tensor) -> Tensor:
    """Logits by one pass over all pairs of frames, with a mask."""
    frames = labels.shape[1]
    distance = torch.arange(frames)[:, None] - torch.arange(frames)
    seen = (distance >= 0) & (distance < network.context)
    x = network.embedding(labels)
    for layer in network.layers:
        heads = []
        q, k, v = layer.project(layer.norm_attention(x)).chunk(3, dim=-1)
        for head, part in enumerate(torch.arange(x.shape[2]).chunk(layer.heads)):
            scores = q[..., part] @ k[..., part].transpose(1, 2) / math.sqrt(len(part))
            scores = scores + layer.bias[head][distance.clamp(0, network.context - 1)]
            heads.append(scores.masked_fill(~seen, -math.inf).softmax(-1) @ v[..., part])
        x = x + layer.out(torch.cat(heads, -1))
        x = x + layer.down(layer.up(layer.norm_forward(x)).relu())
    return network.head(network.norm(x))


@torch.no_grad()
def test_sliding_window_equals_full_attention_with_a_mask(network, labels):
    torch.testing.assert_close(network(labels)[0], full_attention(network, labels))


@pytest.mark.parametrize("windows", [[60], [1] * 60, [7, 1, 8, 9, 16, 19], [30, 30]])
@torch.no_grad()
def test_windows_with_a_carried_cache_equal_full_attention(network, labels, windows):
    state, parts = None, []
    for part in labels.split(windows, dim=1):
        logits, state = network(part, state)
        parts.append(logits)
        assert all(cached.shape[2] <= CONTEXT - 1 for cached in state)
    torch.testing.assert_close(torch.cat(parts, 1), full_attention(network, labels))


@pytest.mark.parametrize("read", [1, 5, CONTEXT - 1, CONTEXT, 20])
@torch.no_grad()
def test_ring_of_keys_and_values_equals_full_attention(network, labels, read):
    _, state = network(labels[:, :read])
    kept = [part.clone() for part in state]
    advance = network.stepper(state)
    steps = [advance(labels[:, t]) for t in range(read, 60)]
    torch.testing.assert_close(torch.stack(steps, 1), full_attention(network, labels)[:, read:])
    for part, before in zip(state, kept, strict=True):
        assert torch.equal(part, before)  # one state may start several samplers


def test_no_gradient_flows_from_a_frame_to_a_later_label(network, labels):
    """The label leak of an encoder that reads what is to be predicted cannot come back."""
    inputs = network.embedding(labels).detach().requires_grad_()
    network.embedding.forward = lambda _: inputs
    network.context = 60  # one chunk, so that one tensor holds all inputs
    logits, _ = network(labels)
    t = 33
    (gradient,) = torch.autograd.grad(logits[:, t].square().sum(), inputs)
    reached = gradient.abs().sum((0, 2)).nonzero().flatten()
    assert reached.max() == t
    assert reached.min() == t - LAYERS * (CONTEXT - 1)


@torch.no_grad()
def test_frames_before_all_windows_are_forgotten_and_no_later_ones(network, labels):
    far = LAYERS * (CONTEXT - 1)  # frames that all layers together look back
    before = network(labels)[0][:, -1]
    beyond, edge = labels.clone(), labels.clone()
    beyond[:, : 60 - 1 - far] = (beyond[:, : 60 - 1 - far] + 1) % 4
    edge[:, 60 - 1 - far] = (edge[:, 60 - 1 - far] + 1) % 4
    torch.testing.assert_close(network(beyond)[0][:, -1], before)
    assert (network(edge)[0][:, -1] - before).abs().max() > 1e-12


@torch.no_grad()
def test_context_of_one_frame_sees_the_last_label_alone(labels):
    network = Transformer(width=8, heads=2, context=1).build(4).double().eval()
    logits, state = network(labels)
    for label in range(4):
        same = logits[labels == label]
        torch.testing.assert_close(same, same[:1].expand_as(same))
    advance = network.stepper(state)
    torch.testing.assert_close(advance(labels[:, 3]), logits[:, 3])


def test_published_size_is_reached_by_settings():
    settings = {"width": "512", "heads": "8", "layers": "2", "context": "100", "dropout": "0.1"}
    model = load_model("transformer", settings).build()
    network = model.build(20)
    assert network.layers[0].up.weight.shape == (2048, 512)
    assert len(network.layers) == 2
    assert network.layers[0].bias.shape == (8, 100)
    model.network = network
    assert 6.2e6 < model.parameters < 6.4e6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "width is 0; expected at least 1"),
        ({"layers": 0}, "layers is 0; expected at least 1"),
        ({"heads": 0}, "heads is 0; expected at least 1"),
        ({"context": 0}, "context is 0; expected at least 1"),
        ({"width": 32, "heads": 3}, "width is 32; expected a multiple of heads, which is 3"),
    ],
)
def test_size_that_cannot_be_is_an_input_error(options, message):
    with pytest.raises(InputError, match=message):
        Transformer(**options)


def test_default_has_about_the_parameters_of_the_lstm():
    model = Transformer()
    model.network = model.build(3)
    assert 25_000 <= model.parameters <= 60_000


def test_samples_of_a_prompt_longer_than_the_window_use_its_end_only():
    torch.manual_seed(0)
    model = Transformer(width=8, heads=2, context=4)
    model.network = model.build(3).eval()
    prompt = np.random.default_rng(0).integers(0, 3, (16, 40)).astype(np.uint8)
    one = model.sample(prompt, 30, np.random.default_rng(1))
    other = model.sample(prompt[:, -8:], 30, np.random.default_rng(1))
    np.testing.assert_array_equal(one, other)
