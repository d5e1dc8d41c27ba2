"""A notebook of Kaggle that its schedule starts."""
