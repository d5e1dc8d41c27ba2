"""Numeri: the command-line client for the Numerai tournament."""

import os

# libgomp reads this once, when it is loaded: threads that wait by spinning make a busy machine,
# such as one where cron starts several things at noon, six times slower
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"
