"""The simulated market: stocks, themes, features, targets, names."""
