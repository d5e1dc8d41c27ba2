"""CatBoost, fed with one matrix of floats, as its pool wants it: five and a half bytes a cell."""
