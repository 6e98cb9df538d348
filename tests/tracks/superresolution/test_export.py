"""Reconstructions as trajectories: what mdtraj reads back, and what cannot be written."""

from __future__ import annotations

from pathlib import Path

import mdtraj
import numpy as np
import pytest

from benchmark.task import Task
from benchmark.tracks.superresolution.data import truth
from benchmark.tracks.superresolution.measures import reconstructed
from benchmark.trajectories.writing import rounded, written
from tests.plugs import command, one_line, tasks_in
from tests.tracks.superresolution.water import TIME_STEP, WATER, finished_run, freeze_water

#: Å. An .xtc rounds, but not so few atoms; see the test of `rounded`.
PRECISION = {".trr": 1e-6, ".dcd": 1e-6, ".xtc": 1e-6}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("export")
    with tasks_in(root / "roots"):
        task = freeze_water(root / "roots")
        yield finished_run(root / "runs" / "linear", [task], "linear", seeds=2)


@pytest.fixture(scope="module")
def water(run: Path) -> Task:
    from benchmark.registry import find_task

    return find_task(WATER)


def unit(run: Path, seed: int = 0) -> Path:
    return run / "units" / "water--k10" / f"r0-s{seed}"


@pytest.mark.parametrize("suffix", PRECISION)
def test_exported_trajectory_is_the_prediction_to_the_precision_of_the_format(
    run, water, tmp_path, capsys, suffix
):
    out = tmp_path / f"new/w{suffix}"
    code, said, _ = command(capsys, "export", run, "--seed", 1, "--segment", 2, "--to", out)
    assert code == 0
    assert f"written: {out} (201 frames 0.5 fs apart" in said
    read = mdtraj.load(str(out), top=str(out.with_suffix(".pdb")))
    expected = reconstructed(water, unit(run, 1))[2]
    assert np.abs(read.xyz * 10 - expected).max() < PRECISION[suffix]
    if suffix != ".dcd":
        np.testing.assert_allclose(read.time * 1000, np.arange(201) * TIME_STEP, atol=1e-4)
    assert read.unitcell_vectors is None
    assert set(tmp_path.joinpath("new").iterdir()) == {out.with_suffix(".pdb"), out}


def test_pdb_beside_it_has_elements_bonds_and_the_first_frame(run, water, tmp_path, capsys):
    command(capsys, "export", run, "--seed", 0, "--to", tmp_path / "w.trr")
    read = mdtraj.load(str(tmp_path / "w.pdb"))
    assert [atom.element.symbol for atom in read.top.atoms] == ["O", "H", "H"]
    assert [(a.index, b.index) for a, b in read.top.bonds] == [(0, 1), (0, 2)]
    np.testing.assert_allclose(read.xyz[0] * 10, truth(water)[0].positions[0], atol=1e-3)


def test_truth_is_written_beside_if_asked(run, water, tmp_path, capsys):
    command(capsys, "export", run, "--seed", 0, "--to", tmp_path / "w.dcd", "--truth")
    read = mdtraj.load(str(tmp_path / "w-truth.dcd"), top=str(tmp_path / "w-truth.pdb"))
    assert np.abs(read.xyz * 10 - truth(water)[0].positions).max() < 1e-6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "w.trr"], "give --task water/k10 --seed 0, or --task water/k10 --seed 1"),
        (["--to", "w.trr", "--seed", "7"], "no unit --seed 7; it has --task water/k10 --seed 0"),
        (["--to", "w.trr", "--task", "water/k9"], "no unit --task water/k9; it has"),
        (["--to", "w.gif", "--seed", "0"], "expected a name that ends in .trr, .dcd or .xtc"),
        (["--to", "w.trr", "--seed", "0", "--segment", "4"], "--segment 4: water/k10 has 4"),
        (["--to", "there.trr", "--seed", "0"], "there.pdb exists; take another --to, or --force"),
        (["--to", "file/w.trr", "--seed", "0"], "cannot write file/w.trr: "),
    ],
)
def test_bad_export_is_one_line(run, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    for name in ("there.pdb", "file"):
        (tmp_path / name).write_text("mine")
    code, _, err = command(capsys, "export", run, *arguments)
    assert code == 2
    assert one_line(err), err
    assert message in err
    assert {path.name for path in tmp_path.iterdir()} == {"there.pdb", "file"}


def test_folder_that_is_no_run_and_damaged_predictions_are_one_line(tmp_path, capsys, run, water):
    _, _, err = command(capsys, "export", tmp_path, "--to", tmp_path / "w.trr")
    assert one_line(err)
    assert "is not a run" in err
    broken = finished_run(tmp_path / "broken", [water], "linear")
    (unit(broken) / "positions.parquet").write_bytes(b"no")
    _, _, err = command(capsys, "export", broken, "--to", tmp_path / "w.trr")
    assert one_line(err)
    assert "positions.parquet is damaged" in err


def test_force_replaces(run, tmp_path, capsys):
    (tmp_path / "w.pdb").write_text("mine")
    code, _, _ = command(capsys, "export", run, "--seed", 0, "--to", tmp_path / "w.trr", "--force")
    assert code == 0
    assert (tmp_path / "w.pdb").read_text() != "mine"


@pytest.mark.parametrize(("n_atoms", "coarse"), [(9, False), (10, True)])
def test_xtc_of_more_than_nine_atoms_is_said_to_be_rounded_and_is(tmp_path, n_atoms, coarse):
    path = tmp_path / "w.xtc"
    top = mdtraj.Topology()
    residue = top.add_residue("UNL", top.add_chain())
    for atom in range(n_atoms):
        top.add_atom(f"C{atom}", mdtraj.element.carbon, residue)
    positions = np.random.default_rng(0).normal(size=(50, n_atoms, 3))
    with written(path, top) as writer:
        writer.write(positions, np.arange(50) * TIME_STEP)
    error = np.abs(mdtraj.load(str(path), top=top).xyz * 10 - positions).max()
    assert rounded(path, n_atoms) is coarse
    assert error < 0.0051
    assert bool(error > 0.001) == coarse
    assert not rounded(path.with_suffix(".trr"), n_atoms)
