"""The tournament's numbers: numpy in, numpy out."""
