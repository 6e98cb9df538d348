"""Molecules: masses and bonds, and the starting geometries of the eight of `md17-xtb`.

The geometries are GFN2-xTB minima (largest force below 3 meV/Å), heavy atoms first.
`malonaldehyde` is the dialdehyde, OHC-CH2-CHO, not the enol; `salicylic_acid` has its
intramolecular hydrogen bond.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ATOMIC_NUMBERS = {"H": 1, "C": 6, "N": 7, "O": 8}
MASSES = {1: 1.008, 6: 12.011, 7: 14.007, 8: 15.999}  # u, IUPAC abridged standard weights
COVALENT_RADII = {1: 0.31, 6: 0.76, 7: 0.71, 8: 0.66}  # Å, Cordero 2008, doi:10.1039/b801115j


@dataclass(frozen=True)
class Molecule:
    """A molecule and where its atoms are.

    Attributes
    ----------
    name : str
    numbers : int64, shape (atoms,)
        Atomic numbers.
    positions : float64, shape (atoms, 3) or (frames, atoms, 3)
        Å. Of a molecule that moves, several frames: its bonds then go by mean distances.
    """

    name: str
    numbers: NDArray[np.int64]
    positions: NDArray[np.float64]

    @property
    def masses(self) -> NDArray[np.float64]:
        """Atomic masses in u, shape (atoms,)."""
        return np.array([MASSES[int(z)] for z in self.numbers])

    @property
    def bonds(self) -> NDArray[np.int64]:
        """Bonded pairs (i < j), shape (bonds, 2): closer than 1.25 times the covalent radii."""
        radii = np.array([COVALENT_RADII[int(z)] for z in self.numbers])
        i, j = np.triu_indices(len(self.numbers), k=1)
        apart = self.positions[..., i, :] - self.positions[..., j, :]
        distances = np.linalg.norm(apart, axis=-1).reshape(-1, len(i)).mean(axis=0)
        bonded = distances < 1.25 * (radii[i] + radii[j])
        return np.stack([i[bonded], j[bonded]], axis=1)


def load_molecule(name: str) -> Molecule:
    """Return the molecule called `name`, one of `GEOMETRIES`."""
    rows = [line.split() for line in GEOMETRIES[name].split("\n") if line.strip()]
    numbers = np.array([ATOMIC_NUMBERS[row[0]] for row in rows])
    return Molecule(name, numbers, np.array([[float(x) for x in row[1:]] for row in rows]))


GEOMETRIES = {  # element, x, y, z in Å
    "ethanol": """
        C  -1.0100   0.1887   0.0000
        C   0.5106   0.1823   0.0000
        O   0.9514  -1.1598   0.0000
        H   1.9133  -1.1791   0.0000
        H   0.8863   0.7070  -0.8911
        H   0.8863   0.7070   0.8911
        H  -1.3790  -0.3282   0.8815
        H  -1.3796   1.2102   0.0000
        H  -1.3790  -0.3282  -0.8815
    """,
    "malonaldehyde": """
        C  -0.3468   0.5133   0.0000
        C   1.1648   0.4451   0.0212
        C  -0.8477  -0.9144  -0.0212
        O   1.8601   0.5509  -0.9444
        O  -1.2059  -1.5198   0.9443
        H   1.5805   0.2578   1.0266
        H  -0.8288  -1.3701  -1.0265
        H  -0.7027   1.0088   0.9028
        H  -0.6735   1.0284  -0.9028
    """,
    "benzene": """
        C   0.0000   1.3846   0.0000
        C  -1.1991   0.6923   0.0000
        C  -1.1991  -0.6923   0.0000
        C   0.0000  -1.3846   0.0000
        C   1.1991  -0.6923   0.0000
        C   1.1991   0.6923   0.0000
        H   0.0000   2.4651   0.0000
        H  -2.1348   1.2325   0.0000
        H  -2.1348  -1.2325   0.0000
        H   0.0000  -2.4651   0.0000
        H   2.1348  -1.2325   0.0000
        H   2.1348   1.2325   0.0000
    """,
    "uracil": """
        N   0.0124   1.3528   0.0000
        C  -1.2189   0.7214   0.0000
        N  -1.1380  -0.6469   0.0000
        C   0.0127  -1.4391   0.0000
        C   1.2424  -0.6637   0.0000
        C   1.1962   0.6782   0.0000
        O  -2.2558   1.3351   0.0000
        O  -0.0764  -2.6433   0.0000
        H  -0.0103   2.3627   0.0000
        H  -2.0231  -1.1426   0.0000
        H   2.1722  -1.2041   0.0000
        H   2.0867   1.2895   0.0000
    """,
    "toluene": """
        C   0.0000   0.7143  -0.0119
        C  -1.1947   0.0054  -0.0057
        C  -1.1964  -1.3781   0.0020
        C   0.0000  -2.0743   0.0044
        C   1.1964  -1.3781   0.0020
        C   1.1947   0.0054  -0.0057
        C   0.0000   2.2133  -0.0041
        H  -2.1321   0.5439  -0.0088
        H  -2.1343  -1.9146   0.0042
        H   0.0000  -3.1544   0.0065
        H   2.1343  -1.9146   0.0042
        H   2.1321   0.5439  -0.0088
        H   0.0000   2.5810   1.0228
        H   0.8855   2.6036  -0.5007
        H  -0.8855   2.6036  -0.5007
    """,
    "salicylic_acid": """
        C   0.0842   0.5128   0.0000
        C  -1.1438  -0.1813   0.0000
        C  -1.1271  -1.5791   0.0000
        C   0.0662  -2.2657   0.0000
        C   1.2784  -1.5816   0.0000
        C   1.2843  -0.2062   0.0000
        C   0.0819   1.9748   0.0000
        O  -2.3265   0.4387   0.0000
        O  -0.9274   2.6618   0.0000
        O   1.2944   2.5381   0.0000
        H  -2.0740  -2.0953   0.0000
        H   0.0592  -3.3455   0.0000
        H   2.2084  -2.1284   0.0000
        H   2.2132   0.3423   0.0000
        H  -2.1750   1.4105   0.0000
        H   1.2035   3.5039   0.0000
    """,
    "naphthalene": """
        C  -1.2347   1.3921   0.0000
        C  -2.4140   0.7020   0.0000
        C  -2.4140  -0.7020   0.0000
        C  -1.2347  -1.3921   0.0000
        C   0.0000  -0.7100   0.0000
        C   0.0000   0.7100   0.0000
        C   1.2347   1.3921   0.0000
        C   1.2347  -1.3921   0.0000
        C   2.4140  -0.7020   0.0000
        C   2.4140   0.7020   0.0000
        H  -1.2303   2.4732   0.0000
        H  -3.3561   1.2309   0.0000
        H  -3.3561  -1.2309   0.0000
        H  -1.2303  -2.4732   0.0000
        H   1.2303   2.4732   0.0000
        H   1.2303  -2.4732   0.0000
        H   3.3561  -1.2309   0.0000
        H   3.3561   1.2309   0.0000
    """,
    "aspirin": """
        C   1.0830   0.1300   0.2606
        C  -0.0838  -0.6388   0.2744
        C  -0.0036  -2.0204   0.3879
        C   1.2262  -2.6444   0.4829
        C   2.3909  -1.8935   0.4445
        C   2.3150  -0.5205   0.3320
        C   1.1164   1.6112   0.1838
        O  -1.3495  -0.0879   0.1935
        O   2.0853   2.2413  -0.1524
        O  -0.0157   2.2146   0.5810
        C  -1.6688   0.6842  -0.8672
        O  -0.9513   0.8546  -1.8119
        C  -3.0441   1.2617  -0.6874
        H  -0.9196  -2.5908   0.3962
        H   1.2738  -3.7189   0.5738
        H   3.3527  -2.3791   0.5020
        H   3.2060   0.0881   0.3016
        H   0.0923   3.1758   0.5025
        H  -2.9693   2.1187  -0.0210
        H  -3.4344   1.5854  -1.6472
        H  -3.7014   0.5285  -0.2296
    """,
}
