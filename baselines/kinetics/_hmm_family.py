"""The best hidden Markov model of two families: tied to labels or mixed, and autoregressive."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from pathlib import Path

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

#: Share of the effort after which the one that is behind is given up.
TRIAL = 0.2


class HmmFamily:
    """The better of `ArHmm` and `Hmm`, by the slowest mode and then by likelihood.

    Where labels are few and functions of a hidden place, or frames are few, hidden states tied to
    labels and a mixture of labels do best; where labels are many, or noisy views of something
    slow, a local law that a slow hidden state switches. Both are hidden Markov models, fitted to
    the same data. After a part of the effort the one goes on whose slowest mode decays as that of
    the validation data does (within two standard errors or a factor of 1.5); where that says
    nothing, the likelier one.

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
        """Try each family with a part of the effort, and fit the better one with all of it."""

        def candidate(place: int, name: str, effort: float) -> _Candidate:
            """Fit one, and see what it is worth."""
            report = partial(_share, context, place)
            model = self._make(name)
            own = replace(context, effort=effort * context.effort, progress=report)
            model.fit(train, validation, own)
            same = slow.is_shared_by(model.sample, context.seed, FACTOR)
            score = _mean_log_likelihood(model, validation)
            other = "" if same else ", another slow mode"
            report(1.0, f"{name}: validation {-score:.5f} nats{other}")
            return _Candidate((same, score), name, model)

        tried = [candidate(place, name, TRIAL) for place, name in enumerate(FAMILIES)]
        ahead = max(tried, key=attrgetter("worth"))
        whole = candidate(len(FAMILIES), ahead.name, 1.0)
        best = max(ahead, whole, key=attrgetter("worth"))
        self.family, self.model = best.name, best.model

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


@dataclass(frozen=True)
class _Candidate:
    """A fitted model; it is worth its slowest mode first, then its likelihood."""

    worth: tuple[bool, float]
    name: str
    model: ArHmm | Hmm


def _share(context: FitContext, place: int, done: float, note: str) -> None:
    """Report the progress of a fit as its share of all three."""
    context.progress((place + done) / (len(FAMILIES) + 1), note)


def _mean_log_likelihood(model: ArHmm | Hmm, data: StateTrajectories) -> float:
    return sum(model.log_likelihood(chain) for chain in data.chains) / data.n_frames
