"""Models that Numerai runs: the function that is uploaded, and its trial on this machine."""
