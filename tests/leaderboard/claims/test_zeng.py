"""The factors are told from tasks that there are."""

from __future__ import annotations

from benchmark.registry import shipped_tasks
from leaderboard.claims.zeng import FACTORS


def test_tasks_of_every_factor_are_shipped():
    there = set(shipped_tasks())
    for factor in FACTORS:
        for contrast in factor.contrasts:
            assert contrast.tasks <= there
