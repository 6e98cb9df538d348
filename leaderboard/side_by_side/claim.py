"""One sentence a pair: what may be claimed of it, and what not."""

from __future__ import annotations

from benchmark.uncertainty import with_error
from leaderboard.comparison import Cell
from leaderboard.side_by_side.pairs import Pair


def claim(pair: Pair) -> str:
    """Say what may be claimed of a pair, in a sentence."""
    whole = pair.whole
    if pair.caveats:
        return (
            f"Nothing may be claimed of {pair.one.name} and {pair.other.name}: "
            f"{'; '.join(pair.caveats)}. Shown: {_scores(pair, whole)}."
        )
    if whole.better is None:
        return (
            f"It may not be claimed that {pair.one.name} and {pair.other.name} differ: "
            f"{_scores(pair, whole)}, a difference of {_difference(whole)}; what is smaller than "
            f"{whole.found.half_width:.2g} could not be seen{_bounds(pair)}."
        )
    better, worse = pair.one.name, pair.other.name
    if whole.better == "other":
        better, worse = worse, better
    return (
        f"It may be claimed that {better} scores higher than {worse}: {_scores(pair, whole)}, "
        f"a difference of {_difference(whole)}{_bounds(pair)}."
    )


def _scores(pair: Pair, whole: Cell) -> str:
    one, other = whole.found.one, whole.found.other
    tasks = len(pair.cards)
    return (
        f"{with_error(one.value, one.stderr)} against {with_error(other.value, other.stderr)} "
        f"over {tasks} task{'s' if tasks > 1 else ''}"
    )


def _difference(cell: Cell) -> str:
    value, half = cell.found.difference.value, cell.found.half_width
    p = cell.found.difference.p_value
    return f"{value:+.3f} (95 % interval {value - half:+.3f} … {value + half:+.3f}, p = {p:.2g})"


def _bounds(pair: Pair) -> str:
    """Say to what the sentence is limited: tasks not on the board, replicas, tasks not shared."""
    limits = []
    if not pair.cards[0].ranked:
        limits.append("for tasks that are not ranked")
    if {*pair.one.tasks} != {*pair.other.tasks}:
        limits.append("for the tasks that both have run, not for the board")
    fewest, whole = pair.replicas[0], max(card.replicas for card in pair.cards)
    if fewest < whole:
        limits.append(f"for {fewest} of {whole} training replicas")
    return f"; it holds {', '.join(limits)}" if limits else ""
