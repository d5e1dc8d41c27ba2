"""A search over a model's parameters: Optuna, a journal that several processes share, and aims."""
