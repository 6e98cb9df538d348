"""The version of the frozen data: that of the package, and a fingerprint that holds it to it.

Data of a released version never change. ``released.yaml`` has the fingerprint of each version that
was released, and a test asks that nobody changes data without a new version.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import yaml

from benchmark.task import Task

RELEASED = Path(__file__).parent / "released.yaml"


def data_fingerprint(tasks: Iterable[Task]) -> str:
    """Give the SHA-256 of the fingerprints of tasks: of their cards and decoded data.

    Parameters
    ----------
    tasks : iterable of Task
        In any order.
    """
    found = {task.id: task.card.fingerprints for task in tasks}
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def released() -> dict[str, str]:
    """Give the fingerprint of the data of every released version."""
    return dict(yaml.safe_load(RELEASED.read_text("utf-8")) or {})
