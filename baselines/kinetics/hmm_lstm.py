"""A hidden Markov model, and an LSTM that learns what it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from baselines._torch import identify
from baselines.kinetics._hmm_family import HmmFamily
from baselines.kinetics._parts.correcting import CorrectingDescent
from baselines.kinetics._parts.filtering import Filter
from baselines.kinetics._parts.recurrent import RecurrentNetwork
from baselines.kinetics._parts.slow_modes import FACTOR, SlowMode
from baselines.kinetics._parts.training import EpochTraining
from baselines.kinetics.lstm import Lstm
from benchmark.arrays import Labels, Probabilities
from benchmark.files import atomic
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories

#: Share of the work that the hidden Markov model takes, for the progress shown.
HIDDEN = 0.6

#: Blocks of the validation data behind the standard error of a gain in likelihood.
BLOCKS = 30

#: A gain of so many standard errors shows that the correction is one.
SIGMAS = 2.0


class HmmLstm(Lstm):
    r"""Hidden Markov model whose law of the next label an LSTM corrects.

    .. math:: p(s_t | s_{<t}) \propto p_\mathrm{HMM}(s_t | s_{<t}) \, e^{f(s_{<t})_{s_t}}

    Hidden Markov models need few data and keep slow processes, which are worth almost nothing in
    nats; networks find fast detail and long memory, and let slow processes drift. So the hidden
    Markov model is fitted first, the best of two families (`HmmFamily`), and the network learns,
    from zero on, what the likelihood gains beside it: nothing where the hidden Markov model is
    right.

    The correction is kept where it gains more than two standard errors of the validation
    likelihood, and where the slowest mode of what is generated decays as that of the validation
    data does (the test of Chapman and Kolmogorov), unless without it that fails, too.

    Parameters
    ----------
    hidden, embedding : int
        Units of the LSTM, size of its embedding.
    dropout : float
        Of what the LSTM gives out.
    most : int
        Most hidden states of the autoregressive family.
    **training
        How the network is trained: see `EpochTraining`.
    """

    card = ModelCard(
        title="HMM × LSTM",
        description="Hidden Markov model, autoregressive or tied to labels, whose law of the next "
        "label an LSTM corrects where that makes the validation data likelier.",
        citation="A. B. Poritz, Proc. ICASSP 1982, 1291; "
        "S.-T. Tsai, E.-J. Kuo, P. Tiwary, Nat. Commun. 11, 5115 (2020), arXiv:2004.12360",
    )

    # What there is to correct shows early.
    training = EpochTraining(patience=0.15)

    def __init__(
        self,
        hidden: int = 64,
        embedding: int = 32,
        dropout: float = 0.0,
        most: int = 16,
        **training: Any,
    ) -> None:
        super().__init__(hidden, embedding, dropout, **training)
        self.base = HmmFamily(most)
        self.corrected = True

    def build(self, n_labels: int) -> RecurrentNetwork:
        """Make a network that corrects nothing yet."""
        network = super().build(n_labels)
        for weight in network.head.parameters():
            torch.nn.init.zeros_(weight)
        return network

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Fit the hidden Markov model, correct it, and keep the correction if it is one."""
        slow = SlowMode.of(train, validation)
        self._fit_base(train, validation, slow, context)

        def progress(done: float, note: str) -> None:
            context.progress(HIDDEN + (1.0 - HIDDEN) * done, note)

        super().fit(train, validation, replace(context, progress=progress))
        gain, stderr = self._gain(validation)
        self.corrected = gain > SIGMAS * stderr
        if self.corrected and not slow.is_shared_by(self.sample, context.seed, FACTOR):
            self.corrected = not slow.is_shared_by(self.base.model.sample, context.seed, FACTOR)
        kept = "kept" if self.corrected else "not kept"
        progress(1.0, f"{self.base.family}, correction {kept}: {1e3 * gain:.3f} mnats")

    def _fit_base(
        self,
        train: StateTrajectories,
        validation: StateTrajectories,
        slow: SlowMode,
        context: FitContext,
    ) -> None:
        """Fit the hidden Markov model, or take it from ``context.scratch``."""
        identity = identify(
            f"{self.base.most} {context.seed} {context.effort}", [*train.chains, *validation.chains]
        )
        kept = context.scratch / f"base-{identity[:16]}"
        if (kept / "family.json").is_file():  # written last
            self.base.load(kept)
            return

        def progress(done: float, note: str) -> None:
            context.progress(HIDDEN * done, note)

        self.base.fit(train, validation, slow, replace(context, progress=progress))
        kept.mkdir(parents=True, exist_ok=True)
        self.base.save(kept)

    def descent(
        self, train: StateTrajectories, validation: StateTrajectories, effort: float
    ) -> CorrectingDescent:
        """Give the training of the correction, not begun."""
        return CorrectingDescent(
            self.network, self.training, self._peak, train, validation, effort,
            self.base.model.predict,
        )  # fmt: skip

    def _gain(self, validation: StateTrajectories) -> tuple[float, float]:
        """Give what the correction gains in ln p of a validation frame, and its standard error."""
        gains = []
        for chain in validation.chains:
            at = np.arange(len(chain)), chain
            law = self.base.model.predict(chain[None])[0]
            factor = super().predict(chain[None])[0]
            gains.append(np.log(factor[at]) - np.log((law * factor).sum(1)))
        blocks = np.array_split(np.concatenate(gains), BLOCKS)
        means = np.array([block.mean() for block in blocks])
        return float(means.mean()), float(means.std(ddof=1) / np.sqrt(BLOCKS))

    def predict(self, states: Labels) -> Probabilities:
        """Filter each chain, read it by the network, and take the product."""
        law = self.base.model.predict(states)
        if self.corrected:
            law *= super().predict(states)
            law /= law.sum(-1, keepdims=True)
        return law

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Walk by the product of both laws, or by the hidden Markov model alone."""
        if self.corrected:
            return super().sample(prompt, n_frames, rng)
        return self.base.model.sample(prompt, n_frames, rng)

    def after(self, prompt: Labels) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Give the logits (C, K) of the frame after a prompt, and what advances them by a frame."""
        now, correct = super().after(prompt)
        filtered = Filter(self.base.hidden, prompt)
        law = torch.from_numpy(filtered.probabilities)  # renewed in place

        def advance(labels: Tensor) -> Tensor:
            filtered.take_in(labels.cpu().numpy())
            return correct(labels) + law.log().to(labels.device)

        return now + law.log().to(now.device), advance

    @property
    def period(self) -> None:
        """The filter runs on the processor."""

    @property
    def parameters(self) -> int:
        """Of the hidden Markov model, and weights of the network."""
        return self.base.model.parameters + self.corrected * super().parameters

    def save(self, folder: Path) -> None:
        """Write both, and whether the correction is kept."""
        super().save(folder)
        self.base.save(folder)
        with atomic(folder / "corrected.json") as temporary:
            temporary.write_text(json.dumps(self.corrected), "utf-8")

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        super().load(folder)
        self.base.load(folder)
        self.corrected = json.loads((folder / "corrected.json").read_text("utf-8"))
