"""From cards to predictions on disk: plan, fit, answer, write; then score."""
