"""Every model of the profile into the open round, once."""
