"""A workflow of GitHub Actions."""
