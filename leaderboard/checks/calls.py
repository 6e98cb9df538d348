"""The calls of ``run`` that a result comes from: nothing quick among them, nothing mixed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmark.score import SCORER_VERSION
from benchmark.text import one_line
from benchmark.untrusted import shown
from leaderboard.checks.entry import Entry

#: Characters of a text in a setting, and of all settings as JSON.
LONGEST_SETTING, LONGEST_SETTINGS = 500, 20_000


def call_faults(entry: Entry) -> Iterator[str]:
    """Look at what was asked for, in the latest call and in those before."""
    result = entry.result
    if result.config.quick:
        yield "made with --quick, which is never ranked; run it in full"
    if any(call.config.quick for call in result.earlier):
        yield "an earlier call was made with --quick; start over with run --fresh"
    if any(call.config.settings != result.config.settings for call in result.earlier):
        yield "an earlier call had other settings; start over with run --fresh"
    yield from _setting_faults(result.config.settings)
    for number, call in enumerate(entry.calls):
        repeated = [task for task, n in Counter(call.config.tasks).items() if n > 1]
        if repeated:
            yield f"call {number + 1} of the run names {repeated[0]} twice; it was changed by hand"


def _setting_faults(settings: dict[str, Any]) -> Iterator[str]:
    size = len(json.dumps(settings))
    if size > LONGEST_SETTINGS:
        yield f"settings of {size:,} characters; at most {LONGEST_SETTINGS:,}"
        return
    for text in _texts(settings):
        try:
            one_line(text, LONGEST_SETTING)
        except ValueError as error:
            yield f"settings: '{shown(text)}': {error}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, held in value.items():
            yield key
            yield from _texts(held)
    elif isinstance(value, list):
        for held in value:
            yield from _texts(held)


def scorer_faults(entry: Entry) -> Iterator[str]:
    """Compare the scorer with the current one."""
    scorer = entry.result.provenance.get("scorer_version")
    if scorer != SCORER_VERSION:
        yield (
            f"scored by scorer version {scorer}, the current one is {SCORER_VERSION}; "
            "score the run again (python -m benchmark score RUN)"
        )


def task_faults(entry: Entry) -> Iterator[str]:
    """Compare the tasks with those there are now: version, card, frozen data."""
    result = entry.result
    if not result.tasks:
        yield "holds no task; run one"
    names = [task.task for task in result.tasks]
    repeated = [task for task, n in Counter(names).items() if n > 1]
    if repeated:
        yield f"holds {repeated[0]} more than once; score the run again"
    stray = {unit.task for unit in result.units} - set(names)
    if stray:
        yield f"holds units of {min(stray)}, but no score of it; score the run again"
    for name in dict.fromkeys(names):
        yield from (f"{name}: {fault}" for fault in _faults_of(name, entry))
    data = result.provenance.get("data")
    beside = set(data or ()) - set(names) if isinstance(data, dict) else set()
    if beside:
        yield f"names data of {min(beside)}, which it holds no score of; score the run again"


def _faults_of(name: str, entry: Entry) -> Iterator[str]:
    if name not in entry.tasks:
        yield f"no such task; available: {', '.join(entry.tasks)}"
        return
    card = entry.tasks[name].card
    stored = {task.version for task in entry.result.tasks if task.task == name}
    versions = (stored | {unit.version for unit in entry.units(name)}) - {card.version}
    if versions:
        yield f"version {min(versions)} of the task, the current one is {card.version}; run it"
    data = entry.result.provenance.get("data")
    if not isinstance(data, dict) or data.get(name) != card.fingerprints:
        yield "not made with the frozen data of this task (their fingerprints differ); run it again"


def rank_faults(entry: Entry) -> Iterator[str]:
    """Look at what the run says of itself, last, as it only sums up what other checks name."""
    if not entry.result.ranked:
        yield "the run says that it is not ranked; run it in full"
