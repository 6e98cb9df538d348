"""``check``: every clause of the contract, broken one at a time."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmark.check import check_model
from benchmark.errors import InputError
from benchmark.loading import load_model
from benchmark.tracks.kinetics.check import TINY_LABELS, TINY_TRANSITION, tiny_chains
from tests.plugs import MARKOV, SAVED

CLAUSES = ["fit", "sample", "rng", "predict", "normalised", "causal", "prompt", "arithmetic"]
CLAUSES += ["deterministic", "save and load"]


def faults(model):
    """Check a model; give its faults by clause."""
    return {found.name: found.fault for found in check_model(load_model(model)) if found.fault}


def test_tiny_chains_follow_their_transition_matrix():
    chains = tiny_chains(100, 20_000, seed=0)
    counts = np.zeros((TINY_LABELS, TINY_LABELS))
    np.add.at(counts, (chains[:, :-1].ravel(), chains[:, 1:].ravel()), 1)
    assert counts / counts.sum(1, keepdims=True) == pytest.approx(TINY_TRANSITION, abs=0.01)


@pytest.mark.parametrize("source", [MARKOV, SAVED], ids=["plain", "with save and load"])
def test_good_model_has_no_fault_in_any_clause(plug, source):
    found = check_model(load_model(plug(source)))
    assert [finding.name for finding in found] == CLAUSES
    assert not any(finding.fault for finding in found)
    assert all(finding.note for finding in found)


@pytest.mark.parametrize("name", ["iid", "msm", "block-shuffle", "replay"])
def test_shipped_model_has_no_fault(name):
    assert faults(name) == {}


def test_model_without_predict_is_told_what_it_costs(plug):
    found = {f.name: f for f in check_model(load_model(plug(MARKOV.replace("predict", "other"))))}
    assert found["predict"].note == "none: the likelihood group will count as 0"
    assert not any(finding.fault for finding in found.values())


PLANTED = {
    "rng is not used": (
        """def sample(self, prompt, n_frames, rng):
        return super().sample(prompt, n_frames, np.random.default_rng(0))""",
        {"rng": "sample ignores rng: every rng gives the same labels"},
    ),
    "sample draws from numpy's global state": (
        """def sample(self, prompt, n_frames, rng):
        own = np.random.default_rng(np.random.randint(2**31))
        return super().sample(prompt, n_frames, own)""",
        {
            "rng": "sample draws from another source than rng",
            "deterministic": "sample gives another answer when asked again",
            "save and load": "sample of a loaded model gives another answer",
        },
    ),
    "prompt is not used": (
        """def sample(self, prompt, n_frames, rng):
        return super().sample(0 * prompt, n_frames, rng)""",
        {"prompt": "sample ignores the prompt: go on from the last frames of each chain"},
    ),
    "pairs of labels overflow in predict": (
        """def predict(self, states):
        pairs = self.T[:, None, :].repeat(self.K, 1).reshape(-1, self.K)
        p = super().predict(states)
        p[:, 2:] = pairs[states[:, 1:-1] * self.K + states[:, :-2]]
        return p""",
        {"arithmetic": "predict answers otherwise when all labels are int64"},
    ),
    "save without load": (
        "load = None",
        {"save and load": "has save and no load: a run needs both, or neither"},
    ),
    "prompt in the samples": (
        """def sample(self, prompt, n_frames, rng):
        return np.concatenate([prompt, super().sample(prompt, n_frames, rng)], 1)""",
        {"sample": "sample gave shape (8, 1256), expected (8, 1000): leave the prompt out"},
    ),
    "axes of the samples exchanged": (
        "def sample(self, prompt, n_frames, rng): return super().sample(prompt, n_frames, rng).T",
        {
            "sample": "sample gave shape (1000, 8), expected (8, 1000): exchange its axes, "
            "transpose(1, 0)"
        },
    ),
    "labels before frames": (
        "def predict(self, states): return super().predict(states).swapaxes(1, 2)",
        {"predict": "predict gave shape (4, 20, 2000), expected (4, 2000, 20): exchange its axes"},
    ),
    "logits for probabilities": (
        "def predict(self, states): return np.log(super().predict(states)) + 1",
        {"predict": "predict gave a negative probability (-"},
    ),
    "sys.exit": (
        "def fit(self, train, validation, context): raise SystemExit(2)",
        {"fit": "SystemExit: 2 (sys.exit was called; raise an error) (at bad.py:"},
    ),
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
        {"sample": "sample gave shape (8, 999), expected (8, 1000): the first new frame"},
    ),
    "samples out of range": (
        "def sample(self, prompt, n_frames, rng): return np.full((8, n_frames), 20)",
        {"sample": "sample gave the label 20, labels are 0 … 19"},
    ),
    "sample raises": (
        "def sample(self, prompt, n_frames, rng): raise RuntimeError('odd\\nand long')",
        {"sample": "RuntimeError: odd"},
    ),
    "probabilities of the wrong shape": (
        "def predict(self, states): return super().predict(states)[:, 1:]",
        {"predict": "predict gave shape (4, 1999, 20), expected (4, 2000, 20): include the first"},
    ),
    "probabilities not a number": (
        "def predict(self, states): return super().predict(states) * np.nan",
        {"predict": "predict gave NaN or infinite probabilities"},
    ),
    "logarithms for probabilities": (
        "def predict(self, states): return np.log(super().predict(states))",
        {"predict": "predict gave a negative probability (-"},
    ),
    "logarithms for probabilities, of a model without memory": (
        """def predict(self, states):
        return np.full((*states.shape, self.K), -np.log(self.K), np.float32)
    def sample(self, prompt, n_frames, rng):
        return rng.integers(self.K, size=(len(prompt), n_frames)).astype(np.uint8)""",
        {"predict": "predict gave a negative probability (-"},
    ),
    "not normalised": (
        "def predict(self, states): return 2 * super().predict(states)",
        {"normalised": "probabilities are not normalised: Σp off by 1"},
    ),
    "sees its own frame": (
        "def predict(self, states): return np.eye(20, dtype=np.float32)[states]",
        {"causal": "predictions are not causal"},
    ),
    "depends on the other chains": (
        "def predict(self, states): return super().predict(np.roll(states, 1, 0))",
        {"causal": "predictions are not causal"},
    ),
    "fit draws from another source than its seed": (
        """def fit(self, train, validation, context):
        super().fit(train, validation, context)
        self.T = np.random.default_rng().dirichlet(np.ones(20), 20)""",
        {
            "deterministic": "sample and predict after a second fit with the same seed gives",
            "save and load": "sample and predict of a loaded model gives another answer",
        },
    ),
    "sample draws from another source than rng": (
        """def sample(self, prompt, n_frames, rng):
        return super().sample(prompt, n_frames, np.random.default_rng())""",
        {
            "rng": "sample draws from another source than rng: one rng gives different labels",
            "deterministic": "sample gives another answer when asked again",
            "save and load": "sample of a loaded model gives another answer",
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
        {"save and load": "sample and predict of a loaded model gives another answer"},
    ),
    "load loses only what predict needs": (
        """def load(self, folder):
        super().load(folder)
        self.flat = True
    def predict(self, states):
        p = super().predict(states)
        return np.full_like(p, 1 / 3) if getattr(self, "flat", False) else p""",
        {"save and load": "predict of a loaded model gives another answer"},
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


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        ("np.log(super().predict(states))", ": are these logarithms? give exp of them"),
        ("np.log(super().predict(states)) + 1", ": are these logits? give their softmax"),
    ],
)
def test_numbers_that_are_no_probabilities_are_guessed_at(plug, answer: str, advice: str):
    body = f"\n\nclass Bad(Markov):\n    def predict(self, states): return {answer}\n"
    assert faults(plug(SAVED + body) + ":Bad")["predict"].endswith(advice)


def test_card_may_be_a_dict(plug):
    body = "\n\nclass Mine(Markov):\n    card = {'title': 'Mine', 'description': 'of a line'}\n"
    assert load_model(plug(MARKOV + body) + ":Mine").card.description == "of a line"


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("'a title'", "card is a str; expected a ModelCard or a dict"),
        ("{'titel': 'Mine'}", "card: titel: Extra inputs are not permitted"),
        ("{'title': 3}", "card: title: Input should be a valid string"),
    ],
)
def test_card_that_is_none_is_refused(plug, card: str, message: str):
    body = f"\n\nclass Mine(Markov):\n    card = {card}\n"
    with pytest.raises(InputError, match=re.escape(message)):
        _ = load_model(plug(MARKOV + body) + ":Mine").card


# ---- super-resolution ---------------------------------------------------------------------------

CUBIC = """
import numpy as np


class Cubic:
    reads = {"positions", "velocities"}

    def fit(self, train, validation, context):
        pass

    def reconstruct(self, coarse):
        h = coarse.gap * coarse.time_step
        x, v = coarse.positions, h * coarse.velocities
        parts = []
        for a in np.arange(coarse.gap) / coarse.gap:
            parts.append(
                (2 * a**3 - 3 * a**2 + 1) * x[:-1] + (a**3 - 2 * a**2 + a) * v[:-1]
                + (3 * a**2 - 2 * a**3) * x[1:] + (a**3 - a**2) * v[1:]
            )
        hidden = np.stack(parts, 1).reshape(-1, *x.shape[1:])
        return np.concatenate([hidden, x[-1:]])
"""

GAPS = ["reads", "fit", "reconstruct", "kept frames", "velocities", "another gap"]


def test_good_super_resolution_model_has_no_fault(plug):
    found = check_model(load_model(plug(CUBIC)))
    assert [one.name for one in found] == [*GAPS, "deterministic", "save and load"]
    assert not any(one.fault for one in found)


FILLERS = {
    "reads nothing": (
        "reads = None",
        {"reads": "reads is None; expected a set out of forces, positions, velocities, such as"},
    ),
    "velocities that it does not declare": (
        "reads = {'positions'}",
        {"reconstruct": "TypeError: unsupported operand type(s) for *: 'float' and 'NoneType' (at"},
    ),
    "velocities in Å a frame": (
        """def reconstruct(self, coarse):
        from dataclasses import replace
        return super().reconstruct(replace(coarse, velocities=coarse.velocities / 0.5))""",
        {"velocities": "the error is "},
    ),
    "positions in nm": (
        "def reconstruct(self, coarse): return super().reconstruct(coarse) / 10",
        {"kept frames": "positions are ten times too small: are they in nm? Give Å"},
    ),
    "no last frame": (
        "def reconstruct(self, coarse): return super().reconstruct(coarse)[:-1]",
        {
            "reconstruct": "reconstruct gave shape (300, 3, 3), expected (301, 3, 3): include the "
            "first frame and the last"
        },
    ),
    "one gap only": (
        """def reconstruct(self, coarse):
        assert coarse.gap == 10
        return super().reconstruct(coarse)""",
        {"another gap": "AssertionError: no message (at filler.py:"},
    ),
}


@pytest.mark.parametrize("case", FILLERS)
def test_planted_fault_of_a_super_resolution_model_is_found_and_no_other(plug, case: str):
    body, expected = FILLERS[case]
    path = plug(CUBIC + f"\n\nclass Bad(Cubic):\n    {body}\n", "filler")
    found = faults(path + ":Bad")
    assert found.keys() == expected.keys()
    for clause, text in expected.items():
        assert found[clause].startswith(text)
    if case == "velocities that it does not declare":
        assert "coarse.forces and coarse.velocities are None?" in found["reconstruct"]


@pytest.mark.parametrize("name", ["linear", "hermite3", "hermite5"])
def test_shipped_interpolator_has_no_fault(name: str):
    assert faults(name) == {}
