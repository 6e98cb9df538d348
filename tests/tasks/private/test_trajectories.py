from __future__ import annotations

from pathlib import Path

import mdtraj
import numpy as np
import pytest
from mdtraj.formats import NetCDFTrajectoryFile

from benchmark.errors import InputError
from benchmark.quantities import Time
from tasks.private.reading import Reading, read_recordings
from tasks.private.trajectories import read_trajectory
from tests.tasks.private.conftest import Peptide, topology, write_trr

#: .xtc keeps 0.001 nm, which turns a dihedral by about 0.01 rad.
ROUNDING = 0.04


def turned(found, expected):
    """Largest angle between two sets of angles."""
    return float(np.abs(np.angle(np.exp(1j * (found - expected)))).max())


@pytest.mark.parametrize(("suffix", "tolerance"), [(".xtc", ROUNDING), (".dcd", 1e-3)])
def test_dihedrals_of_a_peptide_come_back(peptide: Peptide, tmp_path, suffix, tolerance):
    path = peptide.save(tmp_path / f"run{suffix}")
    found = read_trajectory(path, peptide.topology, ("phi", "psi"))
    assert found.kind == "angles"
    assert turned(found.values, np.concatenate([peptide.phi, peptide.psi], axis=1)) < tolerance


def test_named_dihedrals_only_and_in_their_order(peptide: Peptide, tmp_path):
    path = peptide.save(tmp_path / "run.dcd")
    found = read_trajectory(path, peptide.topology, ("omega", "psi")).values
    assert turned(found[:, :2], np.pi) < 1e-3
    assert turned(found[:, 2:], peptide.psi) < 1e-3


def test_chunks_are_joined_in_order(peptide: Peptide, tmp_path, monkeypatch):
    path = peptide.save(tmp_path / "run.xtc")
    whole = read_trajectory(path, peptide.topology, ("phi",))
    monkeypatch.setattr("tasks.private.trajectories.CHUNK_VALUES", 9 * 3 * 7)  # 60 = 8 · 7 + 4
    notes: list[str] = []
    pieces = read_trajectory(path, peptide.topology, ("phi",), notes.append)
    assert np.array_equal(whole.values, pieces.values)
    assert len(notes) == 9
    assert notes[-1] == "read run.xtc: 60 frames"


def test_interval_is_the_one_of_the_file_where_it_has_one(peptide: Peptide, tmp_path):
    for suffix, interval in ((".xtc", Time(0.5, "ps")), (".dcd", None)):
        path = peptide.save(tmp_path / f"run{suffix}")
        assert read_trajectory(path, peptide.topology, ("phi",)).interval == interval


def test_pdb_needs_no_topology(peptide: Peptide, tmp_path):
    path = peptide.save(tmp_path / "run.pdb")
    assert turned(read_trajectory(path, None, ("phi",)).values, peptide.phi) < ROUNDING


def test_several_files_are_several_recordings(peptide: Peptide, tmp_path):
    paths = [peptide.save(tmp_path / name) for name in ("one.xtc", "two.xtc")]
    found = read_recordings(paths, Reading(topology=peptide.topology))
    assert [(r.name, r.values.shape) for r in found] == [("one.xtc", (60, 4)), ("two.xtc", (60, 4))]


def test_topology_of_other_atoms_is_refused(peptide: Peptide, tmp_path):
    path = peptide.save(tmp_path / "run.xtc")
    other = tmp_path / "other.pdb"
    other.write_text("\n".join(peptide.topology.read_text().splitlines()[:8]) + "\nEND\n")
    with pytest.raises(InputError, match=r"has 9 atoms, its topology [0-8]: give the topology"):
        read_trajectory(path, other, ("psi",))


def test_missing_dihedral_names_those_there_are(peptide: Peptide, tmp_path):
    path = peptide.save(tmp_path / "run.xtc")
    with pytest.raises(InputError, match="has no chi1; it has 2 phi, 2 psi, 2 omega"):
        read_trajectory(path, peptide.topology, ("chi1",))
    with pytest.raises(InputError, match="no dihedral 'fi'; known: phi, psi"):
        read_trajectory(path, peptide.topology, ("fi",))


def test_truncated_file_is_refused(peptide: Peptide, tmp_path, capfd):
    path = peptide.save(tmp_path / "run.xtc")
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(InputError, match=r"run\.xtc is damaged or cut short: RuntimeError: XTC"):
        read_trajectory(path, peptide.topology, ("phi",))
    assert capfd.readouterr() == ("", "")  # the C library below has been silenced


@pytest.mark.parametrize("content", [b"", b"abc" * 1000])
def test_what_is_no_trajectory_is_refused(peptide: Peptide, tmp_path, content):
    path = tmp_path / "run.xtc"
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged or cut short"):
        read_trajectory(path, peptide.topology, ("phi",))


def test_missing_topology_is_refused(peptide: Peptide, tmp_path):
    path = peptide.save(tmp_path / "run.xtc")
    with pytest.raises(InputError, match="give --topology FILE"):
        read_trajectory(path, None, ("phi",))
    with pytest.raises(InputError, match="no topology"):
        read_trajectory(path, Path("absent.pdb"), ("phi",))
    with pytest.raises(InputError, match="is no topology that mdtraj reads"):
        read_trajectory(path, path, ("phi",))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (lambda t: np.where(np.arange(60) < 30, t, t + 5), "frame 29 is at 14.5 ps, the next"),
        (lambda t: t[::-1].copy(), "times do not ascend: frame 0 is at 29.5 ps"),
        (
            lambda t: np.where(np.arange(60) < 30, t, t - 15),
            "frame 29 is at 14.5 ps, the next at 0",
        ),
        (lambda t: 0 * t, "times do not ascend"),
    ],
    ids=["a gap", "backwards", "a restart", "all zero"],
)
def test_irregular_times_are_refused(peptide: Peptide, tmp_path, changed, message):
    path = peptide.save(tmp_path / "run.xtc", changed(0.5 * np.arange(60)))
    with pytest.raises(InputError, match=message):
        read_trajectory(path, peptide.topology, ("phi",))


def test_topology_without_any_dihedral_says_so(tmp_path, peptide: Peptide):
    path = peptide.save(tmp_path / "run.xtc")
    lone = tmp_path / "lone.pdb"
    peptide.trajectory[0].atom_slice([0, 1, 2]).save(str(lone))
    assert topology(1).n_atoms == 3
    with pytest.raises(InputError, match="has no phi; it has no dihedral at all"):
        read_trajectory(path, lone, ("phi",))


# ---- times that are optional ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "interval"),
    [
        (None, None),
        (np.zeros(60), None),
        (np.full(60, 9.96921e36), None),  # netCDF's filling
        (0.5 * np.arange(60), Time(0.5, "ps")),
    ],
    ids=["absent", "zero", "never written", "true"],
)
@pytest.mark.parametrize("chunk", [7, 1000])
def test_netcdf_without_times_has_no_interval(
    peptide: Peptide, tmp_path, monkeypatch, times, interval, chunk
):
    monkeypatch.setattr("tasks.private.trajectories.CHUNK_VALUES", 9 * 3 * chunk)
    path = tmp_path / "run.nc"
    with NetCDFTrajectoryFile(str(path), "w") as file:
        file.write(10 * peptide.trajectory.xyz, time=times)
    found = read_trajectory(path, peptide.topology, ("phi",))
    assert found.interval == interval
    assert turned(found.values, peptide.phi) < 1e-3


@pytest.mark.parametrize("times", [np.zeros(60), np.full(60, 7.0)])
def test_constant_times_give_way_to_the_interval_that_is_given(peptide: Peptide, tmp_path, times):
    path = peptide.save(tmp_path / "run.xtc", times)
    with pytest.raises(InputError, match=r"every frame is at \d ps; give --interval"):
        read_trajectory(path, peptide.topology, ("phi",))
    found = read_trajectory(path, peptide.topology, ("phi",), given=Time(2, "ps"))
    assert found.interval is None
    assert any("its times say nothing" in note for note in found.notes)


# ---- what the file does not hold -----------------------------------------------------------------


def test_frames_without_positions_are_left_out(peptide: Peptide, tmp_path, monkeypatch):
    monkeypatch.setattr("tasks.private.trajectories.CHUNK_VALUES", 9 * 3 * 7)
    held = np.arange(60) % 5 == 0
    path = write_trr(tmp_path / "run.trr", peptide.trajectory.xyz, held)
    found = read_trajectory(path, peptide.topology, ("phi",))
    assert found.interval == Time(2.5, "ps")
    assert turned(found.values, peptide.phi[held]) < 1e-3
    assert found.notes[0] == "48 of 60 frames hold no positions and are left out"
    write_trr(path, peptide.trajectory.xyz, ~held)
    with pytest.raises(InputError, match=r"times are not 0\.5 ps apart throughout"):
        read_trajectory(path, peptide.topology, ("phi",))
    write_trr(path, peptide.trajectory.xyz, np.zeros(60, bool))
    with pytest.raises(InputError, match="has no frame with positions"):
        read_trajectory(path, peptide.topology, ("phi",))


def test_trr_that_is_cut_short_is_refused(peptide: Peptide, tmp_path):
    path = write_trr(tmp_path / "run.trr", peptide.trajectory.xyz, np.ones(60, bool))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(InputError, match="is damaged or cut short"):
        read_trajectory(path, peptide.topology, ("phi",))


@pytest.mark.parametrize("suffix", [".xtc", ".trr", ".dcd", ".pdb"])
def test_names_beyond_ascii_are_read(peptide: Peptide, tmp_path, suffix):
    path = peptide.save(tmp_path / f"run{suffix}")
    folder = tmp_path / "Größe"
    folder.mkdir()
    path = path.rename(folder / f"Läufe{suffix}")
    topology = peptide.topology.rename(folder / "Molekül.pdb")
    found = read_trajectory(path, topology, ("phi",))
    assert found.name == f"Läufe{suffix}"
    assert turned(found.values, peptide.phi) < ROUNDING


# ---- which dihedrals -----------------------------------------------------------------------------


def test_report_names_dihedrals_by_residue(peptide: Peptide, tmp_path):
    path = peptide.save(tmp_path / "run.xtc")
    found = read_trajectory(path, peptide.topology, ("phi", "psi"))
    assert found.columns == ("phi ALA1", "phi ALA2", "psi ALA0", "psi ALA1")


def test_no_dihedral_runs_from_one_molecule_into_another(peptide: Peptide, tmp_path):
    one = peptide.trajectory
    two = mdtraj.Trajectory(np.concatenate([one.xyz, one.xyz + 2], axis=1), topology(6))
    path = tmp_path / "two.dcd"
    two.save(str(path))
    two[0].save(str(tmp_path / "two.pdb"))
    found = read_trajectory(path, tmp_path / "two.pdb", ("phi", "psi"))
    assert found.columns == ("phi ALA1", "phi ALA2", "phi ALA4", "phi ALA5",
                             "psi ALA0", "psi ALA1", "psi ALA3", "psi ALA4")  # fmt: skip
    expected = np.concatenate([peptide.phi, peptide.phi, peptide.psi, peptide.psi], axis=1)
    assert turned(found.values, expected) < 1e-3
    assert "phi ALA3, psi ALA2 would run from one molecule into another" in found.notes[-1]


def test_two_molecules_without_a_dihedral_of_their_own_are_refused(peptide: Peptide, tmp_path):
    one = peptide.trajectory.atom_slice([0, 1, 2])
    two = mdtraj.Trajectory(np.concatenate([one.xyz, one.xyz + 2], axis=1), topology(2))
    two.save(str(tmp_path / "two.dcd"))
    two[0].save(str(tmp_path / "two.pdb"))
    with pytest.raises(InputError, match="1 of 1 dihedrals join what is not bonded"):
        read_trajectory(tmp_path / "two.dcd", tmp_path / "two.pdb", ("phi",))


def scaled(peptide: Peptide, path: Path, columns: str) -> Path:
    """Write a LAMMPS dump of a box of 5 nm, with scaled or plain coordinates."""
    with path.open("w") as file:
        for number, frame in enumerate(peptide.trajectory.xyz):
            file.write(f"ITEM: TIMESTEP\n{number}\nITEM: NUMBER OF ATOMS\n{len(frame)}\n")
            file.write("ITEM: BOX BOUNDS pp pp pp\n" + 3 * "0 50\n")
            file.write(f"ITEM: ATOMS id type {columns}\n")
            values = frame / 5 if "s" in columns else 10 * frame
            for atom, place in enumerate(values, 1):
                file.write(f"{atom} 1 {' '.join(f'{x:.6f}' for x in place)}\n")
    return path


def test_scaled_coordinates_are_refused(peptide: Peptide, tmp_path):
    plain = scaled(peptide, tmp_path / "plain.lammpstrj", "x y z")
    assert turned(read_trajectory(plain, peptide.topology, ("phi",)).values, peptide.phi) < 0.01
    path = scaled(peptide, tmp_path / "scaled.lammpstrj", "xs ys zs")
    with pytest.raises(InputError, match=r"nm apart on average, .* scaled by the box \(LAMMPS xs"):
        read_trajectory(path, peptide.topology, ("phi",))


@pytest.mark.parametrize(
    ("factor", "cause"), [(0.1, "in nm, where the format has Å"), (10, "in Å, where the format")]
)
def test_coordinates_in_another_unit_are_refused(peptide: Peptide, tmp_path, factor, cause):
    peptide.trajectory.xyz *= factor
    path = peptide.save(tmp_path / "run.dcd")
    with pytest.raises(InputError, match=cause):
        read_trajectory(path, peptide.topology, ("phi",))


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 1, 0), (0, 2, 1)])
def test_atoms_in_another_order_are_refused(peptide: Peptide, tmp_path, order):
    places = np.concatenate([3 * residue + np.array(order) for residue in range(3)])
    peptide.trajectory.xyz = peptide.trajectory.xyz[:, places]
    path = peptide.save(tmp_path / "run.xtc")
    with pytest.raises(InputError, match=r"atoms in another order|atoms in the order of the top"):
        read_trajectory(path, peptide.topology, ("phi", "psi"))


def test_molecule_that_the_box_cuts_is_refused_unless_the_box_is_known(peptide: Peptide, tmp_path):
    whole = peptide.trajectory.xyz.copy()
    peptide.trajectory.xyz[20:26, 4:] += 4.0  # nm, the box
    path = peptide.save(tmp_path / "run.xtc")
    with pytest.raises(InputError, match=r"not bonded in 6 of 60 frames, first in frame 20: make"):
        read_trajectory(path, peptide.topology, ("phi",))
    peptide.trajectory.unitcell_lengths = np.full((60, 3), 4.0)
    peptide.trajectory.unitcell_angles = np.full((60, 3), 90.0)
    found = read_trajectory(peptide.save(path), peptide.topology, ("phi",))
    assert not np.array_equal(whole, peptide.trajectory.xyz)
    assert turned(found.values, peptide.phi) < ROUNDING


def test_columns_are_not_of_trajectories(peptide: Peptide, tmp_path):
    path = peptide.save(tmp_path / "run.xtc")
    with pytest.raises(InputError, match=r"--columns is for series, which .*run\.xtc is not"):
        read_recordings([path], Reading(topology=peptide.topology, columns=("1",)))
