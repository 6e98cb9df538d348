"""The card of a submission, ``card.yaml``: who made what, from what, under which licence.

Everything in it is written by whoever submits and shown on the board. So every text is of a limited
length, stands in a line, and holds nothing that does not show; every address is one of the web.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from benchmark.files import write_text
from benchmark.result import MOST_PARAMETERS, Result
from benchmark.text import of_one_script
from benchmark.untrusted import SMALL, LyingFileError, faults, line, read_file, yaml_of

#: Names that are a file of the board, or that some file system keeps for itself.
RESERVED = frozenset(
    ["index", "readme", "board", "leaderboard", "submissions", "news", "claims"]
    + ["con", "prn", "aux", "nul"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in range(10)]
)

#: What stands for a revision, and is none: tomorrow it is another one, or it says nothing.
MOVING = frozenset(
    ["head", "main", "master", "develop", "latest", "none", "null", "nil", "unknown", "n/a", "tbd"]
)

#: The file of a shipped model.
SHIPPED = r"baselines/[a-z0-9_]+/[a-z0-9_]+\.py"

#: Characters of an address that need no escaping anywhere: others are to be percent-encoded.
_ADDRESS = re.compile(r"[A-Za-z0-9._~:/?#@!$&+,;=%-]+")

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.I)

_DOI = re.compile(r"10\.[0-9]{4,9}/[A-Za-z0-9._;()/:-]+")

_ARXIV = re.compile(r"arXiv:(?:[0-9]{4}\.[0-9]{4,5}|[a-z-]+(?:\.[A-Z]{2})?/[0-9]{7})(?:v[0-9]+)?")

_MAIL = re.compile(r"[A-Za-z0-9._+-]+@(?P<host>[A-Za-z0-9.-]+)")


def web_address(text: str) -> str:
    """Check an address of the web.

    Raises
    ------
    ValueError
        If it is not https, names no host (or a user, as in ``https://you@host``), is long, or has a
        character that is not percent-encoded.
    """
    if len(text) > 400:
        raise ValueError(f"an address of {len(text):,} characters; at most 400")
    if not text.startswith("https://"):
        raise ValueError("an address starts with https://")
    if not _ADDRESS.fullmatch(text):
        raise ValueError("in an address, write blanks, brackets, quotes and the like as %20")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"no address: {error}") from error
    if "@" in parts.netloc:
        raise ValueError("an address without a user's name before the host")
    if not _HOST.fullmatch(host):
        raise ValueError("an address names a host, as in https://example.org/page")
    return text


def _paper(text: str) -> str:
    if _DOI.fullmatch(text) or _ARXIV.fullmatch(text):
        return text
    if text.startswith("https://"):
        return web_address(text)
    raise ValueError("a DOI (10.1038/…), arXiv:NUMBER, or an address that starts with https://")


def _licence(text: str) -> str:
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression as error:
        raise ValueError(
            "no SPDX identifier, such as MIT or Apache-2.0 (https://spdx.org/licenses)"
        ) from error


def _orcid(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]", text):
        raise ValueError("an ORCID iD is like 0000-0002-1825-0097")
    total = 0
    for digit in text.replace("-", "")[:-1]:  # ISO 7064, mod 11-2
        total = (total + int(digit)) * 2
    if "0123456789X"[(12 - total % 11) % 11] != text[-1]:
        raise ValueError("the last digit of the ORCID iD does not fit the others")
    return text


def _contact(text: str) -> str:
    found = _MAIL.fullmatch(text)
    if found and len(text) <= 200 and _HOST.fullmatch(found["host"]):
        return text
    if text.startswith("https://"):
        return web_address(text)
    raise ValueError("an e-mail address, or a page that starts with https://")


def _name(text: str) -> str:
    if text.split(".")[0].lower() in RESERVED or text.endswith("."):
        raise ValueError(f"'{text}' is a name that the board or some file system keeps for itself")
    return text


def _revision(text: str) -> str:
    if re.fullmatch(r"([0-9a-f])\1{6,}", text, re.I):
        raise ValueError("no commit has one digit alone; give that of the code, a tag or a version")
    if text.lower() in MOVING:
        raise ValueError(f"'{text}' names no code that stays; give a commit, tag or version")
    return text


def _shipped(text: str) -> str:
    if not re.fullmatch(SHIPPED, text):
        raise ValueError("the file of a shipped model is like baselines/kinetics/lstm.py")
    return text


def _unless_empty(check: Callable[[str], str]) -> AfterValidator:
    """Make a check of a text that may be left empty."""
    return AfterValidator(lambda text: check(text) if text else text)


def _all_different(found: list[str]) -> list[str]:
    if len(set(found)) < len(found):
        raise ValueError("the same is there twice")
    return found


class _Part(BaseModel):
    """A part of the card: what is unknown is refused, and nothing is taken for something else."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Author(_Part):
    """One of the authors, in the order in which they are named; a name alone will do."""

    name: Annotated[str, line(100), AfterValidator(of_one_script), Field(min_length=1)]
    affiliation: Annotated[str, line(200), AfterValidator(of_one_script)] = ""
    orcid: Annotated[str, _unless_empty(_orcid)] = ""


class Code(_Part):
    """Where the model's code is: at an address, or in this project."""

    url: Annotated[str, _unless_empty(web_address)] = ""
    path: Annotated[
        str, _unless_empty(_shipped), Field(json_schema_extra={"pattern": f"^({SHIPPED})?$"})
    ] = ""
    revision: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/+-]{0,99}$"), AfterValidator(_revision)
    ] = Field(description="a commit, tag or version")

    @model_validator(mode="after")
    def _in_one_place(self) -> Code:
        if bool(self.url) == bool(self.path):
            raise ValueError("give url (https://…) or path (baselines/…), one of the two")
        return self


class SubmissionCard(_Part):
    """``card.yaml``: who is on the board, and what is to be known of the model.

    ``role`` "control" is a yardstick, shown unranked. ``trained_on`` names the training data of the
    tasks as "train", the chains of the true process that only a control may have as "fresh", and
    whatever else there was in a few words. ``parameters`` is the most that the model fits on any of
    its tasks.
    """

    name: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"), AfterValidator(_name)
    ] = Field(description="the folder's name")
    title: Annotated[str, line(100), AfterValidator(of_one_script), Field(min_length=1)]
    authors: list[
        Annotated[
            Author,
            BeforeValidator(lambda one: {"name": one} if isinstance(one, str) else one),
        ]
    ] = Field(min_length=1, max_length=200)
    description: Annotated[str, line(600), AfterValidator(of_one_script)]
    code: Code
    licence: Annotated[str, line(100), AfterValidator(_licence)]
    reads: Annotated[
        list[Annotated[str, Field(pattern=r"^[a-z][a-z_-]{0,30}$")]], AfterValidator(_all_different)
    ] = Field(min_length=1, max_length=10)
    trained_on: Annotated[
        list[Annotated[str, line(200), Field(min_length=1)]], AfterValidator(_all_different)
    ] = Field(min_length=1, max_length=20)
    paper: Annotated[str, _unless_empty(_paper)] = ""
    citation: Annotated[str, line(400), AfterValidator(of_one_script)] = ""
    parameters: int | None = Field(None, ge=0, le=MOST_PARAMETERS)
    hardware: Annotated[str, line(200)] = ""
    contact: Annotated[str, _unless_empty(_contact)] = ""
    role: Literal["model", "control"] = "model"


def checked_card(fields: Any) -> SubmissionCard:
    """Make a card of what a file holds, or a person has said.

    Raises
    ------
    LyingFileError
        If fields are missing, unknown, or hold what they cannot: a line for each.
    """
    try:
        return SubmissionCard.model_validate(fields)
    except ValidationError as error:
        raise LyingFileError(*faults(error, "card")) from error


def known_fields(result: Result) -> dict[str, Any]:
    """Give the fields of a card that a result knows: nobody need be asked for them.

    Returns
    -------
    dict
        ``title``, ``description``, ``citation``, ``role``, ``trained_on``, ``parameters`` and
        ``hardware`` as `SubmissionCard` has them.
    """
    model = result.model
    return {
        "title": model.title or model.name,
        "description": model.description,
        "trained_on": [model.trained_on],
        "citation": model.citation,
        "parameters": most_parameters(result),
        "hardware": "; ".join(_machines(result)),
        "role": model.role,
    }


def most_parameters(result: Result) -> int | None:
    """Give the most parameters of any unit; None if none says how many it has."""
    found = [unit.cost.parameters for unit in result.units if unit.cost.parameters is not None]
    return max(found, default=None)


def _machines(result: Result) -> list[str]:
    """Name the machines that the calls of a run have had."""
    found = []
    calls = [(call.config, call.provenance) for call in result.earlier]
    for config, origin in [*calls, (result.config, result.provenance)]:
        device = "" if config.device == "cpu" else f", {config.device}"
        if origin.get("processor") and origin.get("cores"):
            found.append(f"{origin['processor']}, {origin['cores']} cores{device}")
    return sorted(set(found))


def read_card(path: Path) -> SubmissionCard:
    """Read ``card.yaml``.

    Raises
    ------
    LyingFileError
        If it is no file or no plain YAML, or fields are at fault: a line for each.
    """
    return checked_card(yaml_of(read_file(path, SMALL)))


def write_card(card: SubmissionCard, path: Path) -> None:
    """Write ``card.yaml``, atomically; what is empty is left out, and an author may be a name."""
    fields = card.model_dump(exclude_defaults=True) | {"role": card.role}
    fields["authors"] = [one["name"] if set(one) == {"name"} else one for one in fields["authors"]]
    write_text(path, yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=98))
