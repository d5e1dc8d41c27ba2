"""The tournament over the wire."""
