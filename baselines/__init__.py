"""The answers we ship: one readable file a model."""
