"""Every errand, under the name of its command: `commands.X(context, …)` returns a record."""

STARTER_MODEL = "lighthouse"  # of whoever tries the practice tournament without a profile
