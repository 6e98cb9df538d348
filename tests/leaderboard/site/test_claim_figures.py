"""The figures of claims: what is in them, and that the same block is the same text."""

from __future__ import annotations

import math
import re

import pytest

from leaderboard.claims.claim import Cloud, Dots, Panel, Points
from leaderboard.site.claim_figures import claim_svg, size
from leaderboard.site.web.figures import claim_figure


def dots(log: bool = False, panels: int = 2) -> Dots:
    panel = Panel(title="a panel", values=[1.0, math.nan], low=[0.5, math.nan],
                  high=[2.0, math.nan])  # fmt: skip
    return Dots(
        name="dots",
        caption="dots",
        axis="an error",
        log=log,
        marks=[1.0],
        labels=["lstm", "msm"],
        bold=["lstm"],
        panels=[panel] * panels,
    )


def points(clouds: int = 2) -> Points:
    cloud = Cloud(title="a cloud", points=[(0.0, 1.0), (1.0, 0.0)], groups=[0, 1])
    return Points(
        name="points", caption="points", axes=("first", "second"), group="state",
        panels=[cloud] * clouds,
    )  # fmt: skip


@pytest.mark.parametrize("block", [dots(), dots(log=True), points(), points(5)])
def test_same_block_is_the_same_text(block: Dots | Points):
    assert claim_svg(block) == claim_svg(block)
    assert claim_figure(block) == claim_figure(block)


def test_labels_titles_and_groups_can_be_read():
    shown = {*re.findall(r">([^<>]*)</text>", claim_figure(dots()).svg)}
    assert {"lstm", "msm", "a panel", "an error"} <= shown
    shown = {*re.findall(r">([^<>]*)</text>", claim_figure(points()).svg)}
    assert {"a cloud", "first", "second", "state 0", "state 1"} <= shown


def test_many_panels_share_the_width():
    assert size(dots(panels=8)) == size(dots(panels=5))
    assert size(dots(panels=2)) < size(dots(panels=5))
