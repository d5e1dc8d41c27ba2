"""numeri listen: Numerai's webhook is heard, and starts the run."""
