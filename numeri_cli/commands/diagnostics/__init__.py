"""The server's own validation of a file beside the local one."""
