"""What can be trained: a Protocol, a registry, one file or folder per kind."""
