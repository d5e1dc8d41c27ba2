"""Rounds: opened, scored day by day, settled, paid."""
