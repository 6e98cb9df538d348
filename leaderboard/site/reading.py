"""What "How to read it" says: what holds for all tracks, and what those on the board add."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill

from leaderboard.published import PublishedMetric, PublishedTrack

#: Marks a score in which a metric is missing that the model does without.
MISSING = "†"

#: Characters a line.
WIDTH = 99

# \u00a0 is a blank at which no line ends; it is written as an ordinary one.
Z = "z\u00a0=\u00a0ln(E₀/E) / ln(E₀/f)"

RANK = (
    "**Rank**: one more than the number of models that are better, and no better than the rank of "
    "a model with a higher score. Two models saw the same replicas, so that their difference is "
    "taken replica by replica; it counts by Student's t at 5 % for all pairs of models together "
    "(Holm). Equal ranks are models that no difference tells apart. Controls are yardsticks and "
    "have no rank, wherever they stand: one may show the truth itself."
)
RESOLUTION = (
    "**Resolution**, below the scores of a family: the smallest difference that a task can tell, "
    "half the 95 % interval of a typical pair of models."
)
FAILED = (
    "**Failed** units count as trivial in every metric; they are listed below with their reason."
)
BRACKETS = "**Errors in brackets** do not count: there E₀/f < 3, or the metric is shown only."


def how_to_read(shown: Sequence[PublishedTrack]) -> str:
    """Explain the tables of a board, in Markdown.

    Parameters
    ----------
    shown : sequence of PublishedTrack
        The tracks on the board; the first one's scores are explained first.
    """
    points = [_score(shown), _averages(shown), _errors(shown), RANK, RESOLUTION]
    points += [*_missing(shown), FAILED, BRACKETS]
    lines = [
        fill(f"- {point}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)
        for point in points
    ]
    return "\n## How to read it\n\n" + "\n".join(lines).replace("\u00a0", " ") + "\n"


def optional_metrics(shown: Iterable[PublishedTrack]) -> list[PublishedMetric]:
    """Give the metrics of the score that a model may do without."""
    return [one for track in shown for one in track.metrics if one.method and one.group]


def plurals(metrics: Iterable[PublishedMetric]) -> str:
    """Name what several values of some metrics are."""
    return ", ".join(dict.fromkeys(one.plural or f"values of {one.name}" for one in metrics))


def _score(shown: Sequence[PublishedTrack]) -> str:
    first, *others = [track.meaning for track in shown]
    return _sentences(
        "**Score**:",
        first,
        f"Each metric becomes {Z}, clipped to −1 … z(p), with E the model's error, E₀ the trivial, "
        "f the data-limited and p the perfect one, beyond which nothing can be told from the "
        "truth. All three are frozen in the task cards: no score depends on other models.",
        *others,
    )


def _averages(shown: Sequence[PublishedTrack]) -> str:
    several = [", ".join(track.groups) for track in shown if len(track.groups) > 1]
    groups = f" ({'; '.join(several)})" if several else ""
    return (
        f"**Task, family, overall**: a task's score is the mean of its groups{groups}, each the "
        "mean of its metrics; then the mean over the tasks of a family, then over families. A task "
        "that was not run counts 0."
    )


def _errors(shown: Sequence[PublishedTrack]) -> str:
    shared = [one for track in shown for one in track.metrics if one.shared_noise]
    noise = f"; for {plurals(shared)} the noise of the test set is in it too" if shared else ""
    return _sentences(
        "**0.123(4)** means 0.123 with a standard error of 0.004. That of a score is from a "
        "jackknife over the training replicas, each left out of all tasks of a family at once; "
        "intervals use Student's t with one degree of freedom less than there are replicas. That "
        f"of a metric is from their spread{noise}.",
        *[track.noise for track in shown],
    )


def _missing(shown: Sequence[PublishedTrack]) -> list[str]:
    groups = dict.fromkeys(str(metric.group) for metric in optional_metrics(shown))
    if not groups:
        return []
    lacking = " or ".join(groups)
    return [f"**{MISSING}** some or all units have no {lacking}, and count as trivial there."]


def _sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)
