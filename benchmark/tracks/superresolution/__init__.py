"""The super-resolution track: fill in the hidden frames of test segments."""
