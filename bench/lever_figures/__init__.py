"""The levers on recorded data; the protocol of each figure stands in docs/benchmarks.md."""
