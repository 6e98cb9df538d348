"""Tasks `md17-dft` from files like those of the real MD17: blocks, cards, and fetching them."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.quantities import ENERGY
from benchmark.registry import TASKS_VARIABLE, find_task, shipped_tasks
from benchmark.score import verify
from benchmark.tracks.superresolution import data
from benchmark.tracks.superresolution.card import superresolution_card
from benchmark.tracks.superresolution.segments import scored_frames
from tasks.md17.dft import FAMILY, blocks, make_tasks
from tasks.md17.freeze import GAPS, SPLITS
from tasks.md17.generate import N_FRAMES
from tasks.md17.molecules import load_molecule
from tasks.md17.published import PUBLISHED, Published
from tasks.md17.rmd17 import KCAL_PER_MOL
from tests.plugs import ROOT, command, one_line

#: As few frames as twelve blocks take.
WATER = Published("water", "md17_water.npz", "H2O", 60_000, 0.5)
WATER_AT = np.array([[0.0, 0.0, 0.0], [0.96, 0.0, 0.0], [-0.24, 0.93, 0.0]])  # Å


def vibrating(rest: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
    """Let every coordinate swing by 0.05 Å with a period of its own between 80 and 200 frames."""
    rng = np.random.default_rng(5)
    period, phase = rng.uniform(80, 200, rest.shape), rng.uniform(0, 2 * np.pi, rest.shape)
    frame = np.arange(frames)[:, None, None]
    return rest + 0.05 * np.sin(2 * np.pi * frame / period + phase)


def save(
    path: Path,
    numbers: NDArray[np.int64],
    positions: NDArray[np.float64],
    forces: NDArray[np.float64] | None = None,
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = len(positions)
    forces = np.zeros(positions.shape, np.float32) if forces is None else forces
    np.savez(path, R=positions, F=forces, E=np.zeros((frames, 1)), z=numbers.astype(np.uint8))
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder for tasks of this test's own."""
    monkeypatch.setenv(TASKS_VARIABLE, str(tmp_path / "tasks"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path / "tasks"


# ---- blocks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PUBLISHED)
def test_blocks_fit_every_molecule_and_are_well_apart(name: str):
    frames = PUBLISHED[name].frames
    found = blocks(frames)
    assert [len(block) for block in found] == [5_000] * 12
    assert (found[0].start, found[-1].stop) == (0, frames)
    between = [after.start - before.stop for before, after in pairwise(found)]
    # No two segments share a vibration: 1 ps and more lie between them.
    assert min(between) * PUBLISHED[name].time_step > 1_000


def test_blocks_are_frozen():
    starts = {name: [block.start for block in blocks(PUBLISHED[name].frames)] for name in PUBLISHED}
    assert starts["uracil"] == [
        0, 11706, 23412, 35119, 46825, 58531, 70238, 81944, 93650, 105357, 117063, 128770,
    ]  # fmt: skip
    assert starts["azobenzene"][-2:] == [86362, 94999]
    assert starts["malonaldehyde"][1] == 89839


# ---- tasks ------------------------------------------------------------------------------------


@pytest.fixture
def water(tmp_path: Path) -> tuple[Path, NDArray[np.float64]]:
    positions = vibrating(WATER_AT, WATER.frames)
    return save(tmp_path / WATER.filename, np.array([8, 1, 1]), positions), positions


def test_tasks_hold_the_frames_of_their_blocks(home: Path, water):
    path, positions = water
    tasks = make_tasks(WATER, path, home)
    assert [task.id for task in tasks] == [f"{FAMILY}/water-k{gap}" for gap in GAPS]
    for task in tasks:
        card = superresolution_card(find_task(task.id))
        assert (card.ranked, card.frame_time, card.time_unit) == (False, 0.5, "fs")
        assert (card.numbers, card.bonds) == ([8, 1, 1], [(0, 1), (0, 2)])
        assert {name: split.rows for name, split in card.splits.items()} == {
            "train": 8,
            "validation": 1,
            "test": 3,
        }
        assert card.metrics["mae"].floor == 1e-4
        verify(task)
    for split, numbers in SPLITS.items():
        for number, segment in zip(numbers, data.load(tasks[0], split), strict=True):
            block = blocks(WATER.frames)[number]
            truth = positions[block.start : block.stop]
            assert np.abs(segment.padded - truth).max() <= 0.5001e-6
            assert segment.n_frames == N_FRAMES - 2


def test_scale_is_the_error_of_straight_lines(home: Path, water):
    path, positions = water
    card = superresolution_card(make_tasks(WATER, path, home)[1])
    errors = []
    for block in blocks(WATER.frames)[9:]:
        x = positions[block.start + 1 : block.stop - 1]  # without the frames at both ends
        kept = (len(x) - 1) // 10
        for place in scored_frames(11, 10):
            left, right = x[::10][:kept], x[10::10][:kept]
            line = left + (right - left) * place / 10
            errors.append(np.abs(line - x[place::10][:kept]).mean())
    assert card.metrics["mae"].trivial == pytest.approx(np.mean(errors), rel=1e-4)


def test_made_again_they_are_the_same(home: Path, water):
    path, _ = water
    first = [task.card for task in make_tasks(WATER, path, home)]
    assert [task.card for task in make_tasks(WATER, path, home)] == first


def test_frames_out_of_order_are_refused(home: Path, water):
    path, positions = water
    shuffled = positions[np.random.default_rng(0).permutation(len(positions))] * 3
    save(path, np.array([8, 1, 1]), shuffled)
    with pytest.raises(InputError, match=r"an atom moves at .* they do not follow each other"):
        make_tasks(WATER, path, home)
    assert not home.exists()


def test_jump_is_found_at_its_frame(home: Path, water):
    path, positions = water
    positions[5_117:] += 0.5
    save(path, np.array([8, 1, 1]), positions)
    with pytest.raises(InputError, match=r"1\.\d Å/fs between the frames 5,116 and 5,117"):
        make_tasks(WATER, path, home)


def forced(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the forces, kcal/mol/Å, of which water's frames 0.5 fs apart are the steps."""
    forces = np.zeros_like(positions)
    masses = np.array([15.999, 1.008, 1.008])[:, None]
    second = positions[2:] - 2 * positions[1:-1] + positions[:-2]
    forces[1:-1] = ENERGY * masses * second / 0.25 / KCAL_PER_MOL
    return forces


def test_forces_that_move_the_atoms_pass_and_others_are_refused(home: Path, water):
    path, positions = water
    forces = forced(positions)
    friction = np.random.default_rng(0).normal(0, 0.3 * forces.std(), forces.shape)
    save(path, np.array([8, 1, 1]), positions, forces + friction)
    (path.parent / "md17.json").unlink(missing_ok=True)
    make_tasks(WATER, path, home)
    for wrong, message in (
        (
            6.25 * forces,
            r"accelerated 0\.16 times as much as its forces would do in frames 0",
        ),
        (forces * KCAL_PER_MOL, "frames are not 0.5 fs apart, or forces not in kcal/mol/Å"),
        (-forces, r"\(correlation -1\): frames do not follow .* or gradients"),
        (np.roll(forces, 40, axis=0), "forces are those of other frames, or gradients"),
    ):
        (path.parent / "md17.json").unlink()
        save(path, np.array([8, 1, 1]), positions, wrong)
        with pytest.raises(InputError, match=message):
            make_tasks(WATER, path, home)


def test_folder_that_cannot_be_written_is_one_line(home: Path, water):
    path, _ = water
    home.write_text("a file is in the way")
    with pytest.raises(InputError, match="cannot write into"):
        make_tasks(WATER, path, home)


# ---- from the site to a score -----------------------------------------------------------------


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve a folder as if it were the site's: a proxy on this machine answers for it."""
    folder = tmp_path / "www"
    # A proxy is asked for whole addresses, which the handler takes for paths.
    files = folder / "http:" / "www.quantum-machine.org" / "gdml" / "data" / "npz"
    files.mkdir(parents=True)
    handler = partial(_Silent, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _use_proxy(monkeypatch, server.server_port)
        yield files
        server.shutdown()


def _use_proxy(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_fetched_molecule_runs_scores_and_stays_off_the_board(home, site, tmp_path, capsys):
    uracil = load_molecule("uracil")
    positions = vibrating(uracil.positions, PUBLISHED["uracil"].frames)
    save(site / "md17_uracil.npz", uracil.numbers, positions)
    to = tmp_path / "cache"
    fetch = ["data", "fetch", "md17", "--molecule", "uracil", "--to", to]
    code, out, err = command(capsys, *fetch)
    assert code == 0, err
    assert out.split() == [
        str(to / "md17_uracil.npz"),
        *(f"md17-dft/uracil-k{gap}" for gap in (5, 10, 20, 40)),
    ]
    assert "run --model ridge --tasks 'md17-dft/uracil-k10'" in err
    sha256 = json.loads((to / "md17.json").read_text())["md17_uracil.npz"]
    assert "note: nobody has published a fingerprint of md17_uracil.npz, which came" in err
    assert f"has the SHA-256 {sha256}, compare it" in err
    assert f"it is written down in {to / 'md17.json'}" in err
    assert [tuple(bond) for bond in uracil.bonds] == find_task("md17-dft/uracil-k10").card.bonds
    shutil.rmtree(site)  # no second download
    code, again, err = command(capsys, *fetch)
    assert (code, again) == (0, out)
    assert "fingerprint" not in err

    run = ["run", "--model", "linear", "--tasks", "md17-dft/uracil-k10", "--out", tmp_path / "run"]
    code, printed, err = command(capsys, *run)
    assert code == 0, err + printed
    (unit,) = json.loads((tmp_path / "run" / "results.json").read_text())["units"]
    card = find_task("md17-dft/uracil-k10").card
    # Predictions are stored as integers of 1e-5 Å or less; E₀ is not.
    assert unit["metrics"]["mae"]["value"] == pytest.approx(card.metrics["mae"].trivial, rel=1e-2)
    assert command(capsys, "score", tmp_path / "run")[0] == 0
    assert "PBE+vdW-TS" in command(capsys, "describe", "md17-dft/uracil-k10")[1]
    assert "md17-dft/uracil-k40" in command(capsys, "list")[1]
    code, verified, _ = command(capsys, "data", "verify", "md17-dft/*")
    assert (code, verified.count(" ok")) == (0, 4)
    assert not any(task.startswith("md17-dft/") for task in shipped_tasks())


def test_verify_names_a_damaged_segment(home: Path, water, capsys):
    path, _ = water
    make_tasks(WATER, path, home)
    (home / FAMILY / "data" / "segments" / "water-09.parquet").write_bytes(b"PAR1")
    code, out, err = command(capsys, "data", "verify", "md17-dft/water-k10")
    assert code == 1
    assert err == "error: 1 of 1 tasks are damaged\n"
    assert "water-09.parquet is not a readable Parquet file" in out


def test_wrong_file_from_the_site_is_one_line(home, site, tmp_path, capsys):
    (site / "md17_uracil.npz").write_bytes(b"<html>moved</html>")
    code, _, err = command(capsys, "data", "fetch", "md17", "-m", "uracil", "--to", tmp_path / "to")
    assert code == 2
    assert one_line(err)
    assert "md17_uracil.npz is no whole .npz file" in err
    assert not home.exists()


def test_file_that_is_gone_from_the_site_says_where_to_put_it(home, site, tmp_path, capsys):
    code, _, err = command(capsys, "data", "fetch", "md17", "-m", "ethanol", "--to", tmp_path)
    assert code == 2
    assert one_line(err)
    assert f"by other means and put it at {tmp_path / 'md17_ethanol.npz'}" in err


def test_machine_without_a_connection_gets_one_line(home, tmp_path, monkeypatch, capsys):
    with socket.socket() as probe:  # a port on which nobody listens
        probe.bind(("127.0.0.1", 0))
        _use_proxy(monkeypatch, probe.getsockname()[1])
    code, _, err = command(capsys, "data", "fetch", "md17", "--to", tmp_path / "to")
    assert code == 2
    assert one_line(err)
    assert "get it from http://www.quantum-machine.org/gdml/data/npz/md17_ethanol.npz by" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["md17", "-m", "insulin"], "MD17 has no molecule 'insulin'; it has ethanol"),
        (["alanine", "-m", "ethanol"], "--molecule is for md17; alanine has none"),
        (["md71"], "nothing to fetch is called 'md71'; available: alanine, md17"),
    ],
)
def test_names_that_do_not_exist_are_one_line(home, capsys, arguments, message):
    code, _, err = command(capsys, "data", "fetch", *arguments)
    assert code == 2
    assert one_line(err)
    assert err.startswith(f"error: {message}")


def test_list_of_what_there_is_names_every_molecule(capsys):
    code, out, _ = command(capsys, "data", "fetch")
    assert code == 0
    for molecule in PUBLISHED.values():
        assert molecule.file.url in out
        assert f"{molecule.frames:,} frames of {molecule.time_step:g} fs" in out
