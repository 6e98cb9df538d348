"""``check``: every clause of the contract, broken one at a time."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.check import check_model
from benchmark.loading import load_model
from benchmark.tracks.kinetics.check import TINY_TRANSITION, tiny_chains
from tests.plugs import MARKOV, SAVED

CLAUSES = ["fit", "sample", "predict", "normalised", "causal", "deterministic", "save and load"]


def faults(model):
    """Check a model; give its faults by clause."""
    return {found.name: found.fault for found in check_model(load_model(model)) if found.fault}


def test_tiny_chains_follow_their_transition_matrix():
    chains = tiny_chains(20, 20_000, seed=0)
    counts = np.zeros((3, 3))
    np.add.at(counts, (chains[:, :-1].ravel(), chains[:, 1:].ravel()), 1)
    assert counts / counts.sum(1, keepdims=True) == pytest.approx(TINY_TRANSITION, abs=0.01)


@pytest.mark.parametrize("source", [MARKOV, SAVED], ids=["plain", "with save and load"])
def test_good_model_has_no_fault_in_any_clause(plug, source):
    found = check_model(load_model(plug(source)))
    assert [finding.name for finding in found] == CLAUSES
    assert not any(finding.fault for finding in found)
    assert all(finding.note for finding in found)


@pytest.mark.parametrize("name", ["iid", "msm", "block-shuffle"])
def test_shipped_model_has_no_fault(name):
    assert faults(name) == {}


def test_model_without_predict_is_told_what_it_costs(plug):
    found = {f.name: f for f in check_model(load_model(plug(MARKOV.replace("predict", "other"))))}
    assert found["predict"].note == "none: the likelihood group will count as 0"
    assert not any(finding.fault for finding in found.values())


PLANTED = {
    "fit raises": (
        "def fit(self, train, validation, context): self.absent",
        {"fit": "AttributeError: 'Bad' object has no attribute 'absent'"},
    ),
    "fit takes too few arguments": (
        "def fit(self, train): pass",
        {"fit": "TypeError: Bad.fit() takes 2 positional arguments but 4 were given"},
    ),
    "constructor raises": (
        "def __init__(self): raise ValueError('odd')",
        {"fit": "bad-Bad cannot be built: ValueError: odd"},
    ),
    "samples too short": (
        "def sample(self, prompt, n_frames, rng): return prompt[:, :1].repeat(n_frames - 1, 1)",
        {"sample": "sample gave shape (8, 199), expected (8, 200)"},
    ),
    "samples out of range": (
        "def sample(self, prompt, n_frames, rng): return np.full((8, n_frames), 3)",
        {"sample": "sample gave the label 3, labels are 0 … 2"},
    ),
    "sample raises": (
        "def sample(self, prompt, n_frames, rng): raise RuntimeError('odd\\nand long')",
        {"sample": "RuntimeError: odd"},
    ),
    "probabilities of the wrong shape": (
        "def predict(self, states): return super().predict(states)[:, 1:]",
        {"predict": "predict gave shape (4, 599, 3), expected (4, 600, 3)"},
    ),
    "probabilities not a number": (
        "def predict(self, states): return super().predict(states) * np.nan",
        {"predict": "predict gave NaN or infinite probabilities"},
    ),
    "logarithms for probabilities": (
        "def predict(self, states): return np.log(super().predict(states))",
        {"predict": "predict gave a negative probability"},
    ),
    "not normalised": (
        "def predict(self, states): return 2 * super().predict(states)",
        {"normalised": "probabilities are not normalised: Σp off by 1"},
    ),
    "sees its own frame": (
        "def predict(self, states): return np.eye(3, dtype=np.float32)[states]",
        {"causal": "predictions are not causal"},
    ),
    "depends on the other chains": (
        "def predict(self, states): return super().predict(np.roll(states, 1, 0))",
        {"causal": "predictions are not causal"},
    ),
    "fit draws from another source than its seed": (
        """def fit(self, train, validation, context):
        super().fit(train, validation, context)
        self.T = np.random.default_rng().dirichlet(np.ones(3), 3)""",
        {
            "deterministic": "two fits with one seed give different answers",
            "save and load": "a loaded model gives other answers than the saved one",
        },
    ),
    "sample draws from another source than rng": (
        """def sample(self, prompt, n_frames, rng):
        return super().sample(prompt, n_frames, np.random.default_rng())""",
        {
            "deterministic": "two fits with one seed give different answers",
            "save and load": "a loaded model gives other answers than the saved one",
        },
    ),
    "second fit finds the first one's leavings": (
        """fitted = 0
    def sample(self, prompt, n_frames, rng):
        if Bad.fitted > 1:
            raise RuntimeError("used up")
        return super().sample(prompt, n_frames, rng)
    def fit(self, train, validation, context):
        Bad.fitted += 1
        super().fit(train, validation, context)""",
        {"deterministic": "RuntimeError: used up", "save and load": "RuntimeError: used up"},
    ),
    "save raises": (
        "def save(self, folder): raise OSError('no')",
        {"save and load": "OSError: no"},
    ),
    "load forgets what it needs": (
        "def load(self, folder): pass",
        {"save and load": "AttributeError: 'Bad' object has no attribute 'T'"},
    ),
    "load brings back something else": (
        """def load(self, folder):
        super().load(folder)
        self.T = self.T[::-1]""",
        {"save and load": "a loaded model gives other answers than the saved one"},
    ),
    "load loses only what predict needs": (
        """def load(self, folder):
        super().load(folder)
        self.flat = True
    def predict(self, states):
        p = super().predict(states)
        return np.full_like(p, 1 / 3) if getattr(self, "flat", False) else p""",
        {"save and load": "a loaded model gives other answers than the saved one"},
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_planted_fault_is_found_and_no_other(plug, case):
    body, expected = PLANTED[case]
    path = plug(SAVED + f"\n\nclass Bad(Markov):\n    {body}\n", "bad")
    found = faults(path + ":Bad")
    assert found.keys() == expected.keys()
    for clause, text in expected.items():
        assert found[clause].startswith(text)
        assert "\n" not in found[clause]


def test_check_does_not_let_a_model_change_its_test_chains(plug):
    body = """
class Bad(Markov):
    def predict(self, states):
        p = super().predict(states)
        states[:] = 0
        return p

    def sample(self, prompt, n_frames, rng):
        out = super().sample(prompt, n_frames, rng)
        prompt[:] = 0
        return out
"""
    assert faults(plug(SAVED + body) + ":Bad") == {}
