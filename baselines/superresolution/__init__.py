"""Models that fill in hidden frames; ``--model some-name`` is the class in ``some_name.py``."""
