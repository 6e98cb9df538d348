"""Submissions spoilt at random: one line a fault, soon, and nothing that counts for more."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmark.registry import shipped_tasks
from benchmark.result import Result
from benchmark.task import Task
from leaderboard.auditing import audit_units
from leaderboard.manifest import Manifest, member, stored_file
from leaderboard.submission import SUBMISSIONS
from leaderboard.validation import examined
from tests.leaderboard.mutants import BY_TYPE, GONE, Place, at, changed, places

ROW = SUBMISSIONS / "superresolution" / "linear"
CARD = yaml.safe_load((ROW / "card.yaml").read_text())
RESULT = json.loads((ROW / "results.json").read_text())

#: Of so many of its tasks, so that there are more changes than time.
N_TASKS = 3
KEPT = [task["task"] for task in RESULT["tasks"][:N_TASKS]]
RESULT["tasks"] = RESULT["tasks"][:N_TASKS]
RESULT["units"] = [unit for unit in RESULT["units"] if unit["task"] in KEPT]
RESULT["provenance"]["data"] = {task: RESULT["provenance"]["data"][task] for task in KEPT}

#: Seconds of a processor for one submission.
SECONDS = 10.0

#: What may stand in any place.
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**18, max_value=10**30),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(["\u202e", "\x00", "javascript:alert(1)", "../x", "=1+1", "\\input{x}", "<b>"]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
    st.just(GONE),
)


def spoilt(data: Any, draw: Callable[[Any], Any]) -> Any:
    """Change one to three places of some data, into anything or as a forger would."""
    for _ in range(draw(st.integers(1, 3))):
        found: list[Place] = [place for place in places(data) if place]
        if not found:
            return data
        place = draw(st.sampled_from(found))
        value = at(data, place)
        ways = sorted(BY_TYPE[type(value)].items())
        usual = st.sampled_from(ways).map(lambda way, value=value: way[1](value)) if value else ODD
        data = changed(data, place, draw(st.one_of(ODD, usual)))
    return data


def as_json(data: Any, draw: Callable[[Any], Any]) -> bytes:
    return json.dumps(data).encode()


def as_yaml(data: Any, draw: Callable[[Any], Any]) -> bytes:
    dump = draw(st.sampled_from([yaml.safe_dump, json.dumps]))
    return str(dump(data)).encode("utf-8", "surrogatepass")


def bitten(content: bytes, draw: Callable[[Any], Any]) -> bytes:
    """Cut, double or overwrite a stretch of a file."""
    first = draw(st.integers(0, len(content)))
    last = min(len(content), first + draw(st.integers(0, 2000)))
    part = draw(st.one_of(st.just(b""), st.just(2 * content[first:last]), st.binary(max_size=20)))
    return content[:first] + part + content[last:]


def in_place_of_a_file(path: Path, draw: Callable[[Any], Any]) -> None:
    """Put something there that is no file, or another's."""
    path.unlink()
    make = draw(
        st.sampled_from(
            [
                lambda: None,
                path.mkdir,
                lambda: os.mkfifo(path),
                lambda: path.symlink_to("/dev/zero"),
                lambda: path.symlink_to(ROW / path.name),
                lambda: shutil.copy(
                    ROW.parent / "ridge" / path.name,
                    path,
                ),
            ]
        )
    )
    make()


def remade(folder: Path, audited: list[str]) -> None:
    """Write the row of some tasks, with any bytes where predictions of audited units would be."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "audit").mkdir(parents=True)
    shutil.copy(ROW / "card.yaml", folder)
    (folder / "results.json").write_text(json.dumps(RESULT))
    files = {unit: folder / "audit" / member(unit, "positions.parquet") for unit in audited}
    for path in files.values():
        path.write_text(path.name)
    listed = {unit: {"positions.parquet": stored_file(path)} for unit, path in files.items()}
    Manifest(kept="part", units=listed).write(folder / "manifest.json")


def spoil(folder: Path, draw: Callable[[Any], Any]) -> None:
    """Spoil a submission in one way or another."""
    name, data, write = draw(
        st.sampled_from([("card.yaml", CARD, as_yaml), ("results.json", RESULT, as_json)])
    )
    path = folder / name
    way = draw(st.sampled_from(["field", "field", "field", "bytes", "file", "beside"]))
    if way == "field":
        path.write_bytes(write(spoilt(data, draw), draw))
    elif way == "bytes":
        path.write_bytes(bitten(path.read_bytes(), draw))
    elif way == "file":
        in_place_of_a_file(path, draw)
    else:
        (folder / draw(st.sampled_from(["x.py", "Card.yaml", "card.yaml~", ".git"]))).touch()


def counted(report: Any) -> str:
    """Write what counts of a submission: scores, and the metrics of units."""
    units = [
        (unit.task, unit.replica, unit.seed, unit.status, sorted(unit.metrics))
        for unit in report.entry.result.units
    ]
    scores = {
        name: (round(one.score, 8), {key: round(metric.z, 8) for key, metric in one.metrics.items()
                                     if metric.counts})
        for name, one in report.entry.scores.items()
    }  # fmt: skip
    return f"{units} {scores}"


@pytest.fixture(scope="module")
def tasks() -> dict[str, Task]:
    return shipped_tasks()


def check_spoilt_submissions(folder: Path, tasks: dict[str, Task], n_examples: int) -> None:
    """Spoil a row of the board again and again; what is accepted must count as the row does."""
    audited = audit_units(Result.model_validate(RESULT), tasks)
    remade(folder, audited)
    report = examined(folder, tasks)
    report.require_valid()
    sound = counted(report)

    @settings(
        max_examples=n_examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def one(data: Any) -> None:
        remade(folder, audited)
        spoil(folder, data.draw)
        begin = time.process_time()
        report = examined(folder, tasks)
        assert time.process_time() - begin < SECONDS
        for outcome in report.outcomes:
            for fault in outcome.listed:
                assert fault.isprintable()
                assert len(fault) < 1000
        if report.valid:
            assert counted(report) == sound
            assert report.entry.card.role == "control"
            assert report.entry.card.name == folder.name

    one()


def test_some_spoilt_submissions(tmp_path: Path, tasks: dict[str, Task]) -> None:
    check_spoilt_submissions(tmp_path / "superresolution" / "linear", tasks, 40)


@pytest.mark.slow  # minutes
def test_a_thousand_spoilt_submissions(tmp_path: Path, tasks: dict[str, Task]) -> None:
    check_spoilt_submissions(tmp_path / "superresolution" / "linear", tasks, 1500)
