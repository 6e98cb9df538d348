"""The generator of md17-xtb: its physics on exact cases, its pieces on tiny ones."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from tasks.making import pieces as work_units
from tasks.md17 import generate
from tasks.md17.dynamics import (
    BOLTZMANN,
    EV_PER_U_A2_FS2,
    angular_momentum,
    kinetic_energy,
    langevin,
    remove_rigid_motion,
    velocity_verlet,
    xtb_potential,
)
from tasks.md17.molecules import GEOMETRIES, load_molecule

TIME_STEP = 0.5  # fs
FORMULAS = {
    "ethanol": "C2H6O",
    "malonaldehyde": "C3H4O2",
    "benzene": "C6H6",
    "uracil": "C4H4N2O2",
    "toluene": "C7H8",
    "salicylic_acid": "C7H6O3",
    "naphthalene": "C10H8",
    "aspirin": "C9H8O4",
}
RINGS = {"ethanol": 0, "malonaldehyde": 0, "naphthalene": 2}  # all others: one


def harmonic(x):
    """Springs of 30 eV/Å² to the origin: ω = 0.54/fs for a hydrogen."""
    return 15.0 * float((x**2).sum()), -30.0 * x


@pytest.fixture(scope="module")
def segment():
    """0.1 ps of ethanol at constant energy, after a short thermostat."""
    pytest.importorskip("tblite")
    ethanol = load_molecule("ethanol")
    potential = xtb_potential(ethanol.numbers, ethanol.positions, generate.ACCURACY)
    x, v = langevin(
        potential,
        ethanol.positions,
        ethanol.masses,
        temperature=500.0,
        friction=0.05,
        time_step=TIME_STEP,
        n_steps=100,
        rng=np.random.default_rng(1),
    )
    v = remove_rigid_motion(x, v, ethanol.masses)
    return velocity_verlet(potential, x, v, ethanol.masses, time_step=TIME_STEP, n_frames=200)


@pytest.mark.parametrize("name", GEOMETRIES)
def test_starting_geometry_has_the_formula_and_the_rings_of_its_name(name):
    molecule = load_molecule(name)
    counts = {symbol: int((molecule.numbers == z).sum()) for symbol, z in _SYMBOLS.items()}
    formula = "".join(f"{s}{n if n > 1 else ''}" for s, n in counts.items() if n)
    assert formula == FORMULAS[name]
    # connected, with as many bonds beyond a tree as there are rings
    assert len(molecule.bonds) == len(molecule.numbers) - 1 + RINGS.get(name, 1)
    valence = np.bincount(molecule.bonds.ravel())
    assert (valence[molecule.numbers == 1] == 1).all()
    # heavy atoms first
    assert (np.diff((molecule.numbers == 1).astype(int)) >= 0).all()


_SYMBOLS = {"C": 6, "H": 1, "N": 7, "O": 8}


def test_dialdehyde_has_two_aldehydes_and_a_methylene():
    molecule = load_molecule("malonaldehyde")
    hydrogens_of = dict.fromkeys(range(3), 0)
    for i, j in molecule.bonds:
        if molecule.numbers[j] == 1:
            hydrogens_of[int(i)] += 1
    assert sorted(hydrogens_of.values()) == [1, 1, 2]


def test_verlet_of_an_oscillator_has_the_discrete_frequency():
    mass = np.array([1.0])
    start = np.array([[0.1, 0.0, 0.0]])
    run = velocity_verlet(
        harmonic, start, np.zeros((1, 3)), mass, time_step=TIME_STEP, n_frames=500
    )
    # x_n = x_0 cos(nθ) with cos θ = 1 - (ωh)²/2 solves the scheme exactly
    omega = np.sqrt(30.0 / EV_PER_U_A2_FS2)
    theta = np.arccos(1 - (omega * TIME_STEP) ** 2 / 2)
    np.testing.assert_allclose(run.positions[:, 0, 0], 0.1 * np.cos(theta * np.arange(500)))


def test_langevin_reaches_the_temperature():
    # 300 free oscillators for many relaxation times: one snapshot is enough
    masses = np.full(300, 12.0)
    x, v = langevin(
        harmonic,
        np.zeros((300, 3)),
        masses,
        temperature=500.0,
        friction=0.05,
        time_step=TIME_STEP,
        n_steps=400,
        rng=np.random.default_rng(2),
    )
    half_kt = 0.5 * BOLTZMANN * 500.0
    expected, error = 900 * half_kt, half_kt * np.sqrt(2 * 900)
    assert abs(kinetic_energy(v, masses) - expected) < 4 * error
    assert abs(harmonic(x)[0] - expected) < 4 * error


def test_rigid_motion_is_removed_and_the_rest_untouched():
    rng = np.random.default_rng(3)
    x, masses = rng.normal(size=(7, 3)), rng.uniform(1, 16, 7)
    rigid = np.array([0.3, -0.1, 0.2]) + np.cross([0.5, -0.2, 0.1], x)
    inner = remove_rigid_motion(x, rng.normal(size=(7, 3)), masses)
    np.testing.assert_allclose(remove_rigid_motion(x, inner + rigid, masses), inner, atol=1e-12)
    np.testing.assert_allclose(masses @ inner, 0, atol=1e-12)
    np.testing.assert_allclose(angular_momentum(x, inner, masses), 0, atol=1e-12)


def test_velocities_follow_exactly_from_positions(segment):
    central = (segment.positions[2:] - segment.positions[:-2]) / (2 * TIME_STEP)
    np.testing.assert_allclose(central, segment.velocities[1:-1], rtol=0, atol=1e-14)


def test_segment_keeps_energy_and_neither_drifts_nor_spins(segment):
    masses = load_molecule("ethanol").masses
    total = segment.potential + segment.kinetic
    assert np.ptp(total) < 0.02 * segment.kinetic.mean()  # Verlet's ripple, not a drift
    thermal = np.abs(masses[:, None] * segment.velocities).max()
    # nothing at the start; later, what the unconverged part of the forces adds up to
    for frame, tolerance in ((0, 1e-12), (-1, 1e-4)):
        x, v = segment.positions[frame], segment.velocities[frame]
        np.testing.assert_allclose(masses @ v, 0, atol=tolerance * thermal)
        np.testing.assert_allclose(angular_momentum(x, v, masses), 0, atol=tolerance * thermal)


def test_piece_round_trips_and_is_made_once(tmp_path):
    pytest.importorskip("tblite")
    path = tmp_path / "ethanol-00.parquet"
    generate.make_segment(path, "ethanol", 0, n_frames=20, n_equilibration=20)
    positions, metadata = generate.read_segment(path)
    assert positions.shape == (20, 9, 3)
    assert metadata["atomic_numbers"] == load_molecule("ethanol").numbers.tolist()
    assert metadata["seed"] == generate.segment_seed("ethanol", 0)
    assert generate.longest_stretch(load_molecule("ethanol"), positions) < 0.5  # same atom order
    written = path.stat().st_mtime_ns
    arguments = ["-m", "ethanol", "--segments", "0", "--out", str(tmp_path)]
    result = CliRunner().invoke(generate.app, arguments)
    assert result.exit_code == 0
    assert path.stat().st_mtime_ns == written
    assert [p.name for p in tmp_path.iterdir()] == [path.name]  # no temporary left


def test_same_seed_gives_the_same_piece_and_another_segment_does_not(tmp_path):
    pytest.importorskip("tblite")
    frames = []
    for number, name in ((0, "a"), (0, "b"), (1, "c")):
        path = tmp_path / f"{name}.parquet"
        generate.make_segment(path, "ethanol", number, n_frames=3, n_equilibration=5)
        frames.append(generate.read_segment(path)[0])
    np.testing.assert_array_equal(frames[0], frames[1])
    assert np.abs(frames[0] - frames[2]).max() > 1e-3


def test_broken_bond_is_refused(tmp_path, monkeypatch):
    pytest.importorskip("tblite")
    monkeypatch.setattr(generate, "BROKEN_BOND", 0.0)
    path = tmp_path / "ethanol-00.parquet"
    with pytest.raises(RuntimeError, match="longer than at the minimum"):
        generate.make_segment(path, "ethanol", 0, n_frames=20, n_equilibration=20)
    assert not path.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "water"], "available are ethanol"),
        (["--segments", "0-12"], "there are 0-11"),
        (["--segments", "one"], "expected e.g. 0-3,7"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, monkeypatch):
    monkeypatch.setattr(generate, "require", lambda *packages: None)
    result = CliRunner().invoke(generate.app, [*arguments, "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert message in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_missing_package_says_what_to_install(capsys):
    with pytest.raises(work_units.typer.Exit) as error:
        work_units.require("numpy", "no_such_package")
    assert error.value.exit_code == 2
    assert capsys.readouterr().err.count("stridebench[generate]") == 1


def _write_unless_asked_to_fail(path, fail):
    if fail:
        raise RuntimeError("on purpose")
    path.write_text("done")


def test_failing_unit_is_reported_and_the_others_are_made(tmp_path):
    units = [
        work_units.WorkUnit(tmp_path / "bad.txt", (True,)),
        work_units.WorkUnit(tmp_path / "good.txt", (False,)),
    ]
    code = work_units.run_units(units, _write_unless_asked_to_fail, lambda path: "", workers=2)
    assert code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["good.txt"]
