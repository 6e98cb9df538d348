"""``data import|fetch|verify``: what they print, their exit codes, and one line for bad input."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from functools import partial
from hashlib import md5
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from benchmark import cli
from benchmark.errors import InputError
from benchmark.registry import TASKS_VARIABLE, find_task, shipped_tasks, task_roots
from benchmark.score import verify
from benchmark.tracks.kinetics.data import kinetics_reference, load_chains
from leaderboard.board import board_cards
from tasks import commands as data_commands
from tasks.making.download import FILES, PublicFile, fetch
from tasks.oracles.hidden_chain import HiddenChain
from tests.plugs import MARKOV, command, one_line, python

SHARED = Path(__file__).parents[3] / "shared" / "data"

CHAIN = HiddenChain(
    np.array([[0.96, 0.03, 0.01], [0.05, 0.92, 0.03], [0.01, 0.02, 0.97]]),
    np.arange(3, dtype=np.uint8),
)
FRAMES = 36_000
STATES = CHAIN.label(CHAIN.sample(FRAMES, 1, np.random.default_rng(7)))[0]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder for private tasks of this test's own."""
    monkeypatch.setenv(TASKS_VARIABLE, str(tmp_path / "tasks"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "tasks"


@pytest.fixture
def series(tmp_path: Path) -> Path:
    path = tmp_path / "states.npz"
    np.savez(path, states=STATES.astype(np.int32))
    return path


def bad(capsys, *arguments: object) -> str:
    """Call with bad input; give the message."""
    code, _, err = command(capsys, "data", *arguments)
    assert code == 2
    assert one_line(err), err
    return err.removeprefix("error: ").rstrip()


# ---- import -----------------------------------------------------------------------------------


def test_imported_markov_chain_has_its_populations_and_timescales(home, series, capsys):
    code, out, err = command(capsys, "data", "import", series, "--name", "m", "--interval", "2ps")
    assert code == 0, err
    task = find_task("private/m")
    card = task.card
    verify(task)
    reference = kinetics_reference(task)
    exact = CHAIN.relaxation_times(2)
    assert reference.populations == pytest.approx(CHAIN.populations(), abs=0.03)
    assert card.slowest == pytest.approx(exact[0], rel=0.15)
    assert reference.timescales[0] == pytest.approx(exact, rel=0.2)
    assert (card.frame_time, card.time_unit, card.labels) == (2.0, "ps", 3)
    assert (card.ranked, card.oracle, card.replicas) == (False, "empirical", 3)
    assert "nll_regret" in card.metrics
    assert card.generator.endswith("data import " + f"{series} --name m --interval 2ps")
    assert "python -m benchmark run --model lstm --tasks private/m" in out
    assert f"{card.slowest:,.1f} frames" in out


def test_splits_are_the_frames_of_the_file_in_their_order(home, series, capsys):
    command(capsys, "data", "import", series, "--name", "m")
    task = find_task("private/m")
    joined = [np.concatenate(load_chains(task, name)) for name in ("train", "validation")]
    joined += [np.concatenate(load_chains(task, name)) for name in ("test", "fresh")]
    assert np.array_equal(np.concatenate(joined), STATES)


def test_text_gives_the_task_of_the_same_npz_bit_for_bit(home, series, capsys, tmp_path):
    np.savetxt(tmp_path / "states.csv", STATES, fmt="%d", header="state", comments="")
    command(capsys, "data", "import", series, "--name", "one")
    command(capsys, "data", "import", tmp_path / "states.csv", "--name", "two")
    one, two = (find_task(f"private/{name}").card for name in ("one", "two"))
    assert one.fingerprints == two.fingerprints
    assert one.metrics == two.metrics


def test_stride_takes_every_kth_frame(home, series, capsys):
    command(capsys, "data", "import", series, "--name", "m", "--stride", 2, "--interval", "1ps")
    task = find_task("private/m")
    first = load_chains(task, "train")[0]
    assert np.array_equal(first, STATES[::2][: len(first)])
    assert task.card.frame_time == 2.0


def test_existing_name_is_refused_unless_forced_and_then_is_a_new_version(home, series, capsys):
    command(capsys, "data", "import", series, "--name", "m")
    message = bad(capsys, "import", series, "--name", "m")
    assert message.startswith("private/m exists")
    assert command(capsys, "data", "import", series, "--name", "m", "--force")[0] == 0
    assert find_task("private/m").card.version == 2
    left = sorted(path.name for path in (home / "private").iterdir())
    assert left == ["cards", "data"]


def test_private_task_runs_and_scores_again_the_same_and_is_never_on_the_board(
    home, series, capsys, tmp_path
):
    command(capsys, "data", "import", series, "--name", "m")
    (tmp_path / "plug.py").write_text(MARKOV)
    run = ["run", "--model", tmp_path / "plug.py", "--tasks", "private/m", "--quick"]
    code, out, err = command(capsys, *run, "--out", tmp_path / "r")
    assert code == 0, err + out
    result = json.loads((tmp_path / "r" / "results.json").read_text())
    # The chain is Markov: a Markov model loses next to nothing against the oracle.
    assert abs(result["units"][0]["metrics"]["nll_regret"]["value"]) < 0.003
    assert result["tasks"][0]["groups"]["likelihood"] > 0.7
    code, again, _ = command(capsys, "score", tmp_path / "r")
    assert code == 0
    assert again[again.index("scores") :] in out
    picture = tmp_path / "m.png"
    assert command(capsys, "describe", "private/m", "--plot", picture)[0] == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "private/m" in command(capsys, "list")[1]
    assert not any(task.startswith("private/") for task in shipped_tasks())
    assert find_task("private/m").card not in board_cards({"private/m": find_task("private/m")})


def test_without_the_variable_tasks_go_to_the_users_data_folder(monkeypatch, tmp_path):
    monkeypatch.delenv(TASKS_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert tmp_path / "stridebench" / "tasks" in task_roots()
    assert not (tmp_path / "stridebench").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--name", "Upper"], "--name 'Upper': small letters"),
        (["--name", "../up"], "--name '../up': small letters"),
        (["--name", ".x"], "--name '.x': small letters"),
        (["--interval", "0ps"], "--interval '0ps': expected a time above 0"),
        (["--lag", "1 parsec"], "--lag '1 parsec': no unit 'parsec'"),
        (["--lag", "5ps"], "--lag 5 ps: the saving interval is unknown"),
        (["--lag", "40000"], "states.npz:states has 36,000 frames, too short for the lag"),
        (["--hold", "3000"], "--hold is 3,000 frames, a chain has only 4,000"),
        (["--stride", "1000"], "too few data: 36 frames"),
        (["--stride", "4", "--replicas", "10"], "too few data: 9,000 frames"),
        (["--macrostates", "4"], "4 macrostates of 3 labels"),
        (["--degrees"], "states.npz:states: no angle is beyond 2; these look like radians"),
        (["--topology", "x.pdb"], "--topology x.pdb is given, but"),
        (["--columns", "2"], "states.npz:states has no column '2'; it has 1 to 1"),
        (["--columns", "1,,2"], "'1,,2': expected words between commas"),
    ],
)
def test_bad_flags_are_one_line_and_leave_nothing_behind(home, series, capsys, flags, message):
    name = [] if "--name" in flags else ["--name", "m"]
    assert bad(capsys, "import", series, *name, *flags).startswith(message)
    assert not home.exists()


@pytest.mark.parametrize(
    "flags",
    [
        ["--stride", "0"],
        ["--states", "1"],
        ["--states", "257"],
        ["--replicas", "1"],
        ["--macrostates", "-3"],
        ["--partition", "voronoi"],
    ],
)
def test_numbers_out_of_range_are_refused_by_their_name(home, series, capsys, flags):
    code, _, err = command(capsys, "data", "import", series, "--name", "m", *flags)
    assert code == 2
    assert f"Invalid value for '{flags[0]}'" in err


@pytest.mark.parametrize(
    ("states", "message"),
    [
        (np.zeros(20_000, int), "every frame is in the same state (0)"),
        (np.random.default_rng(0).integers(0, 2, 20_000), "the slowest process lasts"),
        (np.repeat([0, 1, 2], [8_000, 2_000, 10_000]), "macrostate 0 of 3 never occurs in the"),
        (np.repeat([0, 1], [11_000, 9_000]), "too few transitions among the held-out data"),
        (STATES[:5_000], "too few data: 5,000 frames"),
    ],
    ids=["one state", "nothing slow", "too rare", "no complete run", "too short"],
)
def test_states_that_ask_nothing_are_refused(home, capsys, tmp_path, states, message):
    np.save(tmp_path / "s.npy", states)
    assert bad(capsys, "import", tmp_path / "s.npy", "--name", "m").startswith(message)
    assert not home.exists()


def test_interval_against_the_files_own_is_refused(home, capsys, tmp_path):
    rows = np.stack([0.5 * np.arange(FRAMES), STATES], axis=1)
    np.savetxt(tmp_path / "s.csv", rows, delimiter=",", header="t_ps,state", comments="")
    message = bad(capsys, "import", tmp_path / "s.csv", "--name", "m", "--interval", "1ps")
    assert message == "--interval 1 ps: s.csv says 0.5 ps between its frames"


def test_folder_that_cannot_be_written_is_one_line(home, series, capsys):
    home.write_text("a file is in the way")
    assert bad(capsys, "import", series, "--name", "m").startswith(f"cannot write into {home}")


def test_mdshare_file_is_known_by_its_name(home, capsys, tmp_path):
    rng = np.random.default_rng(4)
    angles = np.array([[-2.5, 2.6], [-1.2, -0.6], [1.0, 0.8]])[STATES]
    angles = (angles + rng.normal(0, 0.2, angles.shape)).astype(np.float32)
    path = tmp_path / FILES["alanine"].filename
    np.savez(path, arr_0=angles[:18_000], arr_1=angles[18_000:])
    code, _, err = command(
        capsys, "data", "import", path, "--name", "ala", "--partition", "pcca", "--states", 3
    )
    assert code == 0, err
    card = find_task("private/ala").card
    assert (card.frame_time, card.time_unit, card.labels) == (1.0, "ps", 3)
    assert card.citations == [FILES["alanine"].citation]
    assert card.slowest == pytest.approx(CHAIN.relaxation_times(1)[0], rel=0.2)


def test_import_says_what_is_rare(home, capsys, tmp_path):
    slow = HiddenChain(np.array([[0.999, 0.001], [0.001, 0.999]]), np.arange(2, dtype=np.uint8))
    np.save(tmp_path / "s.npy", slow.label(slow.sample(36_000, 1, np.random.default_rng(3)))[0])
    code, out, err = command(capsys, "data", "import", tmp_path / "s.npy", "--name", "m")
    assert code == 0, err
    assert "2 of 2 transitions between macrostates were seen fewer than 10 times" in out
    assert "a training replica lasts only" in out


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the public trajectories")
def test_real_xtc_becomes_a_task(home, capsys):
    folder = SHARED / "alanine_xtc"
    source = [folder / "protein_only.xtc", "--topology", folder / "alaTB.gro"]
    code, out, err = command(capsys, "data", "import", *source, "--name", "ala")
    assert code == 0, err
    card = find_task("private/ala").card
    assert (card.frame_time, card.time_unit) == (1.0, "ps")
    assert 10 < card.slowest < 100
    assert "10,003" in out


# ---- fetch ------------------------------------------------------------------------------------

CONTENT = b"angles" * 1000


@pytest.fixture
def served(tmp_path: Path) -> Iterator[PublicFile]:
    """Serve a file on this machine."""
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "angles.npz").write_bytes(CONTENT)
    handler = partial(_Silent, directory=str(tmp_path / "www"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/angles.npz"
        yield PublicFile("a", url, len(CONTENT), md5(CONTENT).hexdigest(), "", "", "")
        server.shutdown()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_file_is_fetched_verified_and_then_kept(served, tmp_path):
    path = fetch(served, tmp_path / "to", show=False)
    assert path == tmp_path / "to" / "angles.npz"
    assert path.read_bytes() == CONTENT
    (tmp_path / "www" / "angles.npz").unlink()  # no second download
    assert fetch(served, tmp_path / "to", show=False) == path


def test_file_put_there_by_hand_is_verified(served, tmp_path):
    path = tmp_path / "angles.npz"
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(InputError, match=r"has 5,999 bytes, expected 6,000; remove it"):
        fetch(served, tmp_path)
    path.write_bytes(b"A" + CONTENT[1:])
    with pytest.raises(InputError, match=f"has MD5 .*, expected {served.md5}"):
        fetch(served, tmp_path)
    path.write_bytes(CONTENT)
    assert fetch(served, tmp_path) == path


def test_server_that_sends_something_else_leaves_nothing(served, tmp_path):
    (tmp_path / "www" / "angles.npz").write_bytes(b"an error page")
    with pytest.raises(InputError, match="sends something else than expected"):
        fetch(served, tmp_path / "to", show=False)
    assert list((tmp_path / "to").iterdir()) == []


def test_file_that_is_gone_from_the_server_is_said(served, tmp_path):
    (tmp_path / "www" / "angles.npz").unlink()
    with pytest.raises(InputError, match=r"cannot fetch angles\.npz .* by other means"):
        fetch(served, tmp_path / "to", show=False)


def test_machine_without_a_connection_gets_one_line(capsys, monkeypatch, tmp_path):
    with socket.socket() as probe:  # a port on which nobody listens
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    message = bad(capsys, "fetch", "alanine", "--to", tmp_path)
    file = FILES["alanine"]
    assert f"get it from {file.url} by other means" in message
    assert message.endswith(f"put it at {tmp_path / file.filename}")
    assert list(tmp_path.iterdir()) == []


def test_files_come_over_https_and_their_fingerprints_are_known():
    for file in FILES.values():
        assert file.url.startswith("https://")
        assert len(file.md5) == 32
        assert file.bytes


def test_fetch_without_a_name_lists_what_there_is(capsys):
    code, out, _ = command(capsys, "data", "fetch")
    assert code == 0
    for file in FILES.values():
        assert file.name in out
        assert file.url in out
        assert file.licence in out


def test_unknown_name_to_fetch_or_import_is_refused(capsys, home):
    message = "nothing to fetch is called 'insulin'; available: alanine"
    assert bad(capsys, "fetch", "insulin") == f"{message}, md17"
    assert bad(capsys, "import", "mdshare:insulin", "--name", "m") == message


# ---- verify -----------------------------------------------------------------------------------


def test_verify_prints_a_line_a_task(toy, capsys):
    code, out, _ = command(capsys, "data", "verify", "toy/*")
    rows = sum(split.rows for split in toy.card.splits.values())
    frames = sum(split.frames for split in toy.card.splits.values())
    assert code == 0
    assert [" ".join(line.split()) for line in out.splitlines() if line.startswith("toy/")] == [
        f"toy/three {rows} rows {frames:,} frames "
        f"{sum(path.stat().st_size for path in toy.data.iterdir()):,} bytes ok"
    ]


def test_verify_names_every_damage(toy, capsys, tmp_path, monkeypatch):
    shutil.copytree(toy.path.parents[1], tmp_path / "tasks" / "toy")
    data = tmp_path / "tasks" / "toy" / "data" / "three"
    (data / "train.parquet").write_bytes(b"PAR1")
    (data / "fresh.parquet").unlink()
    (data / "reference.json").write_text("{}")
    monkeypatch.setenv(TASKS_VARIABLE, str(tmp_path / "tasks"))
    code, out, err = command(capsys, "data", "verify", "toy/*")
    assert code == 1
    assert err == "error: 1 of 1 tasks are damaged\n"
    assert "damaged" in out
    for name in ("train.parquet", "fresh.parquet", "reference.json"):
        assert str(data / name) in out
    assert "test.parquet" not in out


def test_verify_of_an_unknown_task_is_bad_input(capsys):
    assert bad(capsys, "verify", "absent/*").startswith("no task matches 'absent/*'")


# ---- help -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["import", "fetch", "verify", "export"])
def test_help_gives_an_example(capsys, name):
    assert {found.name or found.callback.__name__ for found in data_commands.app.registered_commands
            } == {"import", "fetch", "verify", "export"}  # fmt: skip
    code, out, _ = command(capsys, "data", name, "--help")
    assert code == 0
    assert f"Example: python -m benchmark data {name}" in " ".join(out.split())


def test_data_is_among_the_commands(capsys):
    assert "data" in {group.name for group in cli.app.registered_groups}
    assert "Import your own trajectories" in command(capsys, "--help")[1]


def test_help_imports_no_heavy_library():
    done = python(
        "-c",
        "import sys; sys.argv = ['benchmark', 'data', 'import', '--help']\n"
        "import atexit, runpy\n"
        "heavy = {'mdtraj', 'pooch', 'deeptime', 'numpy', 'pandas', 'scipy', 'torch'}\n"
        "atexit.register(lambda: print('heavy:', sorted(heavy & set(sys.modules))))\n"
        "runpy.run_module('benchmark', run_name='__main__')",
    )
    assert done.stdout.splitlines()[-1] == "heavy: []", done.stderr
