"""stridebench: a benchmark suite and leaderboard for learned molecular dynamics."""

__version__ = "0.1.0"
