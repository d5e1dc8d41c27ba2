"""A validation as one HTML page."""
