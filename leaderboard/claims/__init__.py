"""What the papers claimed, and what the board says: verdicts by printed rules."""
