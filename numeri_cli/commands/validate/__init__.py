"""The official scores of models and files, locally, and what a round would pay."""
