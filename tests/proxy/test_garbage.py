"""What a call makes is gone with it: the collector runs seldom, and all calls wait for it."""

import gc
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.gateways import RunningGateway

OURS = ("apps.", "asyncio", "httptools", "uvicorn", "uvloop")
CALLS = 20


@pytest.fixture
def collector() -> Iterator[None]:
    """Runs when it is told to, and keeps what it finds."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield
    gc.set_debug(0)
    gc.enable()
    gc.garbage.clear()


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_call_leaves_no_cycles_behind(
    gateway: RunningGateway, collector: None, is_stream: bool
) -> None:
    """A connection that ends meanwhile leaves its own; what calls leave is there CALLS times."""
    messages = [{"role": "user", "content": "hello " * 1000}]
    body = {"model": "gpt-4o-mini", "stream": is_stream, "messages": messages}
    headers = {"authorization": f"Bearer {gateway.key}"}
    with httpx.Client(base_url=gateway.url, headers=headers) as client:
        for _ in range(CALLS):
            client.post("/v1/chat/completions", json=body).raise_for_status()
        gc.collect()
        kinds = Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.garbage)
    left = {kind for kind, count in kinds.items() if count >= CALLS and kind.startswith(OURS)}
    assert left == set()
