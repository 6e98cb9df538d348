"""Transformer decoder with a sliding window, after Zeng, Cao, Huang and Yao.

A stack of causal self-attention and feed-forward layers in place of the LSTM. Each layer looks at
the last few frames alone, so that what must be remembered of a chain is a fixed number of keys and
values, and a million frames cost a million equal steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines._options import require_at_least, require_share
from baselines.kinetics._parts.network_model import NetworkModel
from baselines.kinetics._parts.networks import Network, State
from baselines.kinetics._parts.training import EpochTraining
from benchmark.errors import InputError
from benchmark.model import ModelCard

#: Frames read at a time on a GPU, at least.
ON_GPU = 128

#: A hidden layer of the feed-forward part is this many times as wide as the network.
EXPANSION = 4


class Transformer(NetworkModel):
    """Decoder-only Transformer with pre-normalisation, trained to predict the next label.

    In each layer a frame attends to the last ``context`` frames, its own included, with

        weight_s ∝ exp(q_t · k_s / √D + b[t − s]),  0 ≤ t − s < context,

    where every head learns a b for each distance in frames. Training carries keys and values of a
    window to the next window, without their gradients (Dai et al., Transformer-XL,
    arXiv:1901.02860): training, prediction and sampling see one and the same past.

    The published model has two layers of 512 units and 8 heads in each half, reads sequences of
    100 frames and drops out a tenth: ``--set width=512 --set heads=8 --set layers=2
    --set context=100 --set window=100 --set dropout=0.1``. It is an encoder and a decoder, and
    its encoder reads the very frames that are to be predicted. A decoder alone cannot.

    Parameters
    ----------
    width, layers, heads : int
        Units (a multiple of ``heads``), layers, attention heads of a layer.
    context : int
        Frames a layer looks at.
    dropout : float
        Of what each attention and each feed-forward part adds.
    **training
        How it is trained: see `EpochTraining`.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    card = ModelCard(
        title="Transformer",
        description="Causal Transformer with a sliding window of attention, trained to predict "
        "the next label.",
        citation="W. Zeng, S. Cao, X. Huang, Y. Yao, arXiv:2107.06573 (2021)",
    )

    training = EpochTraining(epochs=24, frames=3e6, streams=16, window=128, learning_rate=4e-3)

    def __init__(
        self,
        width: int = 32,
        layers: int = 2,
        heads: int = 2,
        context: int = 32,
        dropout: float = 0.0,
        **training: Any,
    ) -> None:
        require_at_least(1, width=width, layers=layers, heads=heads, context=context)
        require_share(dropout=dropout)
        if width % heads:
            raise InputError(f"width is {width}; expected a multiple of heads, which is {heads}")
        sizes = {"width": width, "layers": layers, "heads": heads, "context": context}
        super().__init__(sizes | {"dropout": dropout}, width, **training)

    def build(self, n_labels: int) -> Network:
        """Make an untrained network."""
        return _Network(n_labels, **self.sizes)


class _Network(Network):
    def __init__(
        self, n_labels: int, width: int, layers: int, heads: int, context: int, dropout: float
    ) -> None:
        super().__init__()
        self.n_labels, self.context = n_labels, context
        self.period = context  # of the rings, once they are full
        # Of one layer: scores of a frame, or its hidden units.
        self.numbers = max(n_labels, 2 * context * heads, EXPANSION * width)
        self.embedding = nn.Embedding(n_labels + 1, width)  # label K: the begin of a chain
        # The sum over all layers starts as large as its first term (Radford et al. 2019, GPT-2).
        share = 1.0 / math.sqrt(2 * layers)
        self.layers = nn.ModuleList(
            _Layer(width, heads, context, dropout, share) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, n_labels)
        self.empty = (heads, 0, width // heads)  # shape of the keys, or values, of no frames

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read as many frames at a time as a layer looks at: all scores are about the diagonal.

        A GPU does more at a time in as many steps: it is the steps that take its time. The state is
        keys and values of each layer in turn, (B, H, ≤ context − 1, D).
        """
        frames = max(self.context, ON_GPU) if inputs.is_cuda else self.context
        nothing = self.head.weight.new_empty(len(inputs), *self.empty)
        carried = state or (nothing,) * 2 * len(self.layers)
        logits = []
        for part in inputs.split(frames, dim=1):
            x = self.embedding(part)  # (B, T, W)
            now: list[Tensor] = []
            for layer, keys, values in zip(self.layers, carried[::2], carried[1::2], strict=True):
                x, keys, values = layer(x, keys, values)
                now += keys, values
            carried = tuple(now)
            logits.append(self.head(self.norm(x)))
        return torch.cat(logits, dim=1), carried

    def stepper(self, state: State) -> Callable[[Tensor], Tensor]:
        """Keep keys and values in rings: a new frame takes the place of the oldest one."""
        rings = [
            _Ring(cast(_Layer, layer), keys, values)
            for layer, keys, values in zip(self.layers, state[::2], state[1::2], strict=True)
        ]
        # What the first layer makes of a label before it looks at others is found in tables.
        table = self.embedding.weight.clone()  # (K + 1, W)
        projected = rings[0].project(table)
        read = _normed(self.norm, self.head)
        frame = state[0].shape[2]  # frames read: the next one's place, before wrapping

        def advance(labels: Tensor) -> Tensor:
            nonlocal frame
            x, joint = table[labels], projected[labels]  # (C, W), (C, 3W)
            for number, ring in enumerate(rings):
                x = ring.advance(x, ring.project(x) if number else joint, frame)
            frame += 1
            return read(x)

        return advance


class _Layer(nn.Module):
    """x + attention(norm(x)), then x + feed-forward(norm(x))."""

    def __init__(self, width: int, heads: int, context: int, dropout: float, share: float) -> None:
        super().__init__()
        self.heads, self.context = heads, context
        self.norm_attention, self.norm_forward = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width)  # to queries, keys and values
        self.out = nn.Linear(width, width)
        self.up = nn.Linear(width, EXPANSION * width)
        self.down = nn.Linear(EXPANSION * width, width)
        self.dropout = nn.Dropout(dropout)
        with torch.no_grad():  # ``share``: of the usual size, what it adds to its input
            self.out.weight *= share
            self.down.weight *= share
        # Attention starts out local, with a range of its own for each head: slopes after Press,
        # Smith and Lewis, ALiBi, arXiv:2108.12409.
        slopes = 2.0 ** (-8.0 * torch.arange(1, heads + 1) / heads)
        self.bias = nn.Parameter(-slopes[:, None] * torch.arange(context))  # (H, context)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Read frames (B, T, W) after those with ``keys`` and ``values`` (B, H, ≤ context − 1, D).

        Returns the frames after this layer, and keys and values to carry.
        """
        B, T, W = x.shape
        joint = self.project(self.norm_attention(x)).view(B, T, 3, self.heads, -1)
        q, k, v = joint.permute(2, 0, 3, 1, 4)  # (B, H, T, D) each
        k, v = torch.cat([keys, k], dim=2), torch.cat([values, v], dim=2)  # (B, H, S, D)
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3]) + self._band(T, k.shape[2])
        attended = torch.softmax(scores, dim=-1) @ v  # (B, H, T, D)
        x = x + self.dropout(self.out(attended.transpose(1, 2).reshape(B, T, W)))
        x = x + self.dropout(self.down(self.up(self.norm_forward(x)).relu()))
        first = max(k.shape[2] - (self.context - 1), 0)
        return x, k[:, :, first:], v[:, :, first:]

    def _band(self, frames: int, seen: int) -> Tensor:
        """Give the bias (H, frames, seen) of the last ``frames`` frames towards all ``seen`` ones.

        It is that of their distance, and −∞ towards later frames and those out of the window.
        """
        # A row is a stretch of one sequence, −∞ … oldest … own frame −∞ …, and the row before it
        # starts one place later: no table of distances is gathered, or scattered backwards.
        band = functional.pad(self.bias.flip(1), (seen, frames - 1), value=-math.inf)
        rows = band.unfold(1, seen, 1)[:, -frames:]  # that of the last frame is the first
        return rows.flip(1)


class _Ring:
    """A layer that reads one frame a step: keys and values in rings of ``context`` places."""

    def __init__(self, layer: _Layer, keys: Tensor, values: Tensor) -> None:
        C, H, seen, D = keys.shape
        self.shape, self.context = (C * H, 1, D), layer.context
        # Keys (C·H, D, context) stand as the product with a query wants them.
        self.keys = keys.new_zeros(C * H, D, layer.context)
        self.values = keys.new_zeros(C * H, layer.context, D)
        self.keys[:, :, :seen] = keys.flatten(0, 1).transpose(1, 2)
        self.values[:, :seen] = values.flatten(0, 1)
        # Bias of each place if the own frame has the last one; twice, to be read as a ring.
        self.bias = layer.bias.flip(1).repeat(1, 2)  # (H, 2 context)
        self.scale = 1.0 / math.sqrt(D)
        self.project = _normed(layer.norm_attention, layer.project)
        self.up = _normed(layer.norm_forward, layer.up)
        self.out, self.out_bias = layer.out.weight.T.contiguous(), layer.out.bias
        self.down, self.down_bias = layer.down.weight.T.contiguous(), layer.down.bias

    def advance(self, x: Tensor, joint: Tensor, frame: int) -> Tensor:
        """Read frame number ``frame``, (C, W), and its projections; give it after this layer."""
        place, filled = frame % self.context, min(frame + 1, self.context)
        q, k, v = (part.reshape(self.shape) for part in joint.chunk(3, dim=1))
        self.keys[:, :, place] = k[:, 0]
        self.values[:, place] = v[:, 0]
        scores = torch.bmm(q.mul_(self.scale), self.keys[:, :, :filled])  # (C·H, 1, filled)
        first = self.context - 1 - place
        scores.view(len(x), -1, filled).add_(self.bias[:, first : first + filled])
        attended = torch.bmm(torch.softmax(scores, dim=-1), self.values[:, :filled])
        x = x + torch.addmm(self.out_bias, attended.view(x.shape), self.out)
        return x + torch.addmm(self.down_bias, self.up(x).relu_(), self.down)


def _normed(norm: nn.LayerNorm, linear: nn.Linear) -> Callable[[Tensor], Tensor]:
    """Give linear(norm(x)); the weights of the norm are multiplied into those of the linear map."""
    weight = (linear.weight * norm.weight).T.contiguous()
    bias = linear.bias + linear.weight @ norm.bias
    shape = norm.weight.shape
    return lambda x: torch.addmm(bias, functional.layer_norm(x, shape), weight)
