"""What a paper needs to cite the benchmark: references, a table, a line of text."""
