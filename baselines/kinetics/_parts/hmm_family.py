"""The best hidden Markov model of two families: tied to labels or mixed, and autoregressive."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from baselines.kinetics._parts.filtering import HiddenMarkov
from baselines.kinetics._parts.slow_modes import SlowMode
from baselines.kinetics._parts.switching import unrolled
from baselines.kinetics.ar_hmm import FACTOR, ArHmm
from baselines.kinetics.hmm import Hmm
from benchmark.files import atomic
from benchmark.model import FitContext
from benchmark.tracks.kinetics.contract import StateTrajectories

#: What competes, by the names of the models.
FAMILIES = ("ar-hmm", "hmm")


class HmmFamily:
    """The better of `ArHmm` and `Hmm`, by the slowest mode and then by likelihood.

    Where labels are few and functions of a hidden place, or frames are few, hidden states tied to
    labels and a mixture of labels do best; where labels are many, or noisy views of something
    slow, a local law that a slow hidden state switches. Both are hidden Markov models, fitted to
    the same data. The one is kept whose slowest mode decays as that of the validation data does
    (within two standard errors or a factor of 1.5); where that says nothing, the likelier one.

    Parameters
    ----------
    most : int
        Most hidden states of the autoregressive family.

    Attributes
    ----------
    family : str
        Which one was kept.
    model : ArHmm or Hmm
    """

    def __init__(self, most: int = 16) -> None:
        self.most = most

    def fit(
        self,
        train: StateTrajectories,
        validation: StateTrajectories,
        slow: SlowMode,
        context: FitContext,
    ) -> None:
        """Fit one of each family, and keep one."""
        best = (False, -np.inf)
        for place, name in enumerate(FAMILIES):
            model = self._make(name)
            model.fit(train, validation, replace(context, progress=_share(context, place, name)))
            same = slow.is_shared_by(model.sample, context.seed, FACTOR)
            found = same, _mean_log_likelihood(model, validation)
            context.progress(
                (place + 1) / len(FAMILIES),
                f"{name}: validation {-found[1]:.5f} nats{'' if same else ', another slow mode'}",
            )
            if found > best:
                best, self.family, self.model = found, name, model

    def _make(self, name: str) -> ArHmm | Hmm:
        return ArHmm(most=self.most) if name == "ar-hmm" else Hmm()

    @property
    def hidden(self) -> HiddenMarkov:
        """The model kept as a hidden Markov model, whatever its family."""
        return unrolled(self.model.model) if isinstance(self.model, ArHmm) else self.model.model

    def save(self, folder: Path) -> None:
        """Write the model, and of which family it is."""
        self.model.save(folder)
        with atomic(folder / "family.json") as temporary:
            temporary.write_text(json.dumps(self.family), "utf-8")

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        self.family = json.loads((folder / "family.json").read_text("utf-8"))
        self.model = self._make(self.family)
        self.model.load(folder)


def _share(context: FitContext, place: int, name: str) -> Callable[[float, str], None]:
    """Report the progress of one family as its share of the whole."""
    return lambda done, note: context.progress((place + done) / len(FAMILIES), f"{name}: {note}")


def _mean_log_likelihood(model: ArHmm | Hmm, data: StateTrajectories) -> float:
    return sum(model.log_likelihood(chain) for chain in data.chains) / data.n_frames
