"""Numeri: the command-line client for the Numerai tournament."""

import os

# OpenMP reads this once, when it is loaded. On a machine with more to do than cores, as where cron
# starts several things at noon, threads that wait by spinning took three times the CPU; on an idle
# virtual one, threads that sleep at every wait took up to ten times the time.
if hasattr(os, "getloadavg") and os.getloadavg()[0] > (os.cpu_count() or 1):
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Arrow reads this once, too. Its own pool keeps what was freed: a first run of the practice
# tournament peaked at 460 to 500 MB with it, at 390 to 425 MB with the system's, in less CPU.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

__version__ = "0.1.0"
