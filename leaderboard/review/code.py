"""Fetch the code that a submission's card names, at the revision that it names; run nothing of it.

Run: ``python -m leaderboard.review.code TRACK/NAME --to FOLDER``.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from benchmark.errors import InputError
from benchmark.untrusted import LyingFileError
from leaderboard.card import read_card
from leaderboard.checks.entry import CARD


def fetch_code(submission: Path, folder: Path) -> None:
    """Clone the code of a submission into a new folder.

    Raises
    ------
    InputError
        If the card is none or names no code of its own, or that cannot be had at its revision.
    """
    try:
        code = read_card(submission / CARD).code
    except LyingFileError as error:
        raise InputError(f"{submission / CARD}: {error}") from error
    if not code.url:
        raise InputError(
            f"{submission / CARD}: the model is shipped ({code.path}); there is no more"
        )
    # Only https, no hooks, no modules of others, no question for a password.
    settings = {"protocol.allow": "never", "protocol.https.allow": "always"}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    clone = ["clone", "--quiet", "--no-checkout", "--template=", "--", code.url, str(folder)]
    checkout = ["-C", str(folder), "checkout", "--quiet", "--detach", code.revision]
    for words in (clone, checkout):
        done = subprocess.run(
            ["git", *options, *words],
            capture_output=True,
            text=True,
            check=False,
            env={"GIT_TERMINAL_PROMPT": "0", "PATH": "/usr/bin:/bin"},
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise InputError(f"cannot fetch {code.url} at {code.revision}: {reason}")


def main() -> None:
    """Fetch it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("submission", type=Path)
    parser.add_argument("--to", type=Path, required=True)
    given = parser.parse_args()
    try:
        fetch_code(given.submission, given.to)
    except InputError as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()
