"""Reading what anybody may have written: whatever lies in a file, its fault is one line, soon.

A file is read only if it is one, and not large; JSON and YAML are taken apart only if they are not
deep and say everything once. What the fields then may hold, a schema says.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Hashable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ValidationError

from benchmark.errors import InputError, printable, said
from benchmark.files import read_small
from benchmark.text import one_line

Model = TypeVar("Model", bound=BaseModel)

#: Bytes of a file that a person writes, and of one that a program writes.
SMALL, LARGE = 1 << 18, 1 << 23

#: Brackets in brackets.
DEEPEST = 32

#: Values in a file: of each that is wrong a schema makes an error, which takes memory.
MOST_VALUES = 200_000

#: Wrong fields that are named.
MOST_FAULTS = 1000

#: Digits of a whole number: more than any count of anything.
MOST_DIGITS = 20

#: Characters of a value that a message shows.
SHOWN = 60


class LyingFileError(ValueError):
    """What a file holds is not what it should be.

    Attributes
    ----------
    lines : tuple of str
        A line for each fault; the message is the first.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__(lines[0])
        self.lines = lines


def line(most: int) -> AfterValidator:
    """Make a field's text one line of no more than ``most`` characters; see `one_line`."""
    return AfterValidator(partial(one_line, most=most))


def read_file(path: Path, most: int = LARGE) -> bytes:
    """Read a file that is one: no link, pipe, device or folder, and of no more than ``most`` bytes.

    Raises
    ------
    LyingFileError
        If it is not, or cannot be read.
    """
    try:
        return read_small(path, most, follow=False)
    except OSError as error:
        raise LyingFileError(error.strerror or said(error)) from error


def text_of(content: bytes) -> str:
    """Decode UTF-8.

    Raises
    ------
    LyingFileError
        If it is something else, or begins with a mark of byte order.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LyingFileError(f"byte {error.start + 1} is not UTF-8; save it as UTF-8") from error
    if text.startswith("\ufeff"):
        raise LyingFileError("it begins with a byte-order mark; save it as UTF-8 without one")
    return text


def json_of(content: bytes) -> Any:
    """Take JSON apart, as RFC 8259 has it and no more.

    Raises
    ------
    LyingFileError
        If it is none, deeply nested, names a field twice, or holds a number that is none.
    """
    text = text_of(content)
    _require_modest(text)
    try:
        return json.loads(
            text,
            object_pairs_hook=_once,
            parse_constant=_no_number,
            parse_int=_whole,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise LyingFileError(
            f"Invalid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from error


def yaml_of(content: bytes) -> Any:
    """Take YAML apart: mappings, lists, text, numbers, true, false and null.

    Dates stay text. There are no anchors, aliases, tags and merged mappings, with which a small
    file can be a large one or more than data.

    Raises
    ------
    LyingFileError
        If it is none, deeply nested, or holds one of these.
    """
    text = text_of(content)
    try:
        _require_plain(text)
        return yaml.load(text, Loader=_PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise LyingFileError(f"not YAML: {printable(str(error.problem))}{where}") from error
    except LyingFileError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise LyingFileError(f"not YAML: {said(error)}") from error


def read_yaml(path: Path) -> Any:
    """Read a file of YAML that a person wrote.

    Raises
    ------
    InputError
        With what `read_file` or `yaml_of` says of it.
    """
    try:
        return yaml_of(read_file(path, SMALL))
    except LyingFileError as error:
        raise InputError(f"{path}: {error}") from error


def record_of(content: bytes, model: type[Model]) -> Model:
    """Take JSON apart into what it should hold; a number is a number, and no text.

    Raises
    ------
    LyingFileError
        As `json_of`; or if fields do not fit, a line for each.
    """
    json_of(content)
    try:
        return model.model_validate_json(content, strict=True)
    except ValidationError as error:
        raise LyingFileError(*faults(error)) from error


def faults(error: ValidationError, whole: str = "file") -> list[str]:
    """Give a line for each field that does not fit a schema.

    Parameters
    ----------
    error : ValidationError
    whole : str
        What to call the file itself, where it is at fault and no field of it.
    """
    found = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [_fault(one["loc"], one["msg"], whole) for one in found[:MOST_FAULTS]]
    more = len(found) - MOST_FAULTS
    return [*lines, f"{whole}: and {more:,} more"] if more > 0 else lines


def _fault(place: tuple[int | str, ...], message: str, whole: str) -> str:
    where = ".".join(shown(str(part)) for part in place) or whole
    return f"{where}: {shown(message.removeprefix('Value error, '), 400)}"


def shown(text: str, most: int = SHOWN) -> str:
    """Give a text as a message may show it: in a line, cut where it is long."""
    text = printable(text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"


#: Whole strings, so that no mark in one counts; possessive, as they may be long.
_MARKS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{\]},]', re.DOTALL)


def _require_modest(text: str) -> None:
    """Look through JSON without building anything from it."""
    depth = values = 0
    for found in _MARKS.finditer(text):
        mark = text[found.start()]
        depth += (mark in "[{") - (mark in "]}")
        values += mark in "[{,"
        if depth > DEEPEST:
            raise LyingFileError(f"brackets nested over {DEEPEST} deep")
        if values > MOST_VALUES:
            raise LyingFileError(f"it has over {MOST_VALUES:,} values")


def _once(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise LyingFileError(f"the field '{shown(twice)}' is there twice")
    return found


def _no_number(text: str) -> float:
    raise LyingFileError(f"{text} is no number; a value that does not exist is null")


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise LyingFileError(f"a whole number of {len(text):,} digits")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise LyingFileError(f"{shown(text)} is larger than any number")
    return value


class _PlainLoader(yaml.CSafeLoader):
    """Reads YAML's mappings, lists and scalars; a key is text and is there once."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        pairs = []
        for key, value in node.value:
            if key.tag != "tag:yaml.org,2002:str":
                raise LyingFileError(f"line {key.start_mark.line + 1}: the name of a field is text")
            pairs.append((key.value, self.construct_object(value, deep=deep)))
        return _once(pairs)


#: What a scalar without quotes is: like YAML 1.2, so that a date, a time and an octal number are
#: text, and none takes long to read.
_SCALARS = {
    "bool": ("tTfF", r"true|True|TRUE|false|False|FALSE"),
    "null": (["~", "n", "N", ""], r"~|null|Null|NULL|"),
    "int": ("-+0123456789", rf"[-+]?(?:0|[1-9][0-9]{{0,{MOST_DIGITS - 1}}})"),
    "float": ("-+.0123456789", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?"),
    "merge": ("<", "<<"),
}
_PlainLoader.yaml_implicit_resolvers = {}
for _name, (_first, _pattern) in _SCALARS.items():
    _PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )


def _require_plain(text: str) -> None:
    """Look through YAML without building anything from it."""
    depth = 0
    event: Any
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise LyingFileError(f"line {line}: write it out, without & and *")
        if getattr(event, "tag", None) is not None:
            raise LyingFileError(f"line {line}: take the tag '{shown(event.tag)}' out")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise LyingFileError(f"line {line}: nested over {DEEPEST} deep")
