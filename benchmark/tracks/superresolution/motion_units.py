"""Units that velocities and forces come in, told by how many times too large they are."""

from __future__ import annotations

import math

#: Numbers that 1 Å/fs is in other units. CODATA 2018.
VELOCITIES = {
    "Å/fs": 1.0,
    "nm/ps": 100.0,
    "Å/ps": 1_000.0,
    "nm/fs": 0.1,
    "m/s": 1e5,
    "ASE's units, √(eV/u)": 10.1805,
    "AMBER's units, Å in 1/20.455 ps": 48.888,
    "atomic units": 1 / 21.8769,
}

#: Numbers that 1 eV/Å is in other units. CODATA 2018.
FORCES = {
    "eV/Å": 1.0,
    "kcal/mol/Å": 23.0605,
    "kJ/mol/nm": 964.853,
    "kJ/mol/Å": 96.4853,
    "Hartree/Bohr": 1 / 51.4221,
    "Hartree/Å": 1 / 27.2114,
    "Rydberg/Bohr": 1 / 25.7110,
}

UNITS = {"velocities": VELOCITIES, "forces": FORCES}

#: What a file must hold: a .trr has units of its own, an .npz those of this program.
OF_TRR = {"velocities": "nm/ps", "forces": "kJ/mol/nm"}
OURS = {"velocities": "Å/fs", "forces": "eV/Å"}

#: A factor as near to that of a unit names it.
NEAR = 1.6

#: Of factors: units nearer to each other than this (in ln) cannot be told apart.
ALIKE = 0.1


def expected_unit(what: str, name: str) -> str:
    """Give the unit in which a file of this name holds ``velocities`` or ``forces``."""
    return (OF_TRR if name.lower().endswith(".trr") else OURS)[what]


def as_if(what: str, expected: str, factor: float) -> str:
    """Say in which unit numbers would be that are ``factor`` times too large.

    Parameters
    ----------
    what : str
        ``velocities`` or ``forces``.
    expected : str
        The unit they should be in, a key of `VELOCITIES` or `FORCES`.
    factor : float
    """
    units = UNITS[what]

    def distance(unit: str) -> float:
        return abs(math.log(units[unit] / units[expected] / factor))

    others = sorted((unit for unit in units if unit != expected), key=distance)
    near = [u for u in others if distance(u) < min(math.log(NEAR), distance(others[0]) + ALIKE)]
    known = f"as if they were in {' or '.join(near)}" if near else "in no known unit"
    size = f"{factor:.2g} times too large" if factor > 1 else f"{1 / factor:.2g} times too small"
    return f"they are {size}, {known}; expected {expected}"
