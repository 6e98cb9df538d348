"""``upsample``: exact cases, what it says of a user's trajectory, and a line for all bad input."""

from __future__ import annotations

import json
import os
import pty
import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import mdtraj
import numpy as np
import pytest
from mdtraj.formats import TRRTrajectoryFile

from benchmark.errors import InputError
from benchmark.loading import load_model
from benchmark.quantities import ENERGY
from benchmark.registry import find_task
from benchmark.tracks.superresolution import upsampling
from benchmark.tracks.superresolution.card import superresolution_card
from benchmark.tracks.superresolution.check import tiny_segment
from benchmark.tracks.superresolution.metrics.errors import superresolution_errors
from benchmark.tracks.superresolution.segments import READABLE, CoarseSegment, DenseSegment
from benchmark.trajectories.reading import read_trajectory
from benchmark.trajectories.writing import molecule_topology, written
from tests.plugs import SAVED, command, one_line, tasks_in
from tests.tracks.superresolution.water import (
    GAP,
    TIME_STEP,
    WATER,
    begun_run,
    finished_run,
    freeze_water,
)

SPACING = GAP * TIME_STEP  # fs
REST = np.array([[0.0, 0.0, 0.0], [0.96, 0.0, 0.0], [-0.24, 0.93, 0.0]])

PLUG = """
import numpy as np

class Plug:
    reads = {"positions"}

    def __init__(self, answer: str = "nan"):
        self.answer = answer

    def fit(self, train, validation, context):
        self.fitted = True

    def reconstruct(self, coarse):
        frames = np.zeros((coarse.n_frames, 3, 3))
        if coarse.n_frames == 201:  # a test segment
            return frames
        if self.answer == "raise":
            raise RuntimeError("no idea")
        return frames * np.nan
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """Run three models on the task of water, and one on two gaps of it."""
    root = tmp_path_factory.mktemp("upsample")
    with tasks_in(root / "roots"):
        task = freeze_water(root / "roots")
        for model in ("linear", "hermite5", "ridge"):
            finished_run(root / model, [task], model)
        other = freeze_water(root / "roots", gap=20, name="k20")
        finished_run(root / "two", [task, other], "linear", seeds=2)
        yield root


@pytest.fixture
def files(tmp_path, monkeypatch, runs) -> Path:
    """Give a folder of trajectories to work in: ``pdb``, and the coarse ``line`` and ``water``."""
    monkeypatch.chdir(tmp_path)
    pdb(tmp_path / "w.pdb")
    save(tmp_path / "line.trr", line(6))
    save(tmp_path / "water.trr", tiny_segment(201, 4).positions[::GAP])
    return tmp_path


def pdb(path: Path, elements: str = "OHH") -> Path:
    top = mdtraj.Topology()
    residue = top.add_residue("LIG", top.add_chain())
    for number, symbol in enumerate(elements):
        element = mdtraj.element.Element.getBySymbol(symbol)
        top.add_atom(f"{symbol}{number}", element, residue)
    xyz = np.zeros((1, len(elements), 3))
    xyz[0, :3] = REST[: len(elements)] / 10
    mdtraj.Trajectory(xyz, top).save_pdb(str(path))
    return path


def line(kept: int, spacing: float = SPACING) -> np.ndarray:
    """Water that flies on a straight line, (kept, 3, 3) in Å."""
    times = np.arange(kept)[:, None, None] * spacing
    return REST + [1.0, 2.0, 3.0] + times * [0.01, -0.004, 0.002]


def save(path: Path, positions, spacing: float = SPACING, times=None, box=None) -> Path:
    """Write Å and fs by mdtraj, whatever the format."""
    top = mdtraj.load_topology(str(pdb(path.with_name("top.tmp.pdb"))))
    times = np.arange(len(positions)) * spacing if times is None else times
    cell = {}
    if box is not None:
        cell = {
            "unitcell_lengths": np.full((len(positions), 3), box / 10),
            "unitcell_angles": np.full((len(positions), 3), 90.0),
        }
    mdtraj.Trajectory(positions / 10, top, time=np.asarray(times) / 1000, **cell).save(str(path))
    path.with_name("top.tmp.pdb").unlink()
    return path


def save_trr(path: Path, segment: DenseSegment) -> Path:
    """Write kept frames with velocities and forces, in the units of GROMACS."""
    kept = slice(None, None, GAP)
    n = len(segment.positions[kept])
    with TRRTrajectoryFile(str(path), "w") as file:
        file._write(
            (segment.positions[kept] / 10).astype(np.float32),
            (np.arange(n) * SPACING / 1000).astype(np.float32),
            np.arange(n, dtype=np.int32),
            np.zeros((n, 3, 3), np.float32),
            np.zeros(n, np.float32),
            (segment.velocities[kept] * 100).astype(np.float32),  # nm/ps
            (segment.forces[kept] / 1.0364270e-3).astype(np.float32),  # kJ/mol/nm
        )
    return path


def upsample(capsys, runs, *arguments, model="linear", factor=GAP):
    return command(
        capsys, "upsample", "--model", runs / model, "--factor", factor, "--topology", "w.pdb",
        "--trajectory", *arguments,
    )  # fmt: skip


def refused(capsys, runs, *arguments, **options) -> str:
    """Give the one line that an input is refused with."""
    before = {path.name for path in Path().iterdir()}
    code, _, err = upsample(capsys, runs, *arguments, **options)
    assert code == 2
    last = err.splitlines(keepends=True)[-1]
    assert one_line(last), err
    assert all(one.startswith("note: ") for one in err.splitlines()[:-1]), err
    assert {path.name for path in Path().iterdir()} == before  # nothing half written
    return last


# ---- what comes out ---------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "precision"), [(".trr", 2e-6), (".dcd", 2e-6), (".xtc", 2e-6)])
def test_straight_line_is_filled_exactly_by_linear(files, runs, capsys, suffix, precision):
    code, said, err = upsample(capsys, runs, "line.trr", "--to", f"out{suffix}")
    assert (code, err) == (0, "")
    assert f"written: out{suffix} (51 frames 0.5 fs apart" in said
    assert "frames a second" in said
    read = mdtraj.load(f"out{suffix}", top="out.pdb")
    assert np.abs(read.xyz * 10 - line(51, TIME_STEP)).max() < precision
    if suffix != ".dcd":
        np.testing.assert_allclose(read.time * 1000, np.arange(51) * TIME_STEP, atol=1e-4)


def test_kept_frames_come_back_as_they_were_and_times_go_on_from_the_first(files, runs, capsys):
    save(files / "late.trr", tiny_segment(201, 4).positions[::GAP], times=300 + np.arange(21) * 5)
    code, said, _ = upsample(capsys, runs, "late.trr")
    assert code == 0
    assert "written: late-x10.trr (201 frames" in said
    read, given = (mdtraj.load(name, top="w.pdb") for name in ("late-x10.trr", "late.trr"))
    np.testing.assert_allclose(read.xyz[::GAP], given.xyz, atol=1e-7)
    np.testing.assert_allclose(read.time * 1000, 300 + np.arange(201) * TIME_STEP, atol=1e-3)


def test_topology_of_the_user_is_kept_and_gets_bonds(files, runs, capsys):
    assert mdtraj.load_topology("w.pdb").n_bonds == 0
    upsample(capsys, runs, "line.trr", "--to", "out.trr")
    top = mdtraj.load_topology("out.pdb")
    assert [residue.name for residue in top.residues] == ["LIG"]
    assert top.n_bonds == 2


@pytest.mark.parametrize("model", ["hermite5", "ridge"])
def test_velocities_and_forces_of_a_trr_are_read_in_its_units(files, runs, capsys, model):
    segment = tiny_segment(201, 4)
    save_trr(files / "full.trr", segment)
    code, _, err = upsample(capsys, runs, "full.trr", "--to", "out.trr", model=model)
    assert (code, err) == (0, "")
    made = mdtraj.load("out.trr", top="w.pdb").xyz * 10
    unit = upsampling.units_done(runs / model)[0]
    fitted = upsampling.load_fitted(unit, lambda fraction, note: None)
    expected = fitted.reconstruct(segment.coarse(GAP, fitted.reads))
    # Single precision of forces: 1e-7 of some eV/Å, times h² / m.
    assert np.abs(made - expected).max() < 1e-5
    assert np.abs(made - segment.positions).max() < 0.03


def write_frames(path: Path, segment: DenseSegment, held: dict[str, np.ndarray]) -> Path:
    """Write kept frames as GROMACS does, each with what ``held`` says that it holds."""
    kept = segment.coarse(GAP, READABLE)
    arrays = {
        "positions": kept.positions / 10,
        "velocities": kept.velocities * 100,  # nm/ps
        "forces": kept.forces / 1.0364270e-3,  # kJ/mol/nm
    }
    with path.open("wb") as file:
        for frame in range(len(kept.positions)):
            shown = [array[frame] for name, array in arrays.items() if held[name][frame]]
            sizes = [36 * int(held[name][frame]) for name in arrays]
            file.write(struct.pack(">3i12s", 1993, 13, 12, b"GMX_trn_file"))
            file.write(
                struct.pack(">13i2f", *[0] * 7, *sizes, 3, frame, 0, SPACING * frame / 1000, 0)
            )
            file.write(b"".join(array.astype(">f4").tobytes() for array in shown))
    return path


def test_frames_of_a_trr_without_velocities_are_not_read_as_numbers(files, runs, capsys):
    segment, all_ = tiny_segment(201, 4), np.ones(21, bool)
    some = np.arange(21) % 2 == 0
    held = {"positions": all_, "velocities": some, "forces": all_}
    read = read_trajectory(write_frames(files / "some.trr", segment, held), files / "w.pdb")
    assert read.velocities is None
    assert np.abs(read.forces - segment.coarse(GAP, READABLE).forces).max() < 1e-5
    error = refused(capsys, runs, "some.trr", model="hermite5")
    assert "reads velocities, and some.trr holds velocities in 11 of 21 frames only" in error
    assert upsample(capsys, runs, "some.trr", "--to", "out.trr")[0] == 0  # positions are enough


def test_frames_of_a_trr_without_positions_are_left_out_aloud(files, runs, capsys):
    segment, all_ = tiny_segment(201, 4), np.ones(21, bool)
    first = np.arange(21) < 11
    held = {"positions": first, "velocities": all_, "forces": first}
    write_frames(files / "first.trr", segment, held)
    read = read_trajectory(files / "first.trr", files / "w.pdb")
    kept = segment.coarse(GAP, READABLE)
    assert np.abs(read.positions - kept.positions[:11]).max() < 1e-5
    assert np.abs(read.velocities - kept.velocities[:11]).max() < 1e-5
    assert np.abs(read.forces - kept.forces[:11]).max() < 1e-5
    code, said, err = upsample(capsys, runs, "first.trr", "--to", "out.trr")
    assert (code, err) == (0, "note: 10 frames of first.trr hold no positions and are left out\n")
    assert "101 frames" in said
    write_frames(files / "none.trr", segment, held | {"positions": ~all_})
    assert "none.trr holds no positions" in refused(capsys, runs, "none.trr")


@pytest.mark.parametrize(
    ("what", "factor", "guess"),
    [
        ("velocities", 10.0, "as if they were in Å/ps; expected nm/ps"),
        ("forces", 1 / 41.84, "as if they were in kcal/mol/Å; expected kJ/mol/nm"),
    ],
)
def test_units_that_no_trr_holds_are_refused_and_named(files, runs, capsys, what, factor, guess):
    segment = tiny_segment(201, 4)
    wrong = {what: factor * getattr(segment, what)}
    save_trr(files / "wrong.trr", SimpleNamespace(**{**whole(segment), **wrong}))
    error = refused(capsys, runs, "wrong.trr", model="hermite5")
    assert f"wrong.trr: its {what} do not fit its positions: they are " in error
    assert guess in error


def whole(segment: DenseSegment) -> dict[str, np.ndarray]:
    return {name: getattr(segment, name) for name in sorted(READABLE)}


def test_what_cannot_be_told_is_said(files, runs, capsys):
    save_trr(files / "full.trr", tiny_segment(201, 4))
    _, said, _ = upsample(capsys, runs, "full.trr", "--to", "out.trr", model="hermite5")
    assert "not checked: full.trr: frames 5 fs apart are too far apart to tell whether" in said


def test_npz_of_our_units_needs_no_topology(files, runs, capsys):
    segment = tiny_segment(201, 4)
    kept = slice(None, None, GAP)
    np.savez(
        files / "w.npz", positions=segment.positions[kept], velocities=segment.velocities[kept],
        forces=segment.forces[kept], times=np.arange(21) * SPACING, numbers=[8, 1, 1],
    )  # fmt: skip
    code, _, err = command(
        capsys, "upsample", "--model", runs / "hermite5", "--trajectory", "w.npz", "--factor", GAP
    )
    assert (code, err) == (0, "")
    made = mdtraj.load("w-x10.trr", top="w-x10.pdb")
    expected = (
        load_model("hermite5")
        .build()
        .reconstruct(segment.coarse(GAP, frozenset({"positions", "velocities", "forces"})))
    )
    assert np.abs(made.xyz * 10 - expected).max() < 2e-6


def test_hidden_frames_are_compared_by_the_rules_of_the_benchmark(files, runs, capsys):
    segment = tiny_segment(201, 4)
    save(files / "fine.trr", segment.positions, TIME_STEP)
    code, said, error = upsample(capsys, runs, "fine.trr", "--hidden", "--to", "out.trr")
    assert code == 0, error
    fine = read_trajectory(files / "fine.trr", files / "w.pdb")
    made = load_model("linear").build().reconstruct(segment.coarse(GAP, frozenset({"positions"})))
    errors = superresolution_errors([made], [segment], GAP, np.array([[0, 1], [0, 2]]))
    assert len(fine.positions) == 201
    assert f"{1000 * errors['mae'].value:.0f}" in said
    assert said.count("linear") >= 2  # the run's name, and what it is compared with


def test_file_without_times_is_taken_at_its_word(files, runs, capsys):
    save(files / "line.dcd", line(6))
    code, _, err = upsample(capsys, runs, "line.dcd")
    assert code == 0
    assert err == (
        "note: line.dcd holds no times; its frames are taken to be 5 fs apart (check: --spacing)\n"
    )
    code, _, err = upsample(capsys, runs, "line.dcd", "--spacing", "5 fs", "--force")
    assert (code, err) == (0, "")


def test_periodic_box_is_kept_between_frames(files, runs, capsys):
    save(files / "box.trr", line(6), box=20.0)
    for suffix in (".trr", ".dcd"):
        assert upsample(capsys, runs, "box.trr", "--to", f"out{suffix}", "--force")[0] == 0
        read = mdtraj.load(f"out{suffix}", top="out.pdb")
        np.testing.assert_allclose(read.unitcell_lengths, 2.0, rtol=1e-6)
        np.testing.assert_allclose(read.unitcell_angles, 90.0, rtol=1e-6)


@pytest.mark.parametrize("model", ["linear", "cubic-spline", "ridge"])
def test_pieces_of_a_long_trajectory_fit_together(runs, monkeypatch, model):
    segment = tiny_segment(3_001, 8)
    fitted = load_model(model, track="superresolution").build()
    if model == "ridge":
        unit = upsampling.units_done(runs / model)[0]
        fitted = upsampling.load_fitted(unit, lambda fraction, note: None)
    coarse = segment.coarse(GAP, frozenset(fitted.reads))
    far = np.array([1e4, 0.0, -3e3])
    coarse = replace(coarse, positions=coarse.positions + far)
    monkeypatch.setattr(upsampling, "PIECE", 700)
    pieces = list(upsampling.reconstruct(fitted, coarse))
    assert len(pieces) > 3
    joined = np.concatenate(pieces)
    whole = fitted.reconstruct(segment.coarse(GAP, frozenset(fitted.reads))) + far
    np.testing.assert_allclose(joined, whole, atol=1e-9, rtol=0)
    assert (joined[::GAP] == coarse.positions).all()


# ---- which model ------------------------------------------------------------------------------


def test_unit_is_chosen_by_factor_and_listed_where_several_fit(files, runs, capsys):
    error = refused(capsys, runs, "line.trr", model="two")
    assert "several units that fit; give --task water/k10 --seed 0, or" in error
    assert upsample(capsys, runs, "line.trr", "--seed", 1, "--to", "o.trr", model="two")[0] == 0
    error = refused(capsys, runs, "line.trr", model="two", factor=7)
    assert "--factor 7: " in error
    assert "was trained for the factor 10, 20" in error
    error = refused(capsys, runs, "line.trr", "--task", "water/k20", "--seed", 0, model="two")
    assert "was trained for the factor 20" in error


def test_fitted_model_that_is_gone_is_one_line(files, runs, capsys, tmp_path):
    run = finished_run(tmp_path / "gone", [find_task(WATER)], "ridge")
    for path in (run / "units/water--k10/r0-s0/model").iterdir():
        path.unlink()
    save_trr(files / "full.trr", tiny_segment(201, 4))
    error = refused(capsys, tmp_path, "full.trr", model="gone")
    assert "no fitted model came with this run" in error


@pytest.mark.parametrize(
    ("answer", "message"),
    [("nan", "reconstruct gave NaN or infinite positions"), ("raise", "RuntimeError: no idea")],
)
def test_model_that_fails_is_one_line(files, runs, capsys, tmp_path, plug, answer, message):
    finished_run(tmp_path / "plug", [find_task(WATER)], plug(PLUG, "bad"), answer=answer)
    error = refused(capsys, tmp_path, "line.trr", "--trust", model="plug")
    assert f"the model fails on this trajectory: {message}" in error


def test_model_whose_code_has_changed_is_noted(files, runs, capsys, tmp_path, plug):
    path = plug(PLUG.replace("frames * np.nan", "frames"), "changed")
    finished_run(tmp_path / "changed", [find_task(WATER)], path)
    with Path(path).open("a") as file:
        file.write("# another\n")
    code, _, err = upsample(capsys, tmp_path, "line.trr", "--trust", model="changed")
    assert code == 0
    assert "note: the code of the model has changed since" in err


SPY = """
from pathlib import Path
Path("imported").touch()
"""


@pytest.mark.parametrize("how", ["{path}", "{path}:Plug", "foreign", "foreign.part:Plug"])
def test_code_that_a_run_names_is_not_imported_without_consent(
    files, runs, capsys, tmp_path, monkeypatch, plug, how
):
    path = plug(PLUG.replace("frames * np.nan", "frames"), "foreign")
    run = finished_run(tmp_path / "theirs", [find_task(WATER)], path)
    Path(path).write_text(SPY + Path(path).read_text())
    package = files / "foreign"
    package.mkdir()
    (package / "__init__.py").write_text(SPY)
    monkeypatch.syspath_prepend(str(files))
    said = json.loads((run / "run.json").read_text())
    said["spec"] = how.format(path=path)
    (run / "run.json").write_text(json.dumps(said))
    error = refused(capsys, tmp_path, "line.trr", model="theirs")
    assert f"names a model that is not shipped, {said['spec']}, and this runs its code" in error
    assert "if you trust it, add --trust" in error
    assert not (files / "imported").exists()


def test_code_that_a_run_names_is_run_with_consent(files, runs, capsys, tmp_path, plug):
    path = plug(PLUG.replace("frames * np.nan", "frames"), "theirs")
    finished_run(tmp_path / "theirs", [find_task(WATER)], path)
    assert upsample(capsys, tmp_path, "line.trr", "--trust", model="theirs")[0] == 0


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 2), ("\n", 2), ("", 1)])
def test_person_at_a_terminal_is_asked(files, runs, tmp_path, plug, answer, code):
    path = plug(PLUG.replace("frames * np.nan", "frames"), "theirs")
    finished_run(tmp_path / "theirs", [find_task(WATER)], path)
    arguments = ["upsample", "--model", tmp_path / "theirs", "--factor", GAP, "--topology", "w.pdb"]
    ended, shown = at_a_terminal([*arguments, "--trajectory", "line.trr"], answer)
    assert ended == code
    assert "Do you trust it? [y/N]" in " ".join(shown.split())
    assert (files / "line-x10.trr").exists() == (code == 0)


def at_a_terminal(arguments: list[object], answer: str) -> tuple[int, str]:
    """Call ``benchmark`` at a terminal of its own, and answer it; give exit code and output."""
    master, slave = pty.openpty()
    call = [sys.executable, "-m", "benchmark", *map(str, arguments)]
    with subprocess.Popen(call, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        os.write(master, answer.encode() or b"\x04")  # the end of the input
        shown = b""
        with suppress(OSError):  # how a terminal on Linux ends
            while piece := os.read(master, 1 << 16):
                shown += piece
    os.close(master)
    return process.returncode, shown.decode()


def test_run_of_the_other_track_has_nothing_to_offer(files, runs, capsys, toy, plug, tmp_path):
    begun_run(tmp_path / "kinetics", [toy], plug(SAVED))
    error = refused(capsys, tmp_path, "line.trr", model="kinetics")
    assert "has no super-resolution unit that is done" in error


# ---- bad trajectories -------------------------------------------------------------------------


def test_wrong_atom_count_or_order_is_refused_and_names_the_first_atom(files, runs, capsys):
    pdb(files / "w.pdb", "HOH")
    assert (
        "w.pdb: atom 0 (from 0) is H where water has O; its atoms are O H H, in this order"
        in refused(capsys, runs, "line.trr")
    )
    pdb(files / "w.pdb", "OHHH")
    assert "line.trr has 3 atoms, its topology 4" in refused(capsys, runs, "line.trr")
    save(files / "line.dcd", line(6))
    error = refused(capsys, runs, "line.dcd")
    assert "line.dcd has other atoms than its topology, which has 4" in error
    np.savez(files / "w.npz", positions=np.zeros((3, 4, 3)), numbers=[8, 1, 1, 1])
    code, _, err = command(
        capsys, "upsample", "--model", runs / "linear", "--trajectory", "w.npz", "--factor", GAP
    )
    assert code == 2
    assert "w.npz: 4 atoms where water has 3 (cut the molecule out first)" in err


def test_same_elements_in_another_order_are_seen_by_the_bonds(files, runs, capsys):
    rotated = tiny_segment(201, 4).positions[::GAP].copy()
    rotated[:, 2] += [5.0, 0.0, 0.0]
    save(files / "apart.trr", rotated)
    error = refused(capsys, runs, "apart.trr")
    assert "atoms 0 and 2 (from 0), bonded in water, are " in error
    assert "its atoms are in another order, or a bond crosses a periodic box" in error


@pytest.mark.parametrize(("value", "shown"), [(np.nan, "nan"), (np.inf, "inf")])
def test_positions_that_are_not_finite_are_refused(files, runs, capsys, value, shown):
    broken = line(6)
    broken[3, 1, 2] = value
    save(files / "broken.dcd", broken)
    error = refused(capsys, runs, "broken.dcd")
    assert f"broken.dcd: positions are not finite: {shown} in frame 3, atom 1" in error


def test_times_not_equally_spaced_or_of_another_spacing_are_refused(files, runs, capsys):
    save(files / "uneven.trr", line(6), times=np.array([0, 5, 10, 16, 20, 25]))
    assert "times are not 5 fs apart throughout" in refused(capsys, runs, "uneven.trr")
    save(files / "wide.trr", line(6), 2 * SPACING)
    assert "wide.trr: its frames are 10 fs apart; the model was trained for 5 fs" in refused(
        capsys, runs, "wide.trr"
    )
    save(files / "line.dcd", line(6))
    assert "--spacing says that frames are 1 fs apart; the model was trained for 5 fs" in refused(
        capsys, runs, "line.dcd", "--spacing", "1fs"
    )
    assert "--spacing 3: expected a time with a unit" in refused(
        capsys, runs, "line.dcd", "--spacing", "3"
    )
    assert "no unit 'minutes'" in refused(capsys, runs, "line.dcd", "--spacing", "3minutes")


def test_factor_that_does_not_divide_a_fine_trajectory_is_refused(files, runs, capsys):
    save(files / "fine.trr", tiny_segment(204, 4).positions, TIME_STEP)
    error = refused(capsys, runs, "fine.trr", "--hidden")
    assert (
        "--hidden: the factor 10 does not divide fine.trr: 204 frames are 203 steps; "
        "a last kept frame needs 201 frames" in error
    )


@pytest.mark.parametrize("model", ["hermite5", "ridge"])
def test_forces_asked_of_a_trajectory_without_them_are_refused(files, runs, capsys, model):
    error = refused(capsys, runs, "water.trr", model=model)
    assert "reads forces and velocities, and water.trr holds none (a .trr or an .npz can)" in error
    assert "models that read positions only: cubic-spline, " in error
    assert "linear" in error
    assert "--set reads=positions" in error


def test_periodic_crossings_are_refused_with_advice(files, runs, capsys):
    split = line(6)
    split[2:, 1] += [0.0, 12.0, 0.0]
    save(files / "split.trr", split, box=12.0)
    error = refused(capsys, runs, "split.trr")
    assert "atoms 0 and 1 (from 0), bonded in water, are 12" in error
    assert "in frame 2 and 0.9" in error
    assert "a bond crosses the periodic box; make it whole (gmx trjconv -pbc whole" in error
    jumping = line(6)
    jumping[4:] += [0.0, 0.0, 12.0]
    save(files / "jump.trr", jumping, box=12.0)
    error = refused(capsys, runs, "jump.trr")
    assert "it jumps by more than half of it from frame 3 to the next" in error
    assert "-pbc nojump" in error
    save(files / "jump.dcd", jumping)
    error = refused(capsys, runs, "jump.dcd")
    assert "jump.dcd: atom 0 (from 0) jumps by 12 Å from frame 3 to the next" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.trr"], "no trajectory none.trr"),
        (["w.txt"], "w.txt is no trajectory: expected .arc, "),
        (["line.trr", "--topology", "none.pdb"], "no topology none.pdb"),
        (["cut.trr"], "cut.trr is damaged or cut short: "),
        (["one.trr"], "one.trr has 1 frame(s); a gap is between two"),
        (["empty.npz"], "empty.npz has no array 'positions' (Å); it has x"),
        (["flat.npz"], "flat.npz: positions have shape (6, 9), expected (frames, atoms, 3)"),
        (["odd.npz"], "odd.npz: velocities are float64 of shape (2, 3, 3), expected numbers of"),
        (["no.npz"], "no.npz is no .npz of numbers: "),
        (["line.trr", "--to", "line.trr"], "line.trr is an input, which would be overwritten"),
        (["line.trr", "--to", "w.trr", "--force"], "w.pdb is an input, which would be overwritten"),
        (["line.trr", "--to", "out.gif"], "cannot write 'out.gif': expected a name that ends in"),
        (["line.trr", "--to", "water.trr"], "water.trr exists; take another --to, or --force"),
        (["line.trr", "--to", "w.txt/out.trr"], "cannot write w.txt/out.trr: "),
    ],
)
def test_bad_files_are_one_line(files, runs, capsys, arguments, message):
    (files / "w.txt").write_text("no")
    (files / "cut.trr").write_bytes((files / "line.trr").read_bytes()[:100])
    (files / "no.npz").write_bytes(b"PK no")
    save(files / "one.trr", line(1))
    np.savez(files / "empty.npz", x=1)
    np.savez(files / "flat.npz", positions=np.zeros((6, 9)))
    np.savez(files / "odd.npz", positions=line(6), velocities=np.zeros((2, 3, 3)))
    assert message in refused(capsys, runs, *arguments)


def test_coordinates_without_a_topology_are_refused(files, runs, capsys):
    base = ["upsample", "--model", runs / "linear", "--factor", GAP, "--trajectory"]
    _, _, err = command(capsys, *base, "line.trr")
    assert "line.trr holds coordinates alone; give --topology FILE" in err
    np.savez(files / "bare.npz", positions=line(6))
    _, _, err = command(capsys, *base, "bare.npz")
    assert "bare.npz has no atomic 'numbers'; add them, or give --topology FILE" in err


def test_error_while_writing_leaves_no_file_and_the_old_one(files, runs):
    card = superresolution_card(find_task(WATER))
    top = molecule_topology(card.numbers, card.bonds)
    (files / "old.trr").write_text("old")

    def half() -> None:
        with written(files / "old.trr", top) as writer:
            writer.write(line(6), np.arange(6) * 5.0)
            raise InputError("stop")

    with pytest.raises(InputError, match="stop"):
        half()
    assert (files / "old.trr").read_text() == "old"
    assert not (files / "old.pdb").exists()


def test_units_of_a_trr_are_those_of_gromacs():
    from benchmark.trajectories.reading import TRR_FORCE, TRR_VELOCITY

    # A force of 1 kJ/mol/nm gives 1 u a velocity of 1 nm/ps in 1 ps.
    acceleration = TRR_FORCE / ENERGY  # Å/fs² of 1 u
    assert acceleration * 1_000 == pytest.approx(TRR_VELOCITY)


def test_coarse_segment_holds_only_what_the_model_reads(files, runs):
    save_trr(files / "full.trr", tiny_segment(201, 4))
    read = read_trajectory(files / "full.trr", files / "w.pdb")
    card = superresolution_card(find_task(WATER))
    model = load_model("linear").build()
    coarse = upsampling.coarse_segment(read, card, model, "linear")
    assert isinstance(coarse, CoarseSegment)
    assert coarse.velocities is None
    assert coarse.forces is None
    assert read.forces is not None
