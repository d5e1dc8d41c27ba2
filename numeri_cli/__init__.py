"""Numeri: the command-line client for the Numerai tournament."""

__version__ = "0.1.0"
