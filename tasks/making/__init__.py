"""How a task is made: independent pieces, frozen files, the two ends of every score."""
