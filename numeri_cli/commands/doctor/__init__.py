"""What is wrong on this machine, looked at by one file for each check."""
