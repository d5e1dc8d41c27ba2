"""Accounts, submissions and what is checked of them."""
