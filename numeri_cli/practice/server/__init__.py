"""The API as the real one speaks it."""
