"""Three verdicts by one rule: a claim holds, does not hold, or is not decided by the data."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leaderboard.claims.claim import Answer, Decision, Part, Table, Text, table, text
from leaderboard.significance import LEVEL, holm, p_value, t_quantile
from leaderboard.tables import NO_VALUE


@dataclass(frozen=True)
class Effect:
    """A number on which a claim hangs.

    Attributes
    ----------
    of : str
        Where.
    value, stderr : float
    freedom : float
        Degrees of freedom of its standard error.
    size : str
        From how many data.
    """

    of: str
    value: float
    stderr: float
    freedom: float
    size: str


@dataclass(frozen=True)
class Rule:
    """When a claim holds.

    Attributes
    ----------
    above : bool
        Whether the claim says that an effect is large.
    holds : float
        It holds where the effect is surely on the claimed side of this …
    fails : float
        … and does not hold where it is surely on the other side of this. Both are true of an
        effect that is there and too small to matter: it holds in part.
    log : bool
        Whether effects are logarithms, and are shown as factors.
    """

    above: bool
    holds: float
    fails: float
    log: bool = False


#: Where several are decided together, none is called sure by chance in 95 of 100 cases.
TOGETHER = "at 5 %, for all {number} together (Holm)"


#: Verdicts of more than one part, in the order in which they are counted.
SEVERAL: dict[Decision, str] = {
    "holds": "hold",
    "does not hold": "do not hold",
    "in part": "in part",
    "undecided": "undecided",
}


def decide(effects: Sequence[Effect], rule: Rule) -> list[Part]:
    """Decide a claim wherever there is an effect, with Holm's correction for all of them.

    Parameters
    ----------
    effects : sequence of Effect
    rule : Rule

    Examples
    --------
    >>> far, near = Effect("here", 1.0, 0.1, 4, ""), Effect("there", 0.1, 0.1, 4, "")
    >>> [part.verdict for part in decide([far, near], Rule(above=True, holds=0, fails=0))]
    ['holds', 'undecided']
    """
    holds = _sure(effects, rule.holds, rule.above)
    fails = _sure(effects, rule.fails, not rule.above)
    return [
        _part(effect, _word(yes, no), rule.log)
        for effect, yes, no in zip(effects, holds, fails, strict=True)
    ]


def _sure(effects: Sequence[Effect], threshold: float, above: bool) -> list[bool]:
    """Say which effects are surely on one side of a threshold."""
    return holm(
        [
            p_value(one.value - threshold, one.stderr, one.freedom)
            if (one.value > threshold) is above
            else 1.0
            for one in effects
        ]
    )


def _word(yes: bool, no: bool) -> Decision:
    if yes:
        return "in part" if no else "holds"
    return "does not hold" if no else "undecided"


def _part(effect: Effect, verdict: Decision, log: bool) -> Part:
    half = t_quantile(1 - LEVEL, effect.freedom) * effect.stderr
    shown = _exp if log else float
    return Part(
        of=effect.of,
        verdict=verdict,
        value=shown(effect.value),
        low=shown(effect.value - half),
        high=shown(effect.value + half),
        size=effect.size,
    )


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


def headline(parts: Sequence[Part]) -> Decision:
    """Say in a word what the parts of a claim come to.

    Undecided, if half of them are; else what the decided ones agree on; else in part.
    """
    found = Counter(part.verdict for part in parts)
    undecided = found.pop("undecided", 0)
    if not found or undecided >= len(parts) / 2:
        return "undecided"
    return next(iter(found)) if len(found) == 1 else "in part"


def counted(parts: Sequence[Part]) -> str:
    """Say how many parts there are of each verdict.

    Examples
    --------
    >>> part = Part(of="", verdict="holds", value=1, low=0, high=2, size="")
    >>> counted([part, part])
    '2 hold'
    """
    found = Counter(part.verdict for part in parts)
    return ", ".join(
        f"{found[word]} {word if found[word] == 1 else SEVERAL[word]}"
        for word in SEVERAL
        if found[word]
    )


def told(answer: Answer, rule: str, where: str) -> list[Text | Table]:
    """Give the rule of an answer, and a table of its parts.

    Parameters
    ----------
    answer : Answer
    rule : str
        In our own Markdown.
    where : str
        Heading over the places.
    """
    rows = [
        {
            where: part.of,
            "verdict": part.verdict,
            answer.quantity: _short(part.value),
            "95 % interval": f"{_short(part.low)} … {_short(part.high)}",
            "from": part.size,
        }
        for part in answer.parts
    ]
    return [text(f"{rule.strip()}\n\n**{verdict_line(answer)}**"), table(rows, left=2)]


def verdict_line(answer: Answer) -> str:
    """Say what comes of an answer, in a line."""
    return f"{answer.code}: {headline(answer.parts)} ({counted(answer.parts)})"


def _short(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else NO_VALUE


def merged(answers: Iterable[Answer]) -> list[Answer]:
    """Bring answers of the same code together, in the order of their first."""
    found: dict[str, Answer] = {}
    for one in answers:
        before = found.get(one.code)
        parts = [*(before.parts if before else []), *one.parts]
        found[one.code] = one.model_copy(update={"parts": parts})
    return list(found.values())
