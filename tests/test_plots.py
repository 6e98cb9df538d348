from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.plots import draw_task
from benchmark.task import Task

MAGIC = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}


@pytest.mark.parametrize("suffix", MAGIC)
def test_task_is_drawn_in_the_format_of_the_suffix(toy: Task, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "new folder" / f"toy.{suffix}"
    draw_task(toy, path)
    content = path.read_bytes()
    assert content.startswith(MAGIC[suffix])
    assert len(content) > 5_000


@pytest.mark.parametrize("name", ["toy", "toy.doc", "toy.png.zip"])
def test_unknown_suffix_is_refused_and_names_the_known(
    toy: Task, tmp_path: Path, name: str
) -> None:
    with pytest.raises(InputError, match=r"ends in \.png, \.pdf, \.svg"):
        draw_task(toy, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_made_is_an_input_error(toy: Task, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        draw_task(toy, tmp_path / "file" / "toy.png")


def test_damaged_data_are_an_input_error(toy: Task, tmp_path: Path) -> None:
    lost = Task(toy.card, tmp_path / "cards" / toy.path.name)
    with pytest.raises(InputError, match="is missing"):
        draw_task(lost, tmp_path / "toy.png")
