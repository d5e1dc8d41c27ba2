"""The run and what it is made of: live data, predictions, submissions, once per round."""
