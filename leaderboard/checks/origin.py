"""Where the calls of a run say that they were made: days, versions and devices that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from packaging.version import InvalidVersion, Version

import benchmark
from benchmark.result import Call
from benchmark.score import SCORER_VERSION
from benchmark.untrusted import shown
from leaderboard.checks.entry import Entry

#: The benchmark was begun in this year; nothing was run with it before.
FIRST = date(2026, 1, 1)

#: A day on which this was there: a clock that shows an earlier one is wrong, and a row is not.
KNOWN = date(2026, 11, 26)

#: What ``run --device`` resolves to.
DEVICE = re.compile(r"cpu|cuda(:[0-9]{1,3})?")

#: The least Python that the benchmark runs with.
PYTHON = Version("3.11")


def origin_faults(entry: Entry) -> Iterator[str]:
    """Look at what each call says of its day, its software and its device."""
    for number, call in enumerate(entry.calls):
        for fault in _call_faults(call):
            yield f"call {number + 1} of the run {fault}"


def _call_faults(call: Call) -> Iterator[str]:
    told = call.provenance
    yield from _date_faults(told.get("date"))
    yield from _version_faults(told)
    commit = (told.get("git_commit") or "").rstrip("+")
    if commit and len(set(commit)) == 1:
        yield f"names the commit {commit[:7]}…, which is none"
    if not DEVICE.fullmatch(call.config.device):
        yield f"was made on the device '{shown(call.config.device)}'; expected cpu, cuda or cuda:0"
    scorer = told.get("scorer_version")
    if scorer is not None and scorer > SCORER_VERSION:
        yield f"was scored by scorer version {scorer}; the latest is {SCORER_VERSION}"


def _date_faults(text: str | None) -> Iterator[str]:
    if not text:
        return
    day = date.fromisoformat(text)
    latest = max(datetime.now(UTC).date(), KNOWN) + timedelta(days=1)  # of any time zone
    if day > latest:
        yield f"is of {text}, a day that is still to come"
    if day < FIRST:
        yield f"is of {text}; the benchmark is no older than {FIRST.year}"


def _version_faults(told: dict[str, Any]) -> Iterator[str]:
    own, python = told.get("benchmark_version"), told.get("python")
    for what, text in (("the benchmark", own), ("Python", python)):
        if text and _version(text) is None:
            yield f"was made with version '{shown(text)}' of {what}, which is none"
    found = _version(own or "")
    if found is not None and found > Version(benchmark.__version__):
        yield (
            f"was made with version {found} of the benchmark; this is {benchmark.__version__}: "
            "take the newer one to check it"
        )
    found = _version(python or "")
    if found is not None and not PYTHON <= found < Version("4"):
        yield f"was made with Python {found}; the benchmark needs {PYTHON} or later"
    for package, text in (told.get("packages") or {}).items():
        if text and _version(text) is None:
            yield f"was made with version '{shown(text)}' of {shown(package)}, which is none"


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
