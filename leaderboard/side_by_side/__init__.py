"""Rows of the board and runs side by side: how they differ, and what may be claimed of it."""
