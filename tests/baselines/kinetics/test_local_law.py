"""The product form of the next label's law: its gradient, and what it can represent exactly."""

from __future__ import annotations

import numpy as np
from scipy.optimize import check_grad

from baselines.kinetics._parts.local_law import LocalLaw, _Problem, first_law, improved

K, N, D = 6, 2, 2


def some_law(seed: int) -> LocalLaw:
    rng = np.random.default_rng(seed)
    return LocalLaw(rng.normal(size=(K, D)), rng.normal(size=K), rng.normal(size=(N, K)))


def steps_of(law: LocalLaw, total: float) -> tuple[np.ndarray, np.ndarray]:
    """Give expected steps (K, K, n) and frames (K, n) if all pairs of j and z were as often."""
    pairs = law.table() * total / (K * N)
    return pairs, pairs.sum(0)


def test_gradient_of_the_posterior_is_that_of_differences():
    pairs, starts = steps_of(some_law(1), 200.0)
    law = some_law(2)
    problem = _Problem(law, pairs, starts)
    error = check_grad(
        lambda x: problem.loss(x)[0], lambda x: problem.loss(x)[1], problem.packed(law)
    )
    assert error < 1e-3


def test_law_of_the_form_is_recovered_from_its_own_steps():
    truth = some_law(3)
    pairs, starts = steps_of(truth, 1e7)
    start = LocalLaw(truth.places + 0.1, truth.bias * 0.5, truth.tilt * 0.5)
    found = improved(start, pairs, starts, 2000)
    np.testing.assert_allclose(found.table(), truth.table(), atol=2e-3)


def test_table_free_to_leave_the_form_returns_to_the_data_when_the_form_counts_little():
    """One hidden state: the table is then (C + α q) / (c + α) exactly."""
    rng = np.random.default_rng(4)
    counts = rng.integers(0, 50, (K, K)).astype(float)
    law = first_law(counts, D)
    q = law.table()[:, :, 0]
    for strength in (1.0, 100.0):
        table = law.table(counts[:, :, None], strength)[:, :, 0]
        expected = (counts + strength * q) / (counts.sum(1, keepdims=True) + strength)
        np.testing.assert_allclose(table, expected, atol=1e-8)
    np.testing.assert_allclose(law.table(counts[:, :, None], np.inf)[:, :, 0], q)


def test_rows_of_every_table_are_normalised_and_positive():
    pairs, _ = steps_of(some_law(5), 100.0)
    for strength in (1.0, np.inf):
        table = some_law(6).table(pairs, strength)
        np.testing.assert_allclose(table.sum(1), 1.0)
        assert table.min() > 0.0
