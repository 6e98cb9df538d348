"""The best hidden Markov model of two families: tied to labels or mixed, and autoregressive."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from pathlib import Path

from baselines._options import require_at_least
from baselines.kinetics._parts.filtering import HiddenMarkov
from baselines.kinetics._parts.sampling import mean_over_frames
from baselines.kinetics._parts.slow_modes import FACTOR, SlowMode
from baselines.kinetics._parts.switching import unrolled
from baselines.kinetics.ar_hmm import ArHmm
from baselines.kinetics.hmm import Hmm
from benchmark.files import atomic
from benchmark.model import FitContext
from benchmark.tracks.kinetics.contract import StateTrajectories

#: The second is given up if with this share of the effort it is behind by so many nats per frame.
TRIAL, HANDICAP = 0.2, 1e-3


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
        require_at_least(1, most=most)
        self.most = most

    def fit(
        self,
        train: StateTrajectories,
        validation: StateTrajectories,
        slow: SlowMode,
        context: FitContext,
    ) -> None:
        """Fit both, the second only if it is not far behind with a part of the effort."""

        def candidate(place: int, name: str, effort: float) -> _Candidate:
            """Fit one, and see what it is worth."""
            report = partial(_share, context, place)
            model = self._make(name)
            own = replace(context, effort=effort * context.effort, progress=report)
            model.fit(train, validation, own)
            same = slow.is_shared_by(model.sample, context.seed, FACTOR)
            score = mean_over_frames(model.log_likelihood, validation)
            other = "" if same else ", another slow mode"
            report(1.0, f"{name}: validation {-score:.5f} nats{other}")
            return _Candidate((same, score), name, model)

        first = candidate(0, "ar-hmm", 1.0)
        trial = candidate(1, "hmm", TRIAL)
        tried = [first, trial]
        if (trial.worth[0], trial.worth[1] + HANDICAP) > first.worth:
            tried.append(candidate(2, "hmm", 1.0))
        best = max(tried, key=attrgetter("worth"))
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
    """Report the progress of a fit as its share of all three that there may be."""
    context.progress((place + done) / 3, note)
