"""Limits of the gateway: requests, tokens, calls at once and budgets, shared by all processes."""
