"""The errors a person can cause, each a single line that says what to do."""


class InputError(Exception):
    """What was asked for cannot be done as asked: bad name, bad file, bad option (exit code 2)."""


class ModelError(Exception):
    """A model broke its contract on one unit; the unit scores as trivial, the run goes on."""


def named(error: BaseException) -> str:
    """Give an error's type and the first line of its message."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
