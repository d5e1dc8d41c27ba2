"""The SQLite file of a tournament."""
