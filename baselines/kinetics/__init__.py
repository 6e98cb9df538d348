"""Models of label sequences; ``--model some-name`` is the class in ``some_name.py``."""
