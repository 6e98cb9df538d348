"""The diagonal linear recurrence x_t = λ ∘ x_{t−1} + b_t over a window, with its gradient.

On a processor a compiled loop over the frames is fastest: it touches every number once. On a GPU
all frames are done at once, in log₂ T steps of a parallel scan.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

Complexes = NDArray[np.complexfloating]


def recurrence(factor: Tensor, driven: Tensor, before: Tensor) -> Tensor:
    """Give x_t = λ ∘ x_{t−1} + b_t for all t.

    Parameters
    ----------
    factor : complex Tensor (H,)
        λ.
    driven : complex Tensor (B, T, H)
        b.
    before : complex Tensor (B, H)
        x before the first frame.

    Returns
    -------
    complex Tensor (B, T, H)

    Raises
    ------
    ValueError
        If the shapes do not belong together: the loop would read past an end.
    """
    B, _, H = driven.shape
    if factor.shape != (H,) or before.shape != (B, H):
        raise ValueError(f"{tuple(factor.shape)} and {tuple(before.shape)}, not {(H,)}, {(B, H)}")
    if driven.device.type != "cpu":
        return scan(factor, driven, before)
    x: Tensor = _Loop.apply(factor, driven, before)
    return x


def scan(factor: Tensor, driven: Tensor, before: Tensor) -> Tensor:
    """Give what `recurrence` gives, by a parallel scan (Hillis and Steele 1986).

    After m steps each x_t holds the last 2^m of its terms.
    """
    x = torch.cat([driven[:, :1] + (factor * before)[:, None], driven[:, 1:]], dim=1)
    reach = 1
    while reach < x.shape[1]:
        x = torch.cat([x[:, :reach], x[:, reach:] + factor * x[:, :-reach]], dim=1)
        factor, reach = factor * factor, 2 * reach
    return x


class _Loop(torch.autograd.Function):
    """The recurrence frame by frame, and its gradient backwards in time."""

    @staticmethod
    def forward(ctx: Any, factor: Tensor, driven: Tensor, before: Tensor) -> Tensor:
        x = torch.empty_like(driven, memory_format=torch.contiguous_format)
        _forwards(*(_array(one) for one in (factor, driven, before, x)))
        ctx.save_for_backward(factor, before, x)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        factor, before, x = ctx.saved_tensors
        of_factor = torch.zeros_like(factor)
        of_driven, of_before = torch.empty_like(x), torch.empty_like(x[:, 0])
        _backwards(
            *(_array(one) for one in (factor.conj(), before.conj(), x, gradient)),
            *(_array(one) for one in (of_factor, of_driven, of_before)),
        )
        return of_factor, of_driven, of_before


def _array(tensor: Tensor) -> Complexes:
    """See a tensor as an array; one that is written to must be contiguous."""
    array: Complexes = tensor.detach().resolve_conj().contiguous().numpy()
    return array


@numba.njit(cache=True)
def _forwards(factor: Complexes, driven: Complexes, before: Complexes, x: Complexes) -> None:
    chains, frames, units = driven.shape
    for b in range(chains):
        for h in range(units):
            x[b, 0, h] = factor[h] * before[b, h] + driven[b, 0, h]
        for t in range(1, frames):
            for h in range(units):
                x[b, t, h] = factor[h] * x[b, t - 1, h] + driven[b, t, h]


@numba.njit(cache=True)
def _backwards(
    factor: Complexes,
    before: Complexes,
    x: Complexes,
    gradient: Complexes,
    of_factor: Complexes,
    of_driven: Complexes,
    of_before: Complexes,
) -> None:
    """Go back with λ* and x₀*: g_t = ∂_t + λ* g_{t+1}, and Σ g_t x*_{t−1} is the gradient of λ."""
    chains, frames, units = x.shape
    for b in range(chains):
        for h in range(units):
            of_driven[b, frames - 1, h] = gradient[b, frames - 1, h]
        for t in range(frames - 2, -1, -1):
            for h in range(units):
                g = of_driven[b, t + 1, h]
                of_factor[h] += g * np.conj(x[b, t, h])
                of_driven[b, t, h] = gradient[b, t, h] + factor[h] * g
        for h in range(units):
            g = of_driven[b, 0, h]
            of_factor[h] += g * before[b, h]
            of_before[b, h] = factor[h] * g
