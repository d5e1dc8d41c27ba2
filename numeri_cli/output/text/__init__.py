"""Records in a terminal: one file per command, the look in `tables`."""
