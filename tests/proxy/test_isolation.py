"""Two organizations that are equal in everything but their own id, keys and secrets.

Ids of projects, keys, credentials, routes and limits, names of models, conversations and end users
are the same, and so is most of what they send. What differs is a canary in each, which must turn
up in nothing that is the other's.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from apps.kernel.events import Event, encode
from apps.tenants.access import Limit, Route, Target
from apps.tenants.key_format import new_key
from tests.gateways import RunningGateway, Tenant, running_gateway, tenant
from tests.simulator import RunningSimulator, SimulatedCall

AMBER, BASALT = "canary-amber-5c1f", "canary-basalt-9e27"
REMAINING = re.compile("netra-.*remaining.*")
CANARIES = (AMBER, BASALT)
REACHING = 16
OPENAI = (Target(provider="openai"),)
LEAST = Route(UUID(int=3), None, "gpt-4o", "least_latency", OPENAI, 0, 900, 2000, 2000, 9000)
EVERY_MINUTE = Limit(
    id=UUID(int=4),
    subject="organization",
    subject_id=UUID(int=4),
    kind="requests_per_minute",
    amount=Decimal(5),
    window="minute",
    alert_fractions=(),
    is_hard=True,
    spent_usd=Decimal(0),
)
SAME = {"model": "gpt-4o", "messages": [{"role": "user", "content": "the same"}]}
EQUAL = {"netra-conversation": "c-1", "netra-end-user": "u-1", "x-sim-cache": "off"}


@dataclass(frozen=True)
class Side:
    """One of the two, as its callers see the gateway."""

    tenant: Tenant
    canary: str
    http: httpx.Client

    @property
    def id(self) -> UUID:
        return self.tenant.organization.id

    @property
    def secret(self) -> str:
        return f"{self.canary}-secret"

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.http.post(path, json=body)

    def chat(self, **changes: Any) -> httpx.Response:
        said = [{"role": "user", "content": f"I am {self.canary}"}]
        return self.post("/v1/chat/completions", {"model": "gpt-4o", "messages": said} | changes)


def twin(base: Tenant, number: int, canary: str) -> Tenant:
    """`base` with an organization id, a key and provider keys of its own, and nothing else."""
    organization_id = UUID(int=number)
    credentials = {
        each.id: replace(each, organization_id=organization_id, secret=f"{canary}-secret")
        for each in base.organization.credentials.values()
    }
    organization = replace(base.organization, id=organization_id, credentials=credentials)
    access = replace(base.access, organization_id=organization_id)
    return Tenant(organization, access, new_key(is_test=True).value)


@pytest.fixture(scope="module")
def gateway(simulator: RunningSimulator) -> Iterator[RunningGateway]:
    base = tenant(1, simulator.url, routes=(LEAST,))
    twins = [twin(base, number, canary) for number, canary in enumerate(CANARIES, 1)]
    with running_gateway(*twins) as running:
        yield running


@pytest.fixture
def sides(gateway: RunningGateway, simulator: RunningSimulator) -> Iterator[tuple[Side, Side]]:
    """Both, each with a client whose every call carries its canary as a tag."""
    simulator.forget_calls()
    gateway.forget_events()
    made = [
        Side(each, canary, httpx.Client(base_url=gateway.url, headers=_headers(each, canary)))
        for each, canary in zip(gateway.tenants, CANARIES, strict=True)
    ]
    yield made[0], made[1]
    for side in made:
        side.http.close()


def _headers(one: Tenant, canary: str) -> dict[str, str]:
    own = {"authorization": f"Bearer {one.key}", "netra-tags": f"team={canary}", "x-mine": canary}
    return EQUAL | own


def everything(side: Side) -> list[bytes]:
    """All that one side gets to hear: of every dialect, whole and streamed, good and failed.

    All but two calls, REACHING of them, reach the provider.
    """
    text, said = f"I am {side.canary}", [{"role": "user", "content": f"I am {side.canary}"}]
    claude = {"model": "claude-haiku-4-5", "max_tokens": 20, "messages": said}
    gemini = {"contents": [{"parts": [{"text": text}]}]}
    kept = side.post("/v1/responses", {"model": "gpt-4o", "input": text})
    file = side.http.post(
        "/v1/files", data={"purpose": "batch"}, files={"file": ("a.jsonl", text.encode())}
    )
    answers = [
        kept,
        file,
        side.http.get(f"/v1/responses/{kept.json()['id']}/input_items"),
        side.http.get(f"/v1/files/{file.json()['id']}/content"),
        side.chat(),
        side.chat(stream=True),
        side.chat(stream=True, stream_options={"include_usage": True}, user="u-1"),
        side.chat(model="no-such-model"),
        side.chat(messages="broken"),
        side.http.post("/v1/chat/completions", content=f'{{"{side.canary}'.encode()),
        side.post("/v1/messages", claude),
        side.post("/v1/messages", claude | {"stream": True}),
        side.post("/v1beta/models/gemini-2.5-flash:generateContent", gemini),
        side.post("/v2/chat", {"model": "command-a-03-2025", "messages": said}),
        side.post("/v1/embeddings", {"model": "text-embedding-3-small", "input": text}),
        side.post("/p/groq/openai/v1/chat/completions", {"model": "llama", "messages": said}),
        side.http.put("/v1/made-up", content=text.encode()),
        side.http.post("/v1/chat/completions", json={}, headers={"netra-provider": "nobody"}),
    ]
    return [f"{answer.headers}".encode() + answer.content for answer in answers]


def other(canary: str) -> str:
    return BASALT if canary == AMBER else AMBER


def test_nothing_of_one_is_found_with_the_other(
    gateway: RunningGateway,
    sides: tuple[Side, Side],
    simulator: RunningSimulator,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    rounds = 3
    with ThreadPoolExecutor(6) as pool:
        heard = list(pool.map(everything, sides * rounds))
    for side, answers in zip(sides * rounds, heard, strict=True):
        assert any(side.canary.encode() in answer for answer in answers)
        assert not [answer for answer in answers if other(side.canary).encode() in answer]
    count = sum(len(answers) for answers in heard)
    events = gateway.events(count)
    assert len(events) == count
    calls = simulator.finished_calls(count=len(sides) * rounds * REACHING)
    for side in sides:
        _expect_own_calls(side, calls)
        _expect_own_events(side, events, count // 2)
    _expect_no_trace(gateway, capfd.readouterr(), caplog.text)


def _expect_own_calls(side: Side, calls: list[SimulatedCall]) -> None:
    """Upstream: what went out under the key of one holds nothing of the other."""
    mine = [call for call in calls if call.api_key == side.secret]
    assert len(mine) == len(calls) / 2
    for call in mine:
        sent = f"{call.path}{call.query}{call.headers}".encode() + call.body
        assert side.canary.encode() in sent
        assert other(side.canary).encode() not in sent
        assert b"nap_" not in sent


def _expect_own_events(side: Side, events: list[Event], count: int) -> None:
    mine = [event for event in events if event.organization_id == side.id]
    assert len(mine) == count
    for event in mine:
        assert event.tags == {"team": side.canary}
        assert (event.conversation_id, event.end_user) == ("c-1", "u-1")
        assert other(side.canary).encode() not in encode(event)


def _expect_no_trace(gateway: RunningGateway, printed: Any, logged: str) -> None:
    """In the spool tags only; in logs and metrics nothing at all."""
    for file in gateway.spool_files():
        spooled = file.read_bytes()
        assert not re.search(rb"canary-\w+-\w+-secret|I am canary|nap_(live|test)_", spooled)
    metrics = httpx.get(f"{gateway.url}/metrics").text
    ready = httpx.get(f"{gateway.url}/readyz").text
    for text in (printed.out, printed.err, logged, metrics, ready):
        assert not re.search(r"canary|nap_(live|test)_", text)


def test_equal_bytes_are_two_calls_of_two_organizations(
    gateway: RunningGateway, sides: tuple[Side, Side], simulator: RunningSimulator
) -> None:
    answers = [side.post("/v1/chat/completions", SAME) for side in sides]
    assert answers[0].content == answers[1].content
    assert [call.api_key for call in simulator.finished_calls(count=2)] == [
        side.secret for side in sides
    ]
    events = gateway.events(2)
    assert [event.organization_id for event in events] == [side.id for side in sides]
    assert len({event.event_id for event in events}) == 2


def test_a_key_of_one_never_opens_the_other(sides: tuple[Side, Side]) -> None:
    amber, basalt = sides
    kept = amber.post("/v1/responses", {"model": "gpt-4o", "input": amber.canary}).json()["id"]
    for path in (f"/v1/responses/{kept}", f"/v1/responses/{kept}/input_items"):
        answer = basalt.http.get(path)
        assert (answer.status_code, AMBER in answer.text) == (404, False)


def test_the_failures_of_ones_provider_do_not_close_the_others(
    gateway: RunningGateway, sides: tuple[Side, Side], simulator: RunningSimulator
) -> None:
    amber, basalt = sides
    for _ in range(6):
        amber.http.post("/v1/chat/completions", json=SAME, headers={"x-sim-fault": "503"})
    closed = [key for key in gateway.runtime.breakers._circuits if key[0] == basalt.id]
    opened = [key for key in gateway.runtime.breakers._circuits if key[0] == amber.id]
    assert (closed, len(opened)) == ([], 1)
    simulator.forget_calls()
    assert basalt.chat().status_code == 200
    assert len(simulator.finished_calls(count=1)) == 1


def test_the_slowness_of_ones_provider_is_not_held_against_the_others(
    gateway: RunningGateway, sides: tuple[Side, Side]
) -> None:
    amber, basalt = sides
    basalt.chat()
    before = _latencies(gateway, basalt)
    amber.http.post("/v1/chat/completions", json=SAME, headers={"x-sim-latency-ms": "300"})
    assert _latencies(gateway, basalt) == before
    assert _latencies(gateway, amber) != before


def _latencies(gateway: RunningGateway, side: Side) -> dict[Any, float]:
    averages = gateway.runtime.latencies._averages
    return {key[1:]: value for key, value in averages.items() if key[0] == side.id}


def test_a_limit_of_one_with_the_others_id_is_its_own(
    gateway: RunningGateway, sides: tuple[Side, Side]
) -> None:
    amber, basalt = sides
    before = list(gateway.tenants)
    gateway.tenants = [each.having(limits=(_limit_of(each),)) for each in before]
    try:
        spent = [amber.chat(model="gpt-4o-mini").status_code for _ in range(7)]
        fresh = basalt.chat(model="gpt-4o-mini")
    finally:
        gateway.tenants = before
    assert spent == [200] * 5 + [429] * 2
    assert (fresh.status_code, orjson.loads(fresh.content)["object"]) == (200, "chat.completion")
    assert {fresh.headers[name] for name in fresh.headers if REMAINING.fullmatch(name)} == {"4"}


def _limit_of(one: Tenant) -> Limit:
    return replace(EVERY_MINUTE, subject_id=one.organization.id)
