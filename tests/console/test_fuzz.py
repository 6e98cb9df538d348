"""Every command and option with what it does not expect: one line and exit code 1 or 2."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark import cli
from tests.plugs import MARKOV, command, one_line, tasks_in

#: What a person may type, or a script may hand over; the words are files of `places`.
VALUES = ["", "é\u202e[red]\x1b[31m", "x" * 5000, "-1", "nan", "9" * 30]
VALUES += ["absent/absent", "BINARY", "/dev/null"]

#: Of settings of a model.
PAIRS = [
    "prior=",
    "prior=!!python/object:os.system",
    "prior=[",
    "prior=1e999",
    "=1",
    "=",
    "\ud800=1",
]


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give every command of the command line, with its name."""
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, (*path, name))
        else:
            yield (*path, name), one


COMMANDS = dict(commands(cli.command_line()))

#: A call of each command that is right, or as near as is quick; an option of it is then replaced.
BASES: dict[tuple[str, ...], dict[str, str]] = {
    ("list",): {},
    ("describe",): {"task": "toy/three"},
    ("check",): {"model": "BROKEN"},
    ("run",): {"model": "BROKEN", "tasks": "toy/three", "out": "OUT"},
    ("score",): {"run": "absent"},
    ("export",): {"run": "absent", "to": "OUT/one.trr"},
    ("upsample",): {"model": "absent", "trajectory": "SERIES", "factor": "10"},
    ("validate",): {"path": "absent"},
    ("leaderboard",): {"unknown": "x"},
    ("submit",): {"run": "absent"},
    ("verify",): {"path": "absent"},
    ("compare",): {"names": "absent"},
    ("cite",): {"models": "absent"},
    ("data", "import"): {"sources": "SERIES", "name": "mine"},
    ("data", "fetch"): {"name": "absent"},
    ("data", "verify"): {"globs": "absent/*"},
    ("data", "export"): {"to": "OUT", "globs": "absent/*"},
}


def calls() -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Give command, parameter and value of each call to try."""
    for name, one in COMMANDS.items():
        for parameter in one.params:
            if parameter.name == "help" or getattr(parameter, "is_flag", False):
                continue
            for value in PAIRS if parameter.name in ("set_", "more") else VALUES:
                yield name, parameter.name, value


def arguments(name: tuple[str, ...], chosen: dict[str, str]) -> list[str]:
    """Spell a call."""
    spelled = list(name)
    for parameter in COMMANDS[name].params:
        if parameter.name in chosen and parameter.param_type_name == "option":
            spelled += [parameter.opts[0], chosen[parameter.name]]
    for parameter in COMMANDS[name].params:
        if parameter.name in chosen and parameter.param_type_name == "argument":
            spelled += ["--", chosen[parameter.name]]
    return spelled + [value for key, value in chosen.items() if key == "unknown"]


@pytest.fixture(scope="module")
def places(_toy_root, tmp_path_factory) -> Iterator[dict[str, str]]:
    """Make files to point at, and the toy task; work in a folder of its own."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "binary").write_bytes(bytes(range(256)) * 4)
    (folder / "broken.py").write_text(MARKOV.replace("self.prior = prior", "self.absent"))
    np.savetxt(folder / "series.txt", np.zeros((3, 2)))
    named = {"BINARY": "binary", "BROKEN": "broken.py", "SERIES": "series.txt"}
    named |= {"GOOD": "good.py"}
    (folder / "good.py").write_text(MARKOV)
    with tasks_in(_toy_root), pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XDG_DATA_HOME", str(folder / "home"))
        yield {**{key: str(folder / name) for key, name in named.items()}, "OUT": str(folder / "o")}


def test_every_command_is_tried():
    assert COMMANDS.keys() == BASES.keys()


@pytest.mark.parametrize("name", BASES, ids=" ".join)
def test_no_value_of_any_option_ends_in_a_traceback(name, places, capsys):
    faults = []
    for found, parameter, value in calls():
        if found != name:
            continue
        chosen = {**BASES[name], parameter: value}
        chosen = {key: places.get(text, text) for key, text in chosen.items()}
        try:
            code, out, err = command(capsys, *arguments(name, chosen))
        except BaseException as error:  # what main lets through is a traceback
            faults.append(f"{parameter}={value[:30]!r}: {type(error).__name__}: {str(error)[:200]}")
            continue
        if code not in (0, 1, 2) or "Traceback" in out + err:
            faults.append(f"{parameter}={value[:30]!r}: exit code {code}")
        if code == 2 and err.startswith("error: ") and err.count("\n") != 1:
            faults.append(f"{parameter}={value[:30]!r}: {err.count(chr(10))} lines")
        if len(err) > 20_000:
            faults.append(f"{parameter}={value[:30]!r}: {len(err)} characters")
    assert not faults, "\n".join(faults)
    assert sys.stdout is not None
    assert Path.cwd().exists()


@pytest.mark.parametrize("out", ["", ".", "/", "/dev/null", "BINARY", "x" * 5000])
def test_run_into_a_place_that_is_no_run_folder_is_one_line(places, capsys, out):
    arguments = ("run", "--model", places["GOOD"], "--tasks", "toy/three", "--seeds", "1000")
    code, _, err = command(capsys, *arguments, "--out", places.get(out, out))
    assert code == 2
    assert one_line(err), err


@pytest.mark.parametrize("name", BASES, ids=" ".join)
@pytest.mark.parametrize("text", ["\ud800", "a\0b"])
def test_argument_that_is_no_text_is_one_line(capsys, name, text):
    code, out, err = command(capsys, *name, text)
    assert (code, out) == (2, "")
    assert one_line(err)
    assert "is not text in utf-8" in err
