"""Where names stand beside the points of a figure, so that none lies upon another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

HEIGHT, LETTER = 9.0, 4.6  # points, of a name in the figures' small type, at most
NEAR, DOT = 6.0, 3.0  # points, from a point to its name, and from its middle to its edge

FAR = 1e5  # points, beyond everything

#: left, lower, right, upper
Box = tuple[float, float, float, float]


def spots(
    points: Sequence[tuple[float, float]], names: Sequence[str], left: float, right: float
) -> list[tuple[float, float]]:
    """Find for each name the nearest place beside its point that is free.

    Parameters
    ----------
    points : sequence of (x, y)
        In typographic points.
    names : sequence of str
    left, right : float
        The ends of the figure.

    Returns
    -------
    list of (right, up)
        From the point to the left end of its name, at half its height.
    """
    walls = [(left - FAR, -FAR, left, FAR), (right, -FAR, right + FAR, FAR)]
    taken: list[Box] = [*walls, *((x - DOT, y - DOT, x + DOT, y + DOT) for x, y in points)]
    found = []
    for (x, y), name in zip(points, names, strict=True):
        width = LETTER * len(name)
        boxes = [(spot, _box(x, y, spot, width)) for spot in _around(width)]
        spot, box = min(boxes, key=lambda pair: sum(_shared(pair[1], other) for other in taken))
        taken.append(box)
        found.append(spot)
    return found


def _around(width: float) -> Iterator[tuple[float, float]]:
    """Give the places around a point, the nearest first: right and left, above and below."""
    for up in (0.0, 5.0, -5.0, 10.0, -10.0, 15.0, -15.0):
        yield NEAR, up
        yield -NEAR - width, up


def _box(x: float, y: float, spot: tuple[float, float], width: float) -> Box:
    left, middle = x + spot[0], y + spot[1]
    return left, middle - HEIGHT / 2, left + width, middle + HEIGHT / 2


def _shared(one: Box, other: Box) -> float:
    """Give the area that two boxes share."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return max(across, 0.0) * max(up, 0.0)
