"""Several calls in one run folder at once: one of them makes it, none undoes what another did."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.files import create_text
from benchmark.run.folder import open_run, read_run
from benchmark.run.sharing import add_call, join_run, ran_on
from tests.plugs import MARKOV
from tests.run.test_runner import contents, wanted


@pytest.fixture
def request_of(plug):
    """Give what describes a run of the same model each time."""
    path = plug(MARKOV)
    return lambda **changes: wanted(path, **changes)


def test_first_call_makes_the_run_and_the_others_add_nothing(request_of, tmp_path):
    run = request_of()
    for index in range(1, 4):
        assert join_run(tmp_path / "run", run, run.units[index::3], f"{index:08d}") == run
    assert list(contents(tmp_path / "run")) == ["run.json"]


def test_of_many_calls_at_once_one_makes_the_run_and_all_find_it(request_of, tmp_path):
    run, joined, start = request_of(), [], threading.Barrier(16)

    def join(index: int) -> None:
        start.wait()
        joined.append(join_run(tmp_path / "run", run, [], f"{index:08d}"))

    calls = [threading.Thread(target=join, args=(index,)) for index in range(16)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert joined == [run] * 16
    assert list(contents(tmp_path / "run")) == ["run.json"]


def test_call_that_asks_for_more_adds_it_and_run_json_stays_as_it_is(request_of, tmp_path):
    folder = tmp_path / "run"
    join_run(folder, request_of(replicas=2), [], "00000001")
    before = (folder / "run.json").read_bytes()
    joined = join_run(folder, request_of(replicas=2, seeds=3), [], "00000002")
    assert (folder / "run.json").read_bytes() == before
    assert joined == read_run(folder)
    assert [(key.replica, key.seed) for key in joined.units] == [(0, 0), (1, 0), (0, 1), (0, 2)]
    assert [call.config.seeds for call in joined.earlier] == [3]
    # What was known is not written again.
    (call,) = (folder / "calls").iterdir()
    assert [key["seed"] for key in json.loads(call.read_text())["units"]] == [1, 2]


def test_call_on_another_machine_is_in_the_provenance_once(request_of, tmp_path):
    folder, run = tmp_path / "run", request_of()
    join_run(folder, run, [], "00000001")
    for mark in ("00000002", "00000003"):
        join_run(folder, ran_on(run, {"processor": "that one"}), [], mark)
    found = read_run(folder)
    assert [call.provenance for call in found.earlier] == [{"processor": "that one"}]
    assert found.units == run.units
    assert len(list((folder / "calls").iterdir())) == 1


def test_later_run_takes_over_what_calls_have_added(request_of, tmp_path):
    folder = tmp_path / "run"
    join_run(folder, request_of(replicas=1), [], "00000001")
    join_run(folder, request_of(replicas=3), [], "00000002")
    opened = open_run(folder, request_of(replicas=2), fresh=False)
    assert opened == read_run(folder)
    assert [key.replica for key in opened.units] == [0, 1, 2]
    assert {call.config.replicas for call in opened.earlier} == {1, 3}


def test_place_that_is_known_is_not_added_again(request_of, tmp_path):
    run = request_of()
    open_run(tmp_path / "run", run, fresh=False)
    assert add_call(tmp_path / "run", run, run, "00000001") == run
    assert list(contents(tmp_path / "run")) == ["run.json"]


@pytest.mark.parametrize(
    ("change", "name"),
    [({"spec": "other.py"}, "model"), ({"source_sha256": "0"}, "version of the model's file")],
)
def test_call_of_another_model_is_refused_and_changes_nothing(request_of, tmp_path, change, name):
    run = request_of()
    join_run(tmp_path / "run", run, [], "00000001")
    before = contents(tmp_path / "run")
    with pytest.raises(InputError, match=f"holds a run with another {name}; take another --out"):
        join_run(tmp_path / "run", run.model_copy(update=change), [], "00000002")
    assert contents(tmp_path / "run") == before


def test_folder_with_other_things_in_it_is_refused(request_of, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="is not empty and is not a run"):
        join_run(tmp_path / "run", request_of(), [], "00000001")
    assert list(contents(tmp_path / "run")) == ["thesis.tex"]


def test_file_in_the_place_of_the_folder_is_refused(request_of, tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(InputError, match="take another --out"):
        join_run(tmp_path / "run", request_of(), [], "00000001")


def test_what_a_killed_call_has_left_is_removed_when_it_is_made_again(request_of, tmp_path):
    folder, run = tmp_path / "run", request_of()
    folder.mkdir()
    (folder / ".run.json.00000001.tmp").write_text("half")
    own, others = run.units[0].folder(folder), run.units[1].folder(folder)
    for unit in (own, others):
        unit.mkdir(parents=True)
        (unit / ".samples.parquet.abcdefgh.tmp").write_text("half")
    shutil.copytree(folder / "units", tmp_path / "units")
    shutil.rmtree(folder / "units")
    # Another call makes the run while that file lies there …
    join_run(folder, run, run.units[1:2], "00000002")
    shutil.copytree(tmp_path / "units", folder / "units")
    # … and what is under way in the units of others is left alone.
    join_run(folder, run, run.units[:1], "00000001")
    left = [name for name in contents(folder) if name.endswith(".tmp")]
    assert left == [str((others / ".samples.parquet.abcdefgh.tmp").relative_to(folder))]


def test_damaged_call_is_refused_by_its_name(request_of, tmp_path):
    join_run(tmp_path / "run", request_of(), [], "00000001")
    create_text(tmp_path / "run" / "calls" / "0.json", "{", "00000001")
    with pytest.raises(InputError, match=r"calls/0\.json is damaged"):
        read_run(tmp_path / "run")


def test_run_folder_that_cannot_be_written_is_refused(request_of):
    with pytest.raises(InputError, match=r"cannot write /proc/run/run\.json"):
        join_run(Path("/proc/run"), request_of(), [], "00000001")
