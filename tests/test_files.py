"""Writing so that nothing is ever half written."""

from __future__ import annotations

import pytest

from benchmark.files import (
    atomic,
    atomic_folder,
    create_text,
    left_by,
    stamp,
    sweep,
    write_text,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_text_is_written_with_unix_line_ends_and_its_folders_made(tmp_path):
    path = tmp_path / "a" / "b.txt"
    write_text(path, "τ = 1\nline\n")
    assert path.read_bytes() == "τ = 1\nline\n".encode()
    assert names(path.parent) == ["b.txt"]


def test_new_text_replaces_the_old(tmp_path):
    path = tmp_path / "b.txt"
    write_text(path, "a much longer old text")
    write_text(path, "new")
    assert path.read_text() == "new"


def test_written_file_is_readable_by_others(tmp_path):
    write_text(tmp_path / "b.txt", "new")
    assert (tmp_path / "b.txt").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_error_while_writing_leaves_the_old_file_and_no_temporary(tmp_path, error):
    path = tmp_path / "b.txt"
    write_text(path, "old")

    def fail():
        with atomic(path) as temporary:
            temporary.write_text("half of the n")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["b.txt"]


def test_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "b.txt"
    write_text(path, "old")
    with atomic(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path):
    path = tmp_path / "b.txt"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["b.txt"]


def test_path_that_is_a_folder_is_refused_and_no_temporary_left(tmp_path):
    (tmp_path / "b").mkdir()
    with pytest.raises(OSError, match="b"):
        write_text(tmp_path / "b", "new")
    assert names(tmp_path) == ["b"]


def test_new_folder_replaces_the_old(tmp_path):
    for text in ("old", "new"):
        with atomic_folder(tmp_path / "model") as temporary:
            (temporary / text).write_text(text)
    assert names(tmp_path) == ["model"]
    assert names(tmp_path / "model") == ["new"]


def test_error_while_filling_a_folder_leaves_the_old_one_and_no_temporary(tmp_path):
    with atomic_folder(tmp_path / "model") as temporary:
        (temporary / "old").write_text("old")

    def fail():
        with atomic_folder(tmp_path / "model") as temporary:
            (temporary / "new").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert names(tmp_path) == ["model"]
    assert names(tmp_path / "model") == ["old"]


# ---- one of several -----------------------------------------------------------------------------


def test_file_that_is_there_is_not_created_again(tmp_path):
    path = tmp_path / "folder" / "run.json"
    assert create_text(path, "first\n", "00000001")
    assert not create_text(path, "second\n", "00000002")
    assert path.read_text() == "first\n"
    assert names(path.parent) == ["run.json"]


def test_what_a_killed_creation_leaves_is_found_by_its_mark(tmp_path):
    (tmp_path / ".run.json.00000001.tmp").write_text("half")
    (tmp_path / ".run.json.00000002.tmp").write_text("half")
    assert left_by("00000001", tmp_path) == [tmp_path / ".run.json.00000001.tmp"]
    sweep(tmp_path)
    assert left_by("00000002", tmp_path) == []


def test_stamp_differs_once_a_file_is_replaced_or_written_to(tmp_path):
    path = tmp_path / "file"
    assert stamp(path) == ()
    write_text(path, "one")
    first = stamp(path)
    assert stamp(path) == first
    write_text(path, "two")
    second = stamp(path)
    with path.open("a") as file:
        file.write("more")
    assert len({first, second, stamp(path)}) == 3
