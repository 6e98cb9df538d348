"""Frozen data and prediction files on disk, and what they may hold."""
