"""Write the comment on a request from a report that anybody may have written.

Run: ``python -m leaderboard.review.comment report.json --commit SHA``. The commit is that of the
event which GitHub itself sent; a report of another commit is refused.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmark.errors import InputError
from benchmark.uncertainty import with_error
from leaderboard.markup import markdown, plain
from leaderboard.review.report import Found, Report, read_report
from leaderboard.tables import NO_VALUE, table

#: By which the comment is found again, and replaced.
MARKER = "<!-- stridebench: validation -->"

#: Checks that are shown of one submission.
MOST_SHOWN = 40

NEXT = """
A maintainer looks at it next; the label `re-run` has a few units fitted again from your code.
Nothing has to be rendered or committed beside the folder.
"""


def comment(report: Report) -> str:
    """Write the comment, in Markdown; every text of the report is inert in it."""
    verdict = "can be merged as far as files can tell" if report.passed else "needs a change"
    parts = [MARKER, f"**This submission {verdict}** (commit {report.commit[:12]}).\n"]
    if report.refused:
        parts.append(f"✗ {_code(report.refused)}\n")
    if report.others:
        parts += ["A submission is its folder and nothing else; this request also:\n"]
        parts += [f"- ✗ {_code(other)}" for other in report.others]
        parts.append("")
    for found in report.found:
        parts += _submission(found)
    return "\n".join([*parts, NEXT.strip(), ""])


def _submission(found: Found) -> list[str]:
    parts = [f"### {markdown(found.track)}/{markdown(found.name)}\n"]
    shown = sorted(found.checks, key=lambda check: check.passed)[:MOST_SHOWN]
    parts += [f"- {'✓' if check.passed else '✗'} {_code(check.text)}" for check in shown]
    parts.append("")
    if found.rows:
        rows = [
            {
                "model": f"**{markdown(row.name)}**" if row.new else markdown(row.name),
                "rank": NO_VALUE if row.rank is None else str(row.rank),
                "score": with_error(row.score, row.stderr),
            }
            for row in found.rows
        ]
        parts += [
            "Where it would stand, beside its neighbours and those of its rank; equal ranks are "
            "models that no difference tells apart:\n",
            table(rows),
        ]
    return parts


def _code(text: str) -> str:
    """Write text as code, in which nobody is mentioned and nothing is linked."""
    return f"`{plain(text).replace('`', chr(39))}`"


def main() -> None:
    """Print the comment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("--commit", required=True)
    given = parser.parse_args()
    try:
        report = read_report(given.report)
        if report.commit != given.commit:
            raise InputError(f"the report is of {report.commit}, the event of {given.commit}")
    except InputError as error:
        raise SystemExit(f"error: {error}") from error
    print(comment(report))


if __name__ == "__main__":
    main()
