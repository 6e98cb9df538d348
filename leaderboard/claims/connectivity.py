"""The claim that a network's embedding of labels shows the connectivity of metastable states."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.uncertainty import with_error
from leaderboard.board import Ranking
from leaderboard.claims.claim import Answer, Claim, Cloud, Part, Points, Table, table, text
from leaderboard.claims.deciding import Effect, Rule, decide, told
from leaderboard.claims.evidence import Connectivity, Embeddings, holds_for
from leaderboard.significance import LEVEL, holm, sample_mean

ID = "connectivity"

#: Half of all there is to say: below, an embedding may know of connectivity, but does not show it.
SHOWN = 0.5

RULE = Rule(above=True, holds=SHOWN, fails=SHOWN)

SOURCE = (
    "Tsai, Kuo, Tiwary, arXiv:2004.12360: distances in the embedding layer follow the commute "
    "times of the states, and so show how they are connected."
)

CLAIM = f"""
ρ is Spearman's rank correlation, over all pairs of labels, of the Euclidean distance of their \
embeddings in the trained network with their exact commute time: the mean time from one label in \
equilibrium to the other, and back. A permutation test says whether there is any relation: labels \
are exchanged at random, for all replicas alike. The claim holds on a task where there is one, and \
ρ is surely above {SHOWN:g}; it does not hold where there is none at 5 %, or ρ is surely below. \
By Student's t over the training replicas, at 5 %, for all tasks together (Holm).
"""

BESIDE = """
Beside it, means over the replicas: ρ with −ln of the rate of one label after another, and the share
of pairs of pairs in which two labels of different macrostates are farther apart than two of the
same (½ if the embedding knows nothing of macrostates, 1 if it parts them).
"""


def connectivity_claims(ranking: Ranking, embeddings: Embeddings | None) -> list[Claim]:
    """Decide the claim on the tasks of the board that have evidence; nothing without any."""
    cards = {card.id: card for card in ranking.cards}
    measured = embeddings.tasks if embeddings else []
    found = [one for one in measured if one.task in cards and holds_for(one, cards[one.task])]
    if embeddings is None or not found:
        return []
    answer = Answer(
        code="T3",
        statement="the embedding shows the connectivity of the states",
        quantity="ρ",
        parts=_parts(found),
    )
    claim = Claim(
        id=ID,
        track=ranking.track.name,
        title="The embedding shows the connectivity of metastable states",
        source=SOURCE,
        blocks=[
            *told(answer, CLAIM, "task"),
            _figure(found, embeddings.model),
            text(BESIDE),
            _table(found),
        ],
        answers=[answer],
    )
    return [claim]


def _effect(found: Connectivity) -> Effect:
    pairs = found.labels * (found.labels - 1) // 2
    size = f"{pairs:,} pairs × {len(found.commute)} replicas"
    return Effect(found.task, *sample_mean(found.commute), size)


def _parts(found: Sequence[Connectivity]) -> list[Part]:
    """Decide task by task; a correlation that chance would bring about is none."""
    parts = decide([_effect(one) for one in found], RULE)
    related = holm([one.p_value for one in found], LEVEL)
    return [
        part if is_related else part.model_copy(update={"verdict": "does not hold"})
        for part, is_related in zip(parts, related, strict=True)
    ]


def _figure(found: Sequence[Connectivity], model: str) -> Points:
    return Points(
        name=ID,
        caption=f"The embedding of the labels in `{model}`, first replica, on its first two "
        "principal components; a point a label, coloured by macrostate.",
        axes=("first component", "second"),
        group="macrostate",
        panels=[Cloud(title=one.task, points=one.plane, groups=one.macrostates) for one in found],
    )


def _table(found: Sequence[Connectivity]) -> Table:
    return table(
        [
            {
                "task": f"`{one.task}`",
                "labels": str(one.labels),
                "p of the permutations": f"{one.p_value:.2g}",
                "ρ, commute time": _mean(one.commute),
                "ρ, −ln rate": _mean(one.rate),
                "farther across": _mean(one.across),
            }
            for one in found
        ]
    )


def _mean(values: Sequence[float]) -> str:
    mean, stderr, _ = sample_mean(values)
    return with_error(mean, stderr)
