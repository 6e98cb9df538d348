"""Private tasks: a user's own trajectories as tasks that run and score, and are never ranked."""
