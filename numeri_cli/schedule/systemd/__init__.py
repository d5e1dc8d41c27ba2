"""A timer and a service of the user."""
