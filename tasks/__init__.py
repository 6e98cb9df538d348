"""The questions: one folder a family, with its cards, frozen data and generator."""
