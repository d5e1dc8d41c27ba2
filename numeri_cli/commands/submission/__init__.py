"""Predictions → checked → uploaded → confirmed."""
