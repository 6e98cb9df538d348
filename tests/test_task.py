"""Cards and the registry."""

from __future__ import annotations

import copy
import re

import pytest
import yaml

from benchmark.errors import InputError
from benchmark.registry import TASKS_VARIABLE, all_tasks, find_task, read_card, select_tasks
from benchmark.task import MetricScale, Task
from benchmark.tracks.kinetics.card import Generation
from tests.shipped import KINETICS

CARD = {
    "id": "family/one",
    "version": 1,
    "track": "kinetics",
    "title": "one",
    "description": "A card.",
    "frame_time": 1.0,
    "time_unit": "ps",
    "labels": 4,
    "observable": [0, 1, 1, 2],
    "slowest": 100.0,
    "oracle": "exact",
    "generation": {"chains": 8, "frames": 100, "burn_in": 10},
    "splits": {"train": {"rows": 5, "frames": 500, "sha256": "0"}},
    "generator": "none",
}


def write(root, **changes):
    """Write a card into a folder of tasks; give its path."""
    card = copy.deepcopy(CARD) | changes
    path = root / "family" / "cards" / f"{str(card['id']).rpartition('/')[2]}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(card))
    return path


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Put a folder of tasks beside the shipped ones."""
    monkeypatch.setenv(TASKS_VARIABLE, str(tmp_path))
    return tmp_path


def test_card_says_what_it_holds(tmp_path):
    card = read_card(write(tmp_path)).card
    assert (card.family, card.name) == ("family", "one")
    assert card.macrostates == 3
    assert (card.replicas, card.training_frames) == (5, 100)
    assert card.generation.n_frames == 800
    assert card.counting == {}


def test_written_card_is_read_back_the_same(tmp_path):
    task = read_card(write(tmp_path))
    Task(task.card, tmp_path / "again" / "cards" / "one.yaml").write()
    assert read_card(tmp_path / "again" / "cards" / "one.yaml").card == task.card


def test_data_lie_beside_the_cards(tmp_path):
    assert read_card(write(tmp_path)).data == tmp_path / "family" / "data" / "one"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lables": 4}, "lables: Extra inputs are not permitted"),
        ({"labels": 3}, "card: observable maps 4 labels, not 3"),
        ({"observable": [0, 1, 1, 3]}, "macrostates 0, 1, … without gaps"),
        ({"observable": [1, 1, 2, 2]}, "macrostates 0, 1, … without gaps"),
        ({"labels": 1, "observable": [0]}, "labels: Input should be greater than or equal to 2"),
        ({"labels": 257, "observable": [0] * 257}, "labels: Input should be less than or equal"),
        ({"id": "one"}, "id: String should match pattern"),
        ({"id": "Family/One"}, "id: String should match pattern"),
        ({"version": 0}, "version: Input should be greater than or equal to 1"),
        ({"oracle": "guess"}, "oracle: Input should be 'exact' or 'empirical'"),
        ({"track": "chemistry"}, "no track 'chemistry'; available: kinetics, superresolution"),
        ({"frame_time": 0}, "frame_time: Input should be greater than 0"),
        ({"slowest": "long"}, "slowest: Input should be a valid number"),
        ({"generation": {"chains": 0, "frames": 1, "burn_in": 0}}, "generation.chains: "),
    ],
)
def test_invalid_card_is_refused_with_file_and_field(tmp_path, changes, message):
    path = write(tmp_path, **changes)
    with pytest.raises(InputError) as caught:
        read_card(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["id", "splits", "generation", "observable", "generator"])
def test_card_without_a_field_is_refused(tmp_path, name):
    path = write(tmp_path)
    card = yaml.safe_load(path.read_text())
    del card[name]
    path.write_text(yaml.safe_dump(card))
    with pytest.raises(InputError, match=f"{name}: Field required"):
        read_card(path)


@pytest.mark.parametrize("text", [b"", b"- a\n- b\n", b"{a: [", b"\xff\xfe", b"a: b: c"])
def test_file_that_is_no_card_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "one.yaml"
    path.write_bytes(text)
    with pytest.raises(InputError, match=re.escape(str(path))) as caught:
        read_card(path)
    assert "\n" not in str(caught.value)


def test_metric_counts_only_where_trivial_is_three_times_the_floor():
    def scale(trivial, group="rates"):
        return MetricScale(
            group=group, trivial=trivial, trivial_stderr=0, floor=1.0, floor_stderr=0
        )

    assert scale(3.0).counts
    assert not scale(2.999).counts
    assert not scale(100.0, group=None).counts


def test_only_counting_metrics_are_in_the_groups(toy: Task):
    metrics = dict(toy.card.metrics)
    assert toy.card.counting == {
        "likelihood": ["nll_regret"],
        "rates": ["mfpt_error", "its_error"],
        "paths": ["commit_error", "dwell_error"],
    }
    blunt = metrics["its_error"].model_copy(update={"floor": metrics["its_error"].trivial / 2})
    card = toy.card.model_copy(update={"metrics": metrics | {"its_error": blunt}})
    assert card.counting["rates"] == ["mfpt_error"]


def test_generation_counts_scored_frames_only():
    assert Generation(chains=8, frames=100, burn_in=1000).n_frames == 800


@pytest.mark.parametrize(
    "changes",
    [
        {"generation": Generation(chains=8, frames=100_000, burn_in=0)},
        {"hold": 3},
        {"observable": [0, 1, 1]},
        {"oracle": "empirical"},
        {"slowest": 5.0},
        {"metrics": {}},
    ],
)
def test_result_on_a_card_that_asks_for_something_else_is_another_one(toy: Task, changes):
    changed = toy.card.model_copy(update=changes)
    assert changed.fingerprints != toy.card.fingerprints
    assert {**changed.fingerprints, "card": ""} == {**toy.card.fingerprints, "card": ""}


def test_words_of_a_card_leave_its_fingerprints(toy: Task):
    changes = {
        "title": "x",
        "description": "y",
        "citations": ["z"],
        "generator": "g",
        "ranked": False,
    }
    assert toy.card.model_copy(update=changes).fingerprints == toy.card.fingerprints


def test_users_tasks_stand_beside_the_shipped_ones(root):
    shipped = set(all_tasks())
    write(root)
    assert set(all_tasks()) == shipped | {"family/one"}
    assert list(all_tasks()) == sorted(all_tasks())


def test_several_folders_are_separated_as_in_path(tmp_path, monkeypatch):
    write(tmp_path / "a")
    write(tmp_path / "b", id="family/two")
    monkeypatch.setenv(TASKS_VARIABLE, f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    assert {"family/one", "family/two"} <= set(all_tasks())


def test_folder_that_does_not_exist_holds_no_tasks(tmp_path):
    assert all_tasks([tmp_path / "nowhere"]) == {}


def test_two_cards_with_one_id_are_refused_and_both_named(root):
    one = write(root)
    other = one.with_name("other.yaml")
    other.write_text(one.read_text())
    with pytest.raises(InputError) as caught:
        all_tasks()
    assert str(caught.value) == f"two cards are called family/one: {one}, {other}"


def test_globs_select_in_the_order_of_the_ids_and_once_each(root):
    for name in ("c", "a", "b"):
        write(root, id=f"family/{name}")
    chosen = select_tasks(["family/b", "family/*"])
    assert [task.id for task in chosen] == ["family/a", "family/b", "family/c"]


def test_no_glob_selects_every_task():
    assert select_tasks([]) == list(all_tasks().values())


def test_glob_without_a_hit_is_refused_even_beside_one_with(root):
    write(root)
    with pytest.raises(InputError, match=r"no task matches 'nothing/\*'"):
        select_tasks(["family/*", "nothing/*"])


def test_unknown_task_names_the_nearest(root):
    write(root)
    with pytest.raises(InputError, match=r"'familly/one'; did you mean family/one"):
        find_task("familly/one")


def test_unknown_task_far_from_any_names_all(root):
    write(root)
    with pytest.raises(InputError, match=r"'zzz'; available: .*family/one"):
        find_task("zzz")


@pytest.mark.parametrize("task_id", KINETICS)
def test_shipped_card_is_complete(task_id):
    card = find_task(task_id).card
    assert {"train", "validation", "test", "prompt", "fresh"} == set(card.splits)
    assert card.replicas == 5
    assert card.splits["fresh"].rows > card.replicas
    assert card.citations
    assert len(card.reference_sha256) == 64
