"""Training and prediction in bounded memory."""
