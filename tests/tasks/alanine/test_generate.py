"""The generator of alanine dipeptide: dihedrals, restarts, and the start itself."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from tasks.alanine import generate

SHORT = generate.Protocol(equilibration_frames=5, n_frames=45, checkpoint_frames=20)


def test_dihedral_of_a_staggered_chain_is_plus_sixty_degrees():
    angle = np.radians(60)
    chain = np.array([[[1, 0, 0], [0, 0, 0], [0, 0, 1], [np.cos(angle), np.sin(angle), 1.0]]])
    np.testing.assert_allclose(generate.dihedral(chain, (0, 1, 2, 3)), 60)
    np.testing.assert_allclose(generate.dihedral(chain * [1, -1, 1], (0, 1, 2, 3)), -60)


def test_dihedrals_equal_those_of_mdtraj():
    mdtraj = pytest.importorskip("mdtraj")
    frame = mdtraj.load(str(generate.START))
    rng = np.random.default_rng(1)
    frame.xyz = frame.xyz + rng.normal(scale=0.05, size=(200, 22, 3)).astype(np.float32)  # nm
    frame.time = np.arange(200)
    for atoms, compute in ((generate.PHI, mdtraj.compute_phi), (generate.PSI, mdtraj.compute_psi)):
        indices, expected = compute(frame)
        assert tuple(indices[0]) == atoms
        ours = generate.dihedral(frame.xyz.astype(float), atoms)
        difference = (ours - np.degrees(expected[:, 0]) + 180) % 360 - 180
        np.testing.assert_allclose(difference, 0, atol=0.01)  # mdtraj works in single precision


def test_integers_round_to_half_degrees_and_wrap_once():
    degrees = np.array([-180.0, -179.8, -0.2, 0.3, 179.7, 179.8, 180.0])
    expected = [-360, -360, 0, 1, 359, -360, -360]
    np.testing.assert_array_equal(generate.to_integers(degrees), expected)


def test_start_is_l_alanine():
    mdtraj = pytest.importorskip("mdtraj")
    frame = mdtraj.load(str(generate.START))
    x = {atom.name: frame.xyz[0, atom.index] for atom in frame.topology.residue(1).atoms}
    # seen from HA, CO → R → N is clockwise (the CORN rule): the triple product is positive
    n, c, cb = (x[name] - x["CA"] for name in ("N", "C", "CB"))
    assert np.dot(np.cross(n, c), cb) > 0


def test_interrupted_run_goes_on_from_its_checkpoint_to_the_same_end(tmp_path, monkeypatch):
    pytest.importorskip("openmm")
    straight = tmp_path / "straight" / "run-000.parquet"
    generate.make_run(straight, 0, SHORT)
    expected, metadata = generate.read_run(straight)
    assert expected.shape == (SHORT.n_frames, 2)
    assert metadata["seed"] == generate.run_seed(0)
    assert metadata["frame_ps"] == pytest.approx(0.1)

    path = tmp_path / "interrupted" / "run-000.parquet"
    simulated: list[int] = []

    def interrupt_third_block(context, n_frames, steps):
        if len(simulated) == 2:
            raise KeyboardInterrupt
        simulated.append(n_frames)
        return original(context, n_frames, steps)

    original = generate.simulate
    monkeypatch.setattr(generate, "simulate", interrupt_third_block)
    with pytest.raises(KeyboardInterrupt):
        generate.make_run(path, 0, SHORT)
    assert not path.exists()
    simulated.clear()
    generate.make_run(path, 0, SHORT)
    assert simulated == [10]  # 5 + 45 frames, of which 40 were there
    np.testing.assert_array_equal(generate.read_run(path)[0], expected)
    assert not list((tmp_path / ".partial").iterdir())


def test_checkpoint_of_another_protocol_is_ignored(tmp_path):
    pytest.importorskip("openmm")
    path = tmp_path / "runs" / "run-001.parquet"
    partial = tmp_path / ".partial" / "run-001.npz"
    context = generate.build_context(SHORT, seed=1)
    generate._checkpoint(context, partial, "something else", [np.zeros((20, 2), np.int16)])
    generate.make_run(path, 1, SHORT)
    assert len(generate.read_run(path)[0]) == SHORT.n_frames


def test_heavy_hydrogens_leave_the_total_mass_and_bonds_are_constrained():
    openmm = pytest.importorskip("openmm")
    context = generate.build_context(SHORT, seed=1)
    system = context.getSystem()
    masses = [system.getParticleMass(i)._value for i in range(system.getNumParticles())]
    assert sum(masses) == pytest.approx(144.17, abs=0.02)  # C6H12N2O2
    assert masses.count(3.0) == 12
    assert system.getNumConstraints() == 12
    assert any(isinstance(force, openmm.GBSAOBCForce) for force in system.getForces())
    generate.simulate(context, 20, SHORT.steps_per_frame)
    positions = context.getState(positions=True).getPositions(asNumpy=True)._value
    for index in range(system.getNumConstraints()):
        i, j, length = system.getConstraintParameters(index)
        distance = np.linalg.norm(positions[i] - positions[j])
        assert distance == pytest.approx(length._value, rel=1e-5)


def test_run_already_there_is_not_made_again(tmp_path):
    pytest.importorskip("openmm")
    path = tmp_path / "run-002.parquet"
    path.write_bytes(b"here")
    result = CliRunner().invoke(generate.app, ["--runs", "2", "--out", str(tmp_path)])
    assert result.exit_code == 0
    assert path.read_bytes() == b"here"


def test_unknown_run_is_bad_input(tmp_path, monkeypatch):
    monkeypatch.setattr(generate, "require", lambda *packages: None)
    result = CliRunner().invoke(generate.app, ["--runs", "54", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "there are 0-53" in result.output
