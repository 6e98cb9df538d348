"""Tables that the families' pages have in common."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from benchmark.task import Task


def scale_table(tasks: Sequence[Task]) -> str:
    """Tabulate E₀ / f of every metric that may count, in Markdown.

    In brackets where the two are too near for the metric to count.
    """
    rows = []
    for task in tasks:
        cells = {"task": f"`{task.card.name}`"}
        for metric, scale in task.card.metrics.items():
            if scale.group is not None and scale.floor is not None:
                text = f"{scale.trivial:.3g} / {scale.floor:.2g}"
                cells[f"`{metric}`"] = text if scale.counts else f"({text})"
        rows.append(cells)
    return tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
