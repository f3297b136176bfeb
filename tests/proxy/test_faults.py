"""Every fault of a provider × streamed or not × with and without a fallback: what the caller gets,
what is recorded, and how often whom was asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

import httpx
import pytest

from apps.proxy.transport import Timeouts
from apps.tenants.access import Route, Target
from netra.launch.ports import pick_free
from tests.gateways import (
    RunningGateway,
    Tenant,
    credential,
    quick_settings,
    running_gateway,
    tenant,
)
from tests.simulator import RunningSimulator

TIMEOUTS = Timeouts(connect=0.5, first_byte=0.5, idle=0.5, total=5.0)
RETRIES = 1
BODIES: dict[str, tuple[str, dict[str, object]]] = {
    "openai": ("/v1/chat/completions", {"model": "gpt-4o-mini"}),
    "anthropic": ("/v1/messages", {"model": "claude-haiku-4-5", "max_tokens": 400}),
}
MESSAGES = [{"role": "user", "content": "Tell me a long story, please."}]
TRUNCATED, IDLE = "upstream_truncated", "upstream_idle_timeout"


@dataclass(frozen=True)
class Row:
    """What comes of a fault. `tries` are the statuses of the attempts at the faulty provider.

    event: the code of the error event that ends a stream; such a stream has no fallback, for its
    first bytes have reached the caller.
    """

    fault: str
    status: int
    tries: tuple[int | None, ...]
    code: str | None = None
    outcome: str = "error"
    event: str | None = None

    @property
    def falls_back(self) -> bool:
        """Whether a fallback would be asked."""
        return self.outcome == "error" and self.status >= 400


def refused(fault: str, status: int) -> Row:
    return Row(fault, status, (status, status))


def failed(fault: str, status: int, code: str) -> Row:
    return Row(fault, status, (None, None), code)


def broken(fault: str, code: str = TRUNCATED) -> Row:
    return Row(fault, 200, (200,), code, "truncated", event=code)


BOTH = (
    refused("429", 429),
    refused("429-retry-after=0.05", 429),
    Row("429-retry-after=60", 429, (429,)),
    refused("500", 500),
    refused("502", 502),
    refused("503", 503),
    refused("529", 529),
    Row("401", 401, (401,)),
    failed("slow-first-byte=2", 504, "upstream_first_byte_timeout"),
    failed("wrong-content-type", 502, "upstream_invalid_answer"),
    failed("refused", 502, "upstream_connect_failed"),
    Row("stall=0.1", 200, (200,), outcome="success"),
)
WHOLE = (
    *BOTH,
    failed("stall-forever", 504, IDLE),
    failed("cut", 502, TRUNCATED),
    failed("half-utf8", 502, TRUNCATED),
    failed("garbage", 502, "upstream_invalid_answer"),
    refused("error-event", 500),
)
STREAMED = (
    *BOTH,
    broken("stall-forever", IDLE),
    broken("cut"),
    broken("half-utf8"),
    Row("garbage", 200, (200,), outcome="success"),
    Row("error-event", 200, (200,)),
)
CASES = [(row, False) for row in WHOLE] + [(row, True) for row in STREAMED]


def name_of(case: object) -> str:
    return case.fault if isinstance(case, Row) else ""


@pytest.fixture(scope="module")
def faulty(simulator: RunningSimulator) -> Iterator[RunningGateway]:
    settings = quick_settings(timeouts=TIMEOUTS, max_retries=RETRIES)
    with running_gateway(tenant(1, simulator.url), settings=settings) as running:
        yield running


def tenant_with(
    simulator: RunningSimulator, provider: str, row: Row, *, has_fallback: bool
) -> Tenant:
    """A tenant whose first credential meets the fault, and whose second, if any, works."""
    base = tenant(1, simulator.url, providers=())
    url = f"http://127.0.0.1:{pick_free()}" if row.fault == "refused" else simulator.url
    organization_id = base.organization.id
    bad = credential(organization_id, 1, provider, url, f"sim-fault.{row.fault}")
    good = credential(organization_id, 2, provider, simulator.url, "good")
    targets = [Target(provider, bad.id)]
    if has_fallback:
        targets.append(Target(provider, good.id, priority=1))
    return base.having(credentials={bad.id: bad, good.id: good}, routes=(route(tuple(targets)),))


def route(targets: tuple[Target, ...]) -> Route:
    return Route(
        id=UUID(int=9),
        project_id=None,
        pattern="*",
        strategy="priority",
        targets=targets,
        max_retries=RETRIES,
        connect_ms=500,
        first_byte_ms=500,
        idle_ms=500,
        total_ms=5000,
    )


def ask(gateway: RunningGateway, provider: str, *, is_stream: bool) -> httpx.Response:
    path, body = BODIES[provider]
    return httpx.post(
        gateway.url + path,
        json={**body, "messages": MESSAGES, "stream": is_stream},
        headers={"authorization": f"Bearer {gateway.key}"},
        timeout=10,
    )


@pytest.mark.parametrize("provider", BODIES)
@pytest.mark.parametrize(("row", "is_stream"), CASES, ids=name_of)
def test_a_fault_without_fallback(
    faulty: RunningGateway,
    simulator: RunningSimulator,
    provider: str,
    row: Row,
    is_stream: bool,
) -> None:
    faulty.tenants = [tenant_with(simulator, provider, row, has_fallback=False)]
    seen = faulty.event_count
    answer = ask(faulty, provider, is_stream=is_stream)
    event = faulty.events(seen + 1)[seen]
    assert answer.status_code == event.status == row.status
    assert (event.outcome, tuple(a.status for a in event.attempts)) == (row.outcome, row.tries)
    if row.code:
        assert event.error_code == row.code
    if row.status >= 400:
        assert_error_of(provider, answer)
        spent = answer.headers.get("x-should-retry")
        assert spent == ("false" if len(row.tries) > 1 else None)
    if row.event:
        assert_ended_by_an_error(provider, answer.text, row.event)
        assert event.is_estimated


@pytest.mark.parametrize("provider", BODIES)
@pytest.mark.parametrize(("row", "is_stream"), CASES, ids=name_of)
def test_a_fault_with_fallback(
    faulty: RunningGateway,
    simulator: RunningSimulator,
    provider: str,
    row: Row,
    is_stream: bool,
) -> None:
    faulty.tenants = [tenant_with(simulator, provider, row, has_fallback=True)]
    seen = faulty.event_count
    answer = ask(faulty, provider, is_stream=is_stream)
    event = faulty.events(seen + 1)[seen]
    statuses = tuple(attempt.status for attempt in event.attempts)
    if row.falls_back:
        expected = replace(row, status=200, tries=(*row.tries, 200), outcome="success")
        assert event.credential_id == faulty.tenants[0].organization.credentials_of(provider)[1].id
        assert event.is_priced
    else:
        expected = row
    assert answer.status_code == event.status == expected.status
    assert (event.outcome, statuses) == (expected.outcome, expected.tries)


def assert_error_of(provider: str, answer: httpx.Response) -> None:
    """The error has the shape that the provider's own client reads."""
    error = answer.json()["error"]
    assert {"message", "type"} <= set(error)
    if provider == "anthropic":
        assert answer.json()["type"] == "error"


def assert_ended_by_an_error(provider: str, text: str, code: str) -> None:
    """The stream's last event is an error, and nothing looks like a regular end."""
    last = text.rstrip().rpartition("\n\n")[2]
    assert '"error"' in last
    if provider == "anthropic":
        assert last.startswith("event: error")
        assert "message_stop" not in text
    else:
        assert code in last
        assert "[DONE]" not in text
