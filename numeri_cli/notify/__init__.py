"""Somebody is told: messages to webhooks, services and programs of the owner's."""
