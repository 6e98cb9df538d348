"""Trajectories are written and read under any name, though mdtraj opens ASCII only."""

from __future__ import annotations

import mdtraj
import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.trajectories.paths import ascii_path
from benchmark.trajectories.reading import read_trajectory
from benchmark.trajectories.writing import written


def water() -> mdtraj.Topology:
    top = mdtraj.Topology()
    residue = top.add_residue("HOH", top.add_chain())
    for symbol in ("O", "H", "H"):
        top.add_atom(symbol, mdtraj.element.Element.getBySymbol(symbol), residue)
    return top


@pytest.mark.parametrize("suffix", [".trr", ".dcd", ".xtc"])
def test_names_beyond_ascii_are_written_and_read(tmp_path, suffix):
    path = tmp_path / "Größe" / f"Läufe{suffix}"
    positions = np.random.default_rng(0).normal(size=(5, 3, 3))
    with written(path, water()) as file:
        file.write(positions, 0.5 * np.arange(5))
    assert {one.name for one in path.parent.iterdir()} == {"Läufe.pdb", f"Läufe{suffix}"}
    found = read_trajectory(path, path.with_suffix(".pdb"))
    assert np.allclose(found.positions, positions, atol=0.006)


def test_ascii_names_are_used_as_they_are(tmp_path):
    with ascii_path(tmp_path / "run.xtc") as name:
        assert name == str(tmp_path / "run.xtc")


def test_no_place_for_a_link_is_a_line(tmp_path, monkeypatch):
    folder = tmp_path / "ä"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    link = ascii_path(folder / "run.xtc")
    with pytest.raises(InputError, match="mdtraj opens no such name; rename it in ASCII"):
        link.__enter__()
