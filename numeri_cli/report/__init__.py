"""Validations and funds, each as one HTML page."""
