"""Pages: a validation, the practice fund."""
