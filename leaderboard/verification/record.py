"""What a verification found of a row, written by ``verify --record``.

It lies in ``leaderboard/verifications/TRACK/NAME.json``, outside of the folder that a submitter
sends: a maintainer commits it. It is bound to the row by the hashes of its result and manifest (a
row that changes is self-reported again), says by which commit and scorer it was found, and holds no
date and nothing of the machine: whoever gives ``verify`` the same options gets the same file, to
rounding where models are fitted again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from benchmark.errors import InputError
from benchmark.files import read_small, write_text
from benchmark.result import Number
from benchmark.untrusted import LyingFileError, read_file, record_of

VERIFICATIONS = "verifications"

Level = Literal["self-reported", "re-scored", "re-run"]

Text = Annotated[str, Field(max_length=600)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rescored(_Strict):
    """Units scored again from their prediction files; ``of`` is how many units the row has."""

    source: Literal["audit", "archive"]
    units: list[Text]
    of: int
    faults: list[Text] = []

    @property
    def agrees(self) -> bool:
        """Whether there was something to score, and all of it gave the metrics of the row."""
        return bool(self.units) and not self.faults


class Compared(_Strict):
    """A metric as submitted and as found again; ``allowed`` is by how much they may differ."""

    metric: Text
    submitted: Number
    again: Number
    allowed: Number

    @property
    def agrees(self) -> bool:
        """Whether they differ by no more than that."""
        return abs(self.again - self.submitted) <= self.allowed


class Repeated(_Strict):
    """A unit that was fitted again; ``seed`` is that of the new draw, if there was one."""

    unit: Text
    seed: int | None = None
    metrics: list[Compared] = []
    fault: Text = ""

    @property
    def agrees(self) -> bool:
        """Whether every metric agrees."""
        return not self.fault and all(metric.agrees for metric in self.metrics)


class Verification(_Strict):
    """``verifications/TRACK/NAME.json``."""

    verification_version: Literal[1] = 1
    results_sha256: str
    manifest_sha256: str = ""
    commit: Text
    scorer_version: int
    rescored: Rescored | None = None
    rerun: list[Repeated] = []
    drawn: list[Repeated] = []

    @property
    def level(self) -> Level:
        """The badge of the row: the highest level of which everything asked agreed."""
        if self.rescored is None or not self.agrees:
            return "self-reported"
        return "re-run" if self.rerun or self.drawn else "re-scored"

    @property
    def agrees(self) -> bool:
        """Whether nothing that was looked at contradicts the row."""
        repeated = all(one.agrees for one in (*self.rerun, *self.drawn))
        return repeated and (self.rescored is None or self.rescored.agrees)

    @property
    def share(self) -> str:
        """How many units of how many were looked at, as "2 of 130 units"; empty if none was."""
        if self.rescored is None or not self.rescored.units:
            return ""
        again = [one.unit for one in (*self.rerun, *self.drawn)]
        seen = {*self.rescored.units, *again}
        return f"{len(seen)} of {self.rescored.of} units"

    @property
    def said(self) -> str:
        """The badge in a line: what was looked at."""
        parts = []
        if self.rescored is not None:
            found = self.rescored
            parts.append(
                f"{len(found.units)} of {found.of} units scored again from the {found.source}"
            )
        if self.rerun:
            parts.append(f"{len(self.rerun)} fitted again")
        if self.drawn:
            parts.append(f"{len(self.drawn)} on a new draw")
        doubt = "" if self.agrees else ", and it does not agree"
        return f"{self.level}: {', '.join(parts) or 'nothing looked at'}{doubt}"

    def write(self, path: Path) -> None:
        """Write as JSON, atomically."""
        write_text(path, self.model_dump_json(indent=1) + "\n")


def sha256_of(path: Path) -> str:
    """Hash a file of a row; empty if there is none."""
    try:
        return hashlib.sha256(read_small(path, follow=False)).hexdigest()
    except OSError:
        return ""


def place(folder: Path) -> Path:
    """Give where the verification of a row lies: ``TRACK/NAME.json`` beside the submissions."""
    submissions = folder.absolute().parents[1]
    return submissions.parent / VERIFICATIONS / folder.parent.name / f"{folder.name}.json"


def read_verification(folder: Path) -> Verification | None:
    """Read what was found of a row; None if nothing was, or the row has changed since.

    Parameters
    ----------
    folder : Path
        ``submissions/TRACK/NAME``.

    Raises
    ------
    InputError
        If the file is there and damaged.
    """
    path = place(folder)
    if not path.exists():
        return None
    try:
        found = record_of(read_file(path), Verification)
    except LyingFileError as error:
        raise InputError(f"{path}: {error}") from error
    now = sha256_of(folder / "results.json"), sha256_of(folder / "manifest.json")
    return found if (found.results_sha256, found.manifest_sha256) == now else None
