"""Molecular trajectories that users bring and take, by mdtraj."""
