"""Files that lie: each fault is one line, whatever lies in the file."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from benchmark.errors import InputError
from benchmark.untrusted import (
    DEEPEST,
    MOST_VALUES,
    SMALL,
    LyingFileError,
    json_of,
    read_file,
    read_yaml,
    record_of,
    yaml_of,
)


def message(parse: Callable[[Any], Any], content: Any) -> str:
    with pytest.raises(LyingFileError) as caught:
        parse(content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    return str(caught.value)


# ---- files ------------------------------------------------------------------------------------


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def a_link(path: Path) -> None:
    (path.parent / "there").write_text("a: 1")
    path.symlink_to("there")


LIES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "nothing": (lambda path: None, "No such file"),
    "a pipe": (os.mkfifo, "it is not a file"),
    "a folder": (Path.mkdir, "it is not a file"),
    "a socket": (a_socket, "No such device"),
    "a link to a file": (a_link, "it is a link"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "it is a link"),
    "a link to itself": (lambda path: path.symlink_to(path), "it is a link"),
    "a large file": (lambda path: path.write_bytes(b"#" * (SMALL + 1)), "it has over 262,144"),
    "a large file of nothing": (lambda path: os.truncate(path, 1 << 40), "it has over 262,144"),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_no_small_file_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's name is short
    make, expected = LIES[lie]
    path = Path("card.yaml")
    if lie == "a large file of nothing":
        path.touch()
    make(path)
    assert expected in message(lambda one: read_file(one, SMALL), path)


def test_fault_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "card.yaml").write_text("a: [")
    with pytest.raises(InputError, match=r"card\.yaml: not YAML: .* \(line 2, column 1\)"):
        read_yaml(tmp_path / "card.yaml")


# ---- JSON -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "Invalid JSON: Expecting value (line 1, column 1)"),
        (b'{"a": 1', "Invalid JSON: Expecting ',' delimiter"),
        (b'{"a": 1} x', "Invalid JSON: Extra data"),
        (b"{'a': 1}", "Invalid JSON: Expecting property name"),
        (b'{"a": 1, "b": 2, "a": 3}', "the field 'a' is there twice"),
        (b'{"b": {"a": 1, "a": 1}}', "the field 'a' is there twice"),
        (b"[NaN]", "NaN is no number"),
        (b"[Infinity]", "Infinity is no number"),
        (b"[-Infinity]", "-Infinity is no number"),
        (b"[1e999]", "1e999 is larger than any number"),
        (b"[" + b"9" * 5000 + b"]", "a whole number of 5,000 digits"),
        (b"[" * 50_000, f"brackets nested over {DEEPEST} deep"),
        (b'{"a":' * 50_000, f"brackets nested over {DEEPEST} deep"),
        (b"[" + b"0," * MOST_VALUES + b"0]", f"it has over {MOST_VALUES:,} values"),
        (b"\xef\xbb\xbf{}", "it begins with a byte-order mark"),
        (b'{"a": "\xff"}', "byte 8 is not UTF-8"),
        (json.dumps({"a": 1}).encode("utf-16"), "byte 1 is not UTF-8"),
        (b'["' + b'\\"' * 1_000_000, "Invalid JSON: Unterminated string"),
    ],
)
def test_json_that_is_none_or_too_much_is_refused(content: bytes, expected: str) -> None:
    assert expected in message(json_of, content)


def test_brackets_and_commas_in_strings_do_not_count() -> None:
    text = json.dumps({"a": "[" * 1000 + '\\"' + "," * MOST_VALUES})
    assert json_of(text.encode()) == json.loads(text)


Plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(-1e300, 1e300)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(Plain)
def test_plain_json_is_read_as_python_reads_it(value: Any) -> None:
    assert json_of(json.dumps(value).encode()) == value


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int
    flag: bool = False


def test_record_lists_every_field_that_does_not_fit() -> None:
    with pytest.raises(LyingFileError) as caught:
        record_of(b'{"count": "1", "flag": 1, "more\\u202e": 0}', Record)
    assert caught.value.lines == (
        "count: Input should be a valid integer",
        "flag: Input should be a valid boolean",
        "more\\u202e: Extra inputs are not permitted",
    )


# ---- YAML -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: [", "not YAML: did not find expected node content (line 2, column 1)"),
        (b"a: b: c", "not YAML: mapping values are not allowed"),
        (b"a: 1\na: 2", "the field 'a' is there twice"),
        (b"{b: {a: 1, a: 2}}", "the field 'a' is there twice"),
        (b"a: &x 1\nb: *x", "line 1: write it out, without & and *"),
        (b"b: *x", "line 1: write it out, without & and *"),
        (b"<<: {a: 1}", "the name of a field is text"),
        (b"1: a", "the name of a field is text"),
        (b"? [a]\n: b", "the name of a field is text"),
        (b"? {a: 1}\n: b", "the name of a field is text"),
        (b"a: !!python/object/apply:os.system [ls]", "take the tag"),
        (b"a: !!binary aGk=", "take the tag"),
        (b"a: !!timestamp 2026-13-01", "take the tag"),
        (b"!x a: 1", "take the tag"),
        (b"a: 1\n---\na: 2", "found another document"),
        (b"%YAML 3.0\n---\na: 1", "incompatible YAML document"),
        (b"[" * 100_000, "exceeded maximum nesting depth"),
        (b"- " * 100_000, f"nested over {DEEPEST} deep"),
        (b"{a: " * 100, f"nested over {DEEPEST} deep"),
        (b"a: \x00", "control characters are not allowed"),
        (b"a: \xff", "byte 4 is not UTF-8"),
        (b"\xef\xbb\xbfa: 1", "it begins with a byte-order mark"),
        (b"a: '", "not YAML: found unexpected end of stream"),
    ],
)
def test_yaml_that_is_none_or_more_than_data_is_refused(content: bytes, expected: str) -> None:
    assert expected in message(yaml_of, content)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-13-01", "2026-13-01"),
        ("2026-01-01", "2026-01-01"),
        ("12:30:00", "12:30:00"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("yes", "yes"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("9" * 1000, "9" * 1000),
        ("1" + ":1" * 50_000, "1" + ":1" * 50_000),
        ("12", 12),
        ("-1.5e-05", -1.5e-05),
        ("true", True),
        ("", None),
        ("~", None),
    ],
)
def test_scalar_is_a_number_only_where_everybody_reads_one(text: str, value: Any) -> None:
    assert yaml_of(f"a: {text}".encode()) == {"a": value}


@given(Plain)
def test_what_pyyaml_writes_is_read_as_it_reads_it(value: Any) -> None:
    text = yaml.safe_dump({"a": value}, allow_unicode=True)
    # It writes a tag where only it would take a text for a date or for bytes.
    assume("!" not in text and "&" not in text)
    assert yaml_of(text.encode()) == yaml.load(text, Loader=yaml.CSafeLoader)
