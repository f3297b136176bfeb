"""Answers calls that were put off: by the providers' batch APIs, else by asking in time.

Runs in workers, and calls providers through our own gateway like anybody.
"""
