"""What validation found in the submissions of a request, as a small file that anybody may read.

It is made where the request's files were read, so whoever reads it treats it as the request's own
words: every field has a type, a pattern and a length, and the file a size.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from benchmark.errors import InputError
from benchmark.files import read_small

#: Bytes of a report.
MOST_BYTES = 200_000

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
#: Characters of one line.
LONGEST = 500

Line = Annotated[str, StringConstraints(max_length=LONGEST)]
Number = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Check(_Part):
    """One thing that was looked at."""

    passed: bool
    text: Line


class Standing(_Part):
    """A row as it stands, or would stand, on the board; without a rank it is a control."""

    name: Name
    rank: int | None = Field(ge=1, le=10_000)
    score: Number
    stderr: Number
    new: bool = False


class Found(_Part):
    """What was found in one submission.

    ``rows`` holds the row to be, those beside it on the board, and those that share its rank.
    """

    track: Name
    name: Name
    checks: list[Check] = Field(max_length=200)
    rows: list[Standing] = Field([], max_length=50)

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return bool(self.checks) and all(check.passed for check in self.checks)


class Report(_Part):
    """What was found in a request at one commit.

    ``others`` says what it changes beside its submissions.
    """

    schema_version: Literal[1] = 1
    commit: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
    refused: Line = ""
    found: list[Found] = Field([], max_length=50)
    others: list[Line] = Field([], max_length=20)

    @property
    def passed(self) -> bool:
        """Whether there are submissions and nothing else, and every one passed."""
        passed = bool(self.found) and all(one.passed for one in self.found)
        return passed and not self.refused and not self.others


def read_report(path: Path) -> Report:
    """Read a report that anybody may have written.

    Raises
    ------
    InputError
        If it is no report, or larger than one.
    """
    try:
        return Report.model_validate_json(read_small(path, MOST_BYTES))
    except OSError as error:
        raise InputError(f"no report at {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise InputError(f"{path} is no report: {where}: {first['msg']}") from error
