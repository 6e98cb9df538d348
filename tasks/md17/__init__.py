"""md17: fill in the missing frames of eight small molecules vibrating at 500 K."""
