"""Everybody else: techniques, archetypes, the meta model."""
