"""Model potentials in the plane: exact lattice chains and Langevin dynamics."""
