"""Validate the fetched submissions of a request, and see where they would stand.

Run: ``python -m leaderboard.review.reporting FOLDER --commit SHA --to report.json``. Exit code 1
where a check failed.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.errors import one_line
from benchmark.files import write_text
from benchmark.registry import shipped_tasks
from benchmark.task import Task
from leaderboard.board import Ranking, read_and_rank
from leaderboard.ranking import Row
from leaderboard.review.report import Check, Found, Report, Standing
from leaderboard.submission import SUBMISSIONS
from leaderboard.validation import Outcome, examined

#: How many rows that share the new one's rank are shown.
MOST_BESIDE = 20

#: How many checks of a submission a report holds.
MOST_CHECKS = 200


def report(folder: Path, commit: str, tasks: Mapping[str, Task] | None = None) -> Report:
    """Validate the submissions below a folder, each as if it were the only new one.

    Parameters
    ----------
    folder : Path
        Holds ``TRACK/NAME``.
    commit : str
        Of the request, 40 hexadecimal digits.
    tasks : mapping of task id to Task, optional
        By default the tasks of this repository.
    """
    tasks = shipped_tasks() if tasks is None else tasks
    homes = sorted(path for path in folder.glob("*/*") if path.is_dir())
    if not homes:
        return Report(commit=commit, refused="the request holds no file of a submission")
    return Report(commit=commit, found=[_found(home, tasks) for home in homes])


def _found(home: Path, tasks: Mapping[str, Task]) -> Found:
    track, name = home.parent.name, home.name
    examination = examined(home, tasks)
    checks = [check for outcome in examination.outcomes for check in _checks(outcome)]
    rows = _standings(home, tasks) if examination.valid else []
    return Found(track=track, name=name, checks=checks[:MOST_CHECKS], rows=rows)


def _checks(outcome: Outcome) -> list[Check]:
    """Give a check, and a line for each of its faults."""
    if outcome.passed:
        return [Check(passed=True, text=outcome.check.title)]
    faults = outcome.listed or [f"not asked before {' and '.join(outcome.waits_for)} is mended"]
    return [Check(passed=False, text=one_line(f"{outcome.check.title}: {one}")) for one in faults]


def _standings(home: Path, tasks: Mapping[str, Task]) -> list[Standing]:
    """Put a submission among those that there are; give it, its neighbours and its rank group."""
    with tempfile.TemporaryDirectory() as temporary:
        board = Path(temporary) / "submissions"
        shutil.copytree(SUBMISSIONS, board)
        place = board / home.parent.name / home.name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(home, place)
        rankings = read_and_rank(board, tasks).rankings
    ranking = next(one for one in rankings if one.track.name == home.parent.name)
    return _beside(ranking, home.name)


def _beside(ranking: Ranking, name: str) -> list[Standing]:
    rows = list(ranking.rows)
    place = next((n for n, row in enumerate(rows) if row.name == name), None)
    if place is None:
        return []
    models = [n for n, row in enumerate(rows) if row.role == "model" and n != place]
    shown = {place, *_nearest(models, place)}
    rank = rows[place].rank
    if rank is not None:
        shown |= {n for n in models if rows[n].rank == rank}
    return [_standing(rows[n], rows[n].name == name) for n in sorted(shown)[: MOST_BESIDE + 3]]


def _nearest(models: Sequence[int], place: int) -> list[int]:
    """Give the models just above and just below."""
    above, below = [n for n in models if n < place][-1:], [n for n in models if n > place][:1]
    return above + below


def _standing(row: Row, new: bool) -> Standing:
    whole = row.overall
    return Standing(name=row.name, rank=row.rank, score=whole.value, stderr=whole.stderr, new=new)


def main() -> None:
    """Write the report; exit code 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--to", type=Path, required=True)
    given = parser.parse_args()
    made = report(given.folder, given.commit)
    write_text(given.to, made.model_dump_json(indent=1) + "\n")
    for found in made.found:
        for check in found.checks:
            print(f"{'✓' if check.passed else '✗'} {found.track}/{found.name}: {check.text}")
    if made.refused:
        print(f"✗ {made.refused}")
    raise SystemExit(0 if made.passed else 1)


if __name__ == "__main__":
    main()
