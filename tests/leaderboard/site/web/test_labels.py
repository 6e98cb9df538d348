"""Names beside points: near them, within the figure, and not upon one another."""

from __future__ import annotations

from itertools import combinations

from leaderboard.site.web.labels import HEIGHT, LETTER, NEAR, spots


def boxes(points, names, left=0.0, right=400.0):
    found = spots(points, names, left, right)
    return [
        (x + dx, y + dy - HEIGHT / 2, x + dx + LETTER * len(name), y + dy + HEIGHT / 2)
        for (x, y), (dx, dy), name in zip(points, found, names, strict=True)
    ]


def test_lonely_name_stands_to_the_right() -> None:
    assert spots([(100.0, 50.0)], ["lstm"], 0.0, 400.0) == [(NEAR, 0.0)]


def test_name_at_the_right_end_stands_to_the_left() -> None:
    ((left, _, right, _),) = boxes([(395.0, 50.0)], ["transformer"])
    assert right < 395
    assert left > 0


def test_names_of_points_that_are_close_do_not_meet() -> None:
    points = [(100.0, 50.0), (101.0, 51.0), (102.0, 50.0), (103.0, 49.0)]
    for one, other in combinations(boxes(points, ["lstm", "gru", "hmm", "rnn"]), 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart
