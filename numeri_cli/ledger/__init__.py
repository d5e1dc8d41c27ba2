"""What this machine has done: a SQLite file of rounds, files, models, attempts and receipts."""
