"""The shipped tasks, by track."""

from __future__ import annotations

from benchmark.registry import all_tasks

KINETICS = [name for name, task in all_tasks().items() if task.card.track == "kinetics"]
