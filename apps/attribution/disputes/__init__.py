"""Statements that somebody doubts: recomputed from raw rows, reported, corrected beside."""
