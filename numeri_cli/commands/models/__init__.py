"""Models: the account's and those of this machine; taken along, brought in, trusted."""
