"""XGBoost, fed in batches of rows: about two bytes a cell, or pages on disk."""
