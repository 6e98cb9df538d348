"""How far a verification is: counted in units."""

from __future__ import annotations

from collections.abc import Callable

#: Told how many units are done, of how many, and what is done next.
Watch = Callable[[int, int, str], None]


def unwatched(done: int, of: int, text: str) -> None:
    """Tell nobody."""


class Steps:
    """Counts what is begun.

    Parameters
    ----------
    of : int
        How many there are.
    watch : callable
        Told at each.
    """

    def __init__(self, of: int, watch: Watch) -> None:
        self.of = of
        self._watch = watch
        self._begun = 0

    def next(self, text: str) -> None:
        """Begin another one."""
        self._watch(self._begun, self.of, text)
        self._begun += 1

    def say(self, text: str) -> None:
        """Say what the one that is under way does now."""
        self._watch(max(0, self._begun - 1), self.of, text)
