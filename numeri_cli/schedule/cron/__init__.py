"""A block in the crontab."""
