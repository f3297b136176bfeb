"""Batches of many objects at once, and the collector of garbage, which looks at all of them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Nobody looks for cycles within the block: a batch has none, and looking takes a quarter of
    its time, because so many of its objects live at once.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
