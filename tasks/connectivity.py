"""Whether a network's embedding of labels shows how near they are in time.

    python -m tasks.connectivity RUN… --out leaderboard/evidence/connectivity.json

Of every task of 20 labels or more with an exact oracle in the folder of a run: the rank
correlation, over pairs of labels, of the Euclidean distance of their embeddings with their exact
commute time; what random permutations of the labels give; and the embedding of the first replica
in the plane.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track

from benchmark.errors import InputError
from benchmark.job import Key
from benchmark.registry import find_task
from benchmark.result import Result, read_result
from benchmark.task import Task
from benchmark.tracks.kinetics.card import KineticsCard, kinetics_card
from tasks.drawing import chain_of
from tasks.evidence import of_task, write_evidence
from tasks.oracles.commute import commute_times, pair_rates
from tasks.oracles.hidden_chain import HiddenChain
from tasks.oracles.product_chain import ProductChain

Floats = NDArray[np.float64]

#: Labels from which on there are pairs enough for a rank correlation.
LEAST_LABELS = 20

PERMUTATIONS = 9_999
SEED = 20200426

#: Of the tensors that `save` writes into a unit's model folder.
WEIGHTS, EMBEDDING = "weights.pt", "embedding.weight"


def distances(embedding: Floats) -> Floats:
    """Euclidean distances (K, K) between embeddings (K, E) of labels."""
    return np.asarray(np.linalg.norm(embedding[:, None] - embedding[None], axis=2))


def _ranks(matrix: Floats) -> Floats:
    """Ranks of the pairs of a symmetric matrix (K, K) as standard scores, 0 on the diagonal."""
    from scipy.stats import rankdata

    above = np.triu_indices(len(matrix), 1)
    ranks = rankdata(matrix[above])
    ranked = np.zeros(matrix.shape)
    ranked[above] = (ranks - ranks.mean()) / ranks.std()
    return ranked + ranked.T


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's ρ over the pairs of two symmetric matrices (K, K).

    Examples
    --------
    >>> line = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))
    >>> rank_correlation(line, line**3)
    1.0
    """
    n = len(one)
    return round(float((_ranks(one) * _ranks(other)).sum()) / (n * (n - 1)), 12)


def permutation_p_value(
    found: Sequence[Floats], truth: Floats, permutations: int, rng: np.random.Generator
) -> float:
    """Chance of a mean rank correlation as high if labels were exchanged at random.

    Pairs that share a label are not independent, so that labels are permuted, not pairs.

    Parameters
    ----------
    found : sequence of float arrays of shape (K, K)
        Of several replicas, all permuted alike.
    truth : float array of shape (K, K)
    permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    float
        (1 + those at least as high) / (1 + permutations).

    References
    ----------
    N. Mantel, Cancer Res. 27, 209 (1967).
    """
    mean = np.mean([_ranks(one) for one in found], axis=0)
    ranks = _ranks(truth)
    observed = (mean * ranks).sum()
    higher = 0
    for _ in range(permutations):
        order = rng.permutation(len(ranks))
        higher += (mean[np.ix_(order, order)] * ranks).sum() >= observed - 1e-9
    return (1 + higher) / (1 + permutations)


def farther_across(distance: Floats, macrostates: NDArray[np.int64]) -> float:
    """Share of pairs of pairs in which the labels of two macrostates are farther than those of one.

    ½ if the embedding does not know of macrostates, 1 if it tells them apart (the area under the
    ROC curve).

    Examples
    --------
    >>> x = np.array([0.0, 0.1, 5.0, 5.1])
    >>> farther_across(np.abs(np.subtract.outer(x, x)), np.array([0, 0, 1, 1]))
    1.0
    """
    from scipy.stats import mannwhitneyu

    above = np.triu_indices(len(distance), 1)
    across = np.not_equal.outer(macrostates, macrostates)[above]
    pairs = distance[above]
    n_across = int(across.sum())
    statistic = mannwhitneyu(pairs[across], pairs[~across]).statistic
    return float(statistic / (n_across * (len(pairs) - n_across)))


def plane(embedding: Floats) -> Floats:
    """Project embeddings (K, E) onto their first two principal components, shape (K, 2).

    The sign of each is such that the largest coordinate is positive.
    """
    centred = embedding - embedding.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    points = centred @ axes.T
    largest = points[np.abs(points).argmax(axis=0), range(2)]
    return np.asarray(points * np.sign(largest))


def read_embedding(folder: Path, labels: int) -> Floats:
    """Read the embedding of the labels from a unit's model folder, shape (labels, E).

    Raises
    ------
    InputError
        If the model has stored none, or one of fewer labels.
    """
    import torch  # slow to load

    try:
        stored = torch.load(folder / WEIGHTS, map_location="cpu", weights_only=True)
        weights = stored["weights"][EMBEDDING].numpy().astype(np.float64)
    except (OSError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder} holds no embedding of labels ({type(error).__name__}); expected {WEIGHTS} "
            f"with {EMBEDDING}, as the networks of baselines/kinetics save it"
        ) from error
    if len(weights) < labels:
        raise InputError(f"{folder}: {len(weights)} embeddings for a task of {labels} labels")
    return np.asarray(weights[:labels])


def _exact(task: Task) -> tuple[Floats, Floats]:
    """Give the commute times and rates of pairs of a task's labels."""
    chain = chain_of(task)
    if isinstance(chain, ProductChain):
        transitions: Sequence[Floats] = chain.transitions
    elif isinstance(chain, HiddenChain):
        transitions = [chain.transition]
    else:
        raise InputError(f"{task.id}: no commute times of a {type(chain).__name__}")
    return commute_times(transitions, chain.labels), pair_rates(transitions, chain.labels)


def measured(task: Task, embeddings: Sequence[Floats], permutations: int) -> dict[str, Any]:
    """Compare the embeddings of a task, one a replica, with its exact dynamics."""
    card = kinetics_card(task)
    commute, rates = _exact(task)
    macrostates = np.array(card.observable)
    found = [distances(one) for one in embeddings]
    rng = np.random.default_rng(SEED)
    with np.errstate(divide="ignore"):
        slowness = -np.log(rates)
    return {
        **of_task(card),
        "labels": card.labels,
        "commute": [round(rank_correlation(one, commute), 4) for one in found],
        "rate": [round(rank_correlation(one, slowness), 4) for one in found],
        "across": [round(farther_across(one, macrostates), 4) for one in found],
        "p_value": permutation_p_value(found, commute, permutations, rng),
        "permutations": permutations,
        "plane": [[round(x, 3) for x in point] for point in plane(embeddings[0]).tolist()],
        "macrostates": card.observable,
    }


def embeddings_of(run: Path, result: Result) -> Iterator[tuple[Task, list[Floats]]]:
    """Give the tasks of a run of which there is something to say, with an embedding a replica.

    Raises
    ------
    InputError
        If a unit's model folder holds no embedding.
    """
    done = sorted({unit.task for unit in result.units if unit.status == "done"})
    for task in map(find_task, done):
        card = task.card
        if not isinstance(card, KineticsCard) or card.labels < LEAST_LABELS:
            continue
        if card.oracle != "exact":
            continue
        units = [one for one in result.units if one.task == task.id and one.status == "done"]
        keys = [Key(task=task.id, replica=one.replica, seed=0) for one in units if one.seed == 0]
        yield task, [read_embedding(key.folder(run) / "model", card.labels) for key in keys]


def main(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN…", help="folders of runs of a model")],
    out: Annotated[Path, typer.Option(help="what the claims read (.json)")],
    permutations: Annotated[int, typer.Option(min=99, help="of the labels")] = PERMUTATIONS,
) -> None:
    """Compare embeddings with commute times. Example: connectivity runs/lstm --out found.json."""
    try:
        results = [read_result(run) for run in runs]
        if len({one.model.name for one in results}) > 1:
            raise InputError("these are runs of several models; expected runs of one")
        pairs = [
            pair
            for run, result in zip(runs, results, strict=True)
            for pair in embeddings_of(run, result)
        ]
        if not pairs:
            raise InputError(
                f"no unit of {', '.join(map(str, runs))} is of an exact task of "
                f"{LEAST_LABELS} labels or more, such as doublewell/d1"
            )
        found = [
            measured(task, embeddings, permutations)
            for task, embeddings in track(pairs, description="tasks")
        ]
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    record = {"model": results[0].model.name, "tasks": found}
    write_evidence(out, record, "task")
    for one in found:
        typer.echo(
            f"{one['task']}: ρ {np.mean(one['commute']):.3f} with commute times, "
            f"p = {one['p_value']:.2g}; {np.mean(one['rate']):.3f} with −ln rate; "
            f"{np.mean(one['across']):.3f} of pairs farther across macrostates"
        )


if __name__ == "__main__":
    typer.run(main)
