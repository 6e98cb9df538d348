"""The recording shows the commands that it is made by, in order, and nothing of who made it."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.docs.blocks import DOCS

PAGE = (DOCS / "recording.md").read_text("utf-8")


@pytest.fixture(scope="module")
def record() -> ModuleType:
    found = importlib.util.spec_from_file_location("record", DOCS / "record.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules["record"] = module  # where a dataclass looks for its own
    found.loader.exec_module(module)
    return module


def test_page_shows_every_command_of_the_program_with_its_words(record: ModuleType) -> None:
    assert re.findall(r"^\$ (.*)$", PAGE, re.MULTILINE) == [s.command for s in record.STEPS]
    outputs = re.findall(r"```console\n\$ .*\n((?:.*\n)*?)```", PAGE)
    parts = [record.page_of(*pair) for pair in zip(record.STEPS, outputs, strict=True)]
    assert record.HEAD + "\n".join(parts) == PAGE


def test_page_bears_no_path_of_a_machine() -> None:
    assert re.findall(r"(?<![\w.:/])/[a-z]\w+/\S*", PAGE) == []


def test_what_is_refused_and_what_is_done_is_said(record: ModuleType) -> None:
    assert [step.command.split()[3] for step in record.STEPS if step.code] == ["submit"]
    assert "a quick run is never ranked" in PAGE
    assert "my-msm is re-run: " in PAGE


def test_output_is_shown_without_colours_places_and_the_middle_of_lists(
    record: ModuleType, tmp_path: Path
) -> None:
    text = f"\x1b[1mbold\x1b[0m  \nwritten: {tmp_path}/runs/x\n\n"
    assert record.plain(text, tmp_path) == "bold\nwritten: runs/x\n"
    lines = [f"{number}\n" for number in range(30)]
    shown = record.shortened("".join(lines)).splitlines(keepends=True)
    assert shown == [*lines[:4], "…\n", *lines[-8:]]
    assert record.shortened("".join(lines[:13])) == "".join(lines[:13])
