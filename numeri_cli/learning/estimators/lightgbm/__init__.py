"""LightGBM fed in blocks of columns, half a byte a cell."""
