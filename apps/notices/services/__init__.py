"""Writes of notices and webhooks."""
