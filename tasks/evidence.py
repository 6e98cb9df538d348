"""Files of what was measured beside the submissions, for the claims of the board."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.files import write_text
from benchmark.task import TaskCard


def of_task(card: TaskCard) -> dict[str, Any]:
    """Say of which task, and of which frozen data, something was measured."""
    return {"task": card.id, "version": card.version, "data": card.hashes}


def write_evidence(path: Path, record: Mapping[str, Any], item: str) -> None:
    """Write a record as JSON, a line for each of its items; ``item`` is the first key of these."""
    start = f'{{"{item}"'
    write_text(path, json.dumps(record).replace(f" {start}", f"\n{start}") + "\n")
