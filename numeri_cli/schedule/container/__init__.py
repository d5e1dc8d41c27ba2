"""A container, started by whatever starts containers."""
