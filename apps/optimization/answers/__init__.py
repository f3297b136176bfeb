"""Answers that may be given again: which calls are the same, and an answer in either form. Pure."""
