"""Riboswitch-like force spectroscopy: a finite hidden Markov chain with known parameters."""
