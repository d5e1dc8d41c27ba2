"""A pipeline of GitLab."""
