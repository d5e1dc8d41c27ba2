"""What `numeri.open(…)` gives to Python: the commands, with frames instead of files."""
