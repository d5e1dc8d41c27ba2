"""What each command does, under its name: `commands.X(context, …)` returns a record."""

STARTER_MODEL = "lighthouse"  # of whoever tries the practice tournament without a profile
