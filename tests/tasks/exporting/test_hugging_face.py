from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from benchmark.errors import InputError
from benchmark.registry import find_task
from tasks.exporting.hugging_face import config_name, dataset_card, export
from tests.plugs import command, one_line

SMALL, MOLECULE = "alanine/macro4-10ps", "md17-xtb/ethanol-k20"


def rows(folder: Path, config: str, split: str) -> int:
    import datasets

    cache = folder.parent / "cache"
    return len(datasets.load_dataset(str(folder), config, split=split, cache_dir=str(cache)))


def test_every_split_of_chains_is_loaded_with_its_rows(tmp_path: Path) -> None:
    task, folder = find_task(SMALL), tmp_path / "hub"
    export([task], folder)
    for split, known in task.card.splits.items():
        config = config_name(task) + ("--test" if split == "test" else "")
        assert rows(folder, config, split) == known.rows


def test_every_split_of_segments_is_loaded_with_its_frames(tmp_path: Path) -> None:
    task, folder = find_task(MOLECULE), tmp_path / "hub"
    export([task], folder)
    for split in ("validation", "test"):
        assert rows(folder, config_name(task), split) == task.card.splits[split].frames


def test_card_of_the_dataset_says_what_the_hub_and_people_read() -> None:
    tasks = [find_task(SMALL), find_task(MOLECULE)]
    _, head, text = dataset_card(tasks).split("---\n", 2)
    fields = yaml.safe_load(head)
    assert fields["license"] == "cc-by-4.0"
    assert [one["config_name"] for one in fields["configs"]] == [
        config_name(tasks[0]),
        config_name(tasks[0]) + "--test",
        config_name(tasks[1]),
    ]
    for task in tasks:
        assert f"`{task.id}`" in text
        assert all(words in text for words in task.card.citations)


def test_tasks_of_one_molecule_share_their_files(tmp_path: Path) -> None:
    tasks = [find_task(MOLECULE), find_task("md17-xtb/ethanol-k10")]
    export(tasks, tmp_path / "hub")
    assert len(list((tmp_path / "hub" / "data").rglob("*.parquet"))) == 12
    assert len(list((tmp_path / "hub" / "cards").rglob("*.yaml"))) == 2


def test_folder_that_is_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there already"):
        export([find_task(SMALL)], tmp_path)


def test_command_writes_the_folder_and_says_its_fingerprint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = command(capsys, "data", "export", SMALL, "--to", tmp_path / "hub")
    assert code == 0
    assert "fingerprint" in out
    assert (tmp_path / "hub" / "README.md").is_file()
    code, _, err = command(capsys, "data", "export", "alanin/*", "--to", tmp_path / "other")
    assert code == 2
    assert one_line(err)
