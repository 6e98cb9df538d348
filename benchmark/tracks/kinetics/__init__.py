"""The kinetics track: predict the next label of test chains, and generate chains."""
