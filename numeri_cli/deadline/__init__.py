"""By when a command has to end, and what ends one that does not end by itself."""
