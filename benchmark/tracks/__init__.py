"""One folder a track; none knows another."""
