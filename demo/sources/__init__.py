"""Recorded traffic: where it lies, and what it holds. Benchmarks read it here as well."""
