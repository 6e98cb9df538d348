"""Asking for what a card needs and nobody has said: at a terminal, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.loading import BASELINES
from benchmark.registry import find_task
from benchmark.result import read_result

#: What is asked for each field that must be there, and the option that says it.
QUESTIONS = {
    "name": ("name on the board (letters, digits, . _ -)", "--name"),
    "authors": ("authors, in order, with commas between", "--author"),
    "code": ("address of the model's code (https://…)", "--code"),
    "revision": ("commit, tag or version of the code", "--revision"),
    "licence": ("licence of the code (SPDX, such as MIT)", "--licence"),
    "reads": ("what the model reads (labels; positions, velocities, forces)", "--reads"),
}

#: What a kinetics model is shown, whatever it is.
LABELS = ["labels"]


def asked_fields(
    run: Path, said: Mapping[str, Any], update: bool, ask: Callable[[str], str] | None
) -> dict[str, Any]:
    """Give the fields of a card that are said, and ask for those that are missing.

    Parameters
    ----------
    run : Path
        Its tasks may decide what a model reads.
    said : mapping
        Fields of `SubmissionCard`.
    update : bool
        Whether there is a card already: then only its name must be said.
    ask : callable, optional
        Puts a question and gives the answer; None where there is no terminal.

    Raises
    ------
    InputError
        If a field is missing and there is nobody to ask; names the options.
    """
    found = dict(said)
    if not update and "reads" not in found and _track(run) == "kinetics":
        found["reads"] = LABELS
    code = found.get("code") or {}
    place = code.get("url") or code.get("path")
    there = {**found, "code": place, "revision": code.get("revision")}
    missing = [name for name in QUESTIONS if not there.get(name)]
    if update:
        missing = [name for name in missing if name == "name"]
    if missing and ask is None:
        options = ", ".join(QUESTIONS[name][1] for name in missing)
        raise InputError(f"a submission needs {options} as well")
    for name in missing:
        answer = ask(QUESTIONS[name][0]).strip() if ask else ""
        if name in ("code", "revision"):
            part = place_of_code(answer) if name == "code" else {name: answer}
            found["code"] = {**(found.get("code") or {}), **part}
        elif name in ("authors", "reads"):
            found[name] = [part.strip() for part in answer.split(",") if part.strip()]
        else:
            found[name] = answer
    return found


def place_of_code(text: str) -> dict[str, str]:
    """Tell the address of a model's code from a file of this project (``baselines/…``)."""
    is_file = "://" not in text and (text.startswith(f"{BASELINES}/") or text.endswith(".py"))
    return {"path" if is_file else "url": text}


def _track(run: Path) -> str:
    units = read_result(run).units
    return find_task(units[0].task).card.track if units else ""
