"""A service of the user that hears the webhook of a round."""
