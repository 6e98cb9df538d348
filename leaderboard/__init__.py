"""The board: submissions are checked, ranked and rendered; nothing is ever typed in by hand."""
