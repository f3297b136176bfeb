"""The door to near questions: what finds them is loaded once a call needs it, in a thread.

A process none of whose calls has the lever has neither the weights nor their library in memory.
"""

import asyncio
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from apps.proxy import figures
from apps.proxy.cache import Cache

if TYPE_CHECKING:
    from apps.proxy.neighbours import Neighbours

# After a failure: of missing weights, or a folder that cannot be made.
_REST_SECONDS = 60.0

Load = Callable[[], "Neighbours"]


def _nothing() -> "Neighbours":
    raise FileNotFoundError("This process was given no place for near questions.")


class Similar:
    """load: makes what finds them; may take a second, and may fail. found: once it is there."""

    def __init__(self, load: Load = _nothing) -> None:
        self._load = load
        self.found: Neighbours | None = None
        self._loading: asyncio.Task[None] | None = None
        self._back_at = 0.0

    def ready(self) -> "Neighbours | None":
        """What finds them; None while it is being loaded, which the first call begins."""
        is_idle = self._loading is None and monotonic() >= self._back_at
        if self.found is None and is_idle:
            self._loading = asyncio.create_task(self._begin())
        return self.found

    async def close(self) -> None:
        """Wait for what is being loaded or written."""
        if self._loading is not None:
            await self._loading
        if self.found is not None:
            await self.found.close()

    async def _begin(self) -> None:
        try:
            self.found = await asyncio.to_thread(self._load)
        except (ImportError, OSError, ValueError):
            self._back_at = monotonic() + _REST_SECONDS
            figures.fail_lever("semantic", "load")
        finally:
            self._loading = None


def loading(cache: Cache, folder: Path, *, most_bytes: int, fresh_s: float = 1.0) -> Load:
    """What Similar is to load: rows in `cache`, maps of at most most_bytes in `folder`; calls see
    what is at most fresh_s old.
    """

    def load() -> "Neighbours":
        module = import_module("apps.proxy.neighbours")
        made: Neighbours = module.opened(cache, folder, most_bytes=most_bytes, fresh_s=fresh_s)
        return made

    return load
