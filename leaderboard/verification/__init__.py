"""How far a row is verified: self-reported, scored again from its predictions, or run again."""
