from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.quantities import Time
from tasks.private.reading import Reading, read_recordings
from tasks.private.trajectories import read_trajectory
from tests.tasks.private.conftest import Peptide, topology

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
