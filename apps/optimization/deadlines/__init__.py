"""Calls that may wait: until when, and what the wait is worth."""
