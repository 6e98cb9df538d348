"""How far the hidden frames of a segment are from the true ones."""
