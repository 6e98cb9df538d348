"""Record what a newcomer types and sees, from a clean clone, as docs/recording.md.

    python docs/record.py            # takes minutes of two cores

Each command is run for good; what it printed is shown, long lists shortened. The page is written
only if every command ended as `STEPS` say that it does.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "recording.md"

#: Lines of an output that are shown: the first and the last of a longer one.
FIRST, LAST = 4, 8


@dataclass(frozen=True)
class Step:
    """A command, the words before it, and the exit code that is right."""

    words: str
    command: str
    code: int = 0


WHO = "--author 'A. Author; An Institute' --code https://example.org/my-msm --revision 1a2b3c4"

STEPS = (
    Step(
        "`mymodel.py` is the Markov chain of the README. Does it keep the contract?",
        "python -m benchmark check --model mymodel",
    ),
    Step(
        "A quick run: one replica, a fifth of the training; here of two tasks.",
        "python -m benchmark run --model mymodel --tasks 'potentials/*r3' --quick --no-plots",
    ),
    Step(
        "Beside a quick run of a shipped model. One replica cannot say who is better, and the "
        "last line says so.",
        "python -m benchmark compare runs/mymodel-quick msm",
    ),
    Step(
        "It cannot be submitted, which is said with what to do.",
        f"python -m benchmark submit runs/mymodel-quick --name my-model {WHO} --licence MIT",
        code=2,
    ),
    Step(
        "A full run has all replicas; this one is of a shipped model with a setting of its own and "
        "of two tasks: a task that is left out counts 0 on the board.",
        "python -m benchmark run --model msm --set prior=0.1 --tasks 'potentials/*r3' --no-plots",
    ),
    Step(
        "The submission.",
        f"python -m benchmark submit runs/msm --name my-msm {WHO} --licence MIT",
    ),
    Step(
        "What the workflow will check.",
        "python -m benchmark validate leaderboard/submissions/kinetics/my-msm",
    ),
    Step(
        "What a reviewer does: a unit is fitted again, and put before test data that are drawn "
        "from a seed of the reviewer's.",
        "python -m benchmark verify leaderboard/submissions/kinetics/my-msm --model msm "
        "--rerun 1 --draw 1",
    ),
    Step(
        "The row on the board. (A request holds the folder of the submission only; the rest is "
        "written when it is merged, and with it the site: `leaderboard --site`.)",
        "python -m benchmark leaderboard",
    ),
)  # fmt: skip

HEAD = """# The whole way, recorded

<!-- written by python docs/record.py -->

What a newcomer types in a clean clone, and what is printed; `…` stands for lines left out.

"""


def main() -> None:
    """Clone this repository, type every command, and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "stridebench"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        (clone / "mymodel.py").write_text(plug(), "utf-8")
        parts = [recorded(step, clone) for step in STEPS]
    PAGE.write_text(HEAD + "\n".join(parts), "utf-8")


def plug() -> str:
    """Give the model of the README."""
    text = (ROOT / "README.md").read_text("utf-8")
    return text.split("<!-- plug -->\n```python\n")[1].split("```")[0]


def recorded(step: Step, clone: Path) -> str:
    """Run a command in a clone; give it and what it printed as Markdown.

    Raises
    ------
    SystemExit
        If it ends otherwise than it should.
    """
    begin = time.monotonic()
    done = subprocess.run(
        step.command.replace("python", sys.executable, 1),
        shell=True,  # as a person types it, quotes and all
        cwd=clone,
        env={**os.environ, "PYTHONPATH": str(clone), "COLUMNS": "100", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != step.code:
        raise SystemExit(f"{step.command}: exit code {done.returncode}\n{done.stdout[-2000:]}")
    print(f"{time.monotonic() - begin:6.0f} s  {step.command}", flush=True)
    return page_of(step, shortened(plain(done.stdout, clone)))


def page_of(step: Step, shown: str) -> str:
    """Give a command and what it printed as Markdown."""
    return f"{step.words}\n\n```console\n$ {step.command}\n{shown}```\n"


def plain(text: str, clone: Path) -> str:
    """Leave out colours, blanks at line ends, and where this machine has the clone."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    text = text.replace(f"{clone}/", "").replace(f"{clone.resolve()}/", "")
    return "".join(f"{line.rstrip()}\n" for line in text.strip("\n").splitlines())


def shortened(text: str) -> str:
    """Keep the beginning and the end of a long output."""
    lines = text.splitlines(keepends=True)
    if len(lines) <= FIRST + LAST + 1:
        return text
    return "".join([*lines[:FIRST], "…\n", *lines[-LAST:]])


if __name__ == "__main__":
    main()
