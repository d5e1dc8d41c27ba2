"""Every errand, under the name of its command: `commands.X(context, …)` returns a record."""
