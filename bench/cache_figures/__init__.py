"""The memory and the time that near questions take: the parts of bench/caches.py."""
