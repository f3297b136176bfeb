"""Levers through the running product: from what is said, over calls, to the record of each."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from apps.kernel.clock import utc_now
from apps.kernel.events import Event
from apps.optimization.access import LEVERS, Policies, PolicyTerms
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES
from apps.tenants.selectors import key_access, organization_access
from apps.tenants.vault import new_data_key
from apps.usage.services.ingestion import ingest_events
from tests import factories
from tests.api.callers import by_key
from tests.gateways import RunningGateway, Tenant, running_gateway, tenant
from tests.proxy.certified import certificate, levered, unsampled
from tests.simulator import RunningSimulator

OFF = Policies(organization=PolicyTerms(levers=dict.fromkeys(LEVERS, "off")))
RULES = "You answer questions about tides, tersely and in plain words. " * 150


def question(text: str, **changes: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": "gpt-4o-mini", "temperature": 0, "messages": messages} | changes


def turn(count: int) -> dict[str, Any]:
    said = [("user", "Why?"), ("assistant", "Because of the moon.")] * count
    turns = [{"role": role, "content": text} for role, text in said[: 2 * count - 1]]
    return {"model": "claude-sonnet-4-5", "max_tokens": 60, "system": RULES, "messages": turns}


def traffic() -> list[tuple[str, dict[str, Any]]]:
    """Questions of which some come again, whole or streamed, and a conversation in between."""
    chat, messages = "/v1/chat/completions", "/v1/messages"
    calls = [question(f"What is tide {number % 4}?") for number in range(12)]
    calls += [question(RULES, stream=number % 2 == 1) for number in range(3)]
    calls += [question("Draw one.", temperature=1) for _ in range(2)]
    return [*((chat, each) for each in calls), *((messages, turn(n)) for n in range(1, 8))]


def asked(
    gateway: RunningGateway, key: str, body: dict[str, Any], path: str = "/v1/chat/completions"
) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"}
    answer = httpx.post(gateway.url + path, json=body, headers=headers, timeout=30)
    return answer.raise_for_status()


def carry(gateway: RunningGateway, key: str) -> None:
    for path, body in traffic():
        asked(gateway, key, body, path)


def spent(events: list[Event]) -> Decimal:
    return sum((event.actual_usd or Decimal(0) for event in events), Decimal(0))


def saved(events: list[Event], lever: str) -> Decimal:
    return sum((event.decomposition.get(lever, Decimal(0)) for event in events), Decimal(0))


ALL_ON = {"exact_cache": "on", "prompt_cache": "on", "routing": "on", "compression": "on"}
CHEAP = "claude-haiku-4-5"
FOUND = "a b c d " * 150
AGENT = "You look things up and say what you found, tersely and in plain words. " * 500


def agent_turn(count: int) -> dict[str, Any]:
    """An agent whose tool finds the same each time, after `count` turns; cut at eight tokens."""
    said: list[dict[str, Any]] = [{"role": "user", "content": "Look it up."}]
    for n in range(count):
        call = {"type": "tool_use", "id": f"t{n}", "name": "search", "input": {"n": n}}
        answer = {"type": "tool_result", "tool_use_id": f"t{n}", "content": FOUND}
        said += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [answer]}]
    return {"model": "claude-sonnet-4-5", "max_tokens": 8, "system": AGENT, "messages": said}


def run_agent(gateway: RunningGateway, key: str, turns: int = 7) -> None:
    headers = {"x-api-key": key, "netra-conversation": "agent", "netra-tags": "route=look-up"}
    for count in range(turns):
        url = f"{gateway.url}/v1/messages"
        answer = httpx.post(url, json=agent_turn(count), headers=headers, timeout=30)
        answer.raise_for_status()


def all_levered(known: Tenant) -> Tenant:
    keyed = unsampled(known, "agent")
    terms: dict[str, Any] = {"model": CHEAP, "gains": {"tag:look-up": 0.1}, "overall": -0.5}
    route = certificate(known, "routing", f"claude-sonnet-4-5>{CHEAP}", **terms)
    repeats = certificate(known, "compression", "repeat")
    return levered(keyed, ALL_ON, route, repeats, models=(CHEAP,))


def test_what_levers_saved_is_the_difference_of_two_runs_with_and_without_them(
    simulator: RunningSimulator,
) -> None:
    """Each run is of an organization of its own, whose prompts its provider keeps apart."""
    acting = all_levered(tenant(1, simulator.url))
    idle = tenant(2, simulator.url).having(
        data_key=new_data_key(), parts={"policies": OFF.to_dict()}
    )
    count = len(traffic()) + 7
    with running_gateway(acting, idle) as gateway:
        for each in (acting, idle):
            carry(gateway, each.key)
            run_agent(gateway, each.key)
        events = gateway.events(2 * count)
    by_run = [
        [e for e in events if e.organization_id == each.organization.id] for each in (acting, idle)
    ]
    levered_run, plain = by_run
    levers = ("exact_cache", "routing", "compression", "prompt_cache")
    by_lever = {lever: saved(levered_run, lever) for lever in levers}
    assert min(by_lever.values()) > 0
    assert sum(by_lever.values()) == spent(plain) - spent(levered_run)
    assert sum(e.counterfactual_usd or 0 for e in levered_run) == spent(plain)
    assert [saved(plain, lever) for lever in LEVERS] == [0] * len(LEVERS)
    assert_each_call_sums(levered_run[-7:], plain[-7:])


def assert_each_call_sums(agent: list[Event], plain: list[Event]) -> None:
    """Call by call, the three levers acting on the same one, to the last digit."""
    for event, untouched in zip(agent, plain, strict=True):
        assert event.counterfactual_usd == untouched.actual_usd
        parts = sum(event.decomposition.values(), Decimal(0))
        assert parts == (untouched.actual_usd or 0) - (event.actual_usd or 0)
    last = agent[-1].decomposition
    assert list(last) == ["routing", "compression", "prompt_cache"]
    assert min(last.values()) > 0
    assert (agent[-1].served_model or "").startswith(CHEAP)


def known_to_gateways(organization: Organization, key: str, simulator: RunningSimulator) -> Tenant:
    """The organization as its rows say, with providers on this machine."""
    [known] = organization_access([organization.pk], at=utc_now())
    [access] = key_access([organization.pk], at=utc_now())[organization.pk].values()
    credentials = {
        each.id: replace(each, base_url=simulator.url, is_platform=True, may_reach_private=True)
        for each in known.credentials.values()
    }
    return Tenant(replace(known, credentials=credentials), access, key)


@pytest.mark.django_db
def test_a_hit_shows_its_saving_in_the_record_and_in_the_figures_of_its_lever(
    simulator: RunningSimulator,
) -> None:
    acme, globex = factories.make_organization("Acme"), factories.make_organization("Acme")
    factories.make_credential(acme, provider="openai", secret="sim-acme")
    key = factories.make_api_key(acme, KEY_SCOPES).text.value
    other = by_key(factories.make_api_key(globex, KEY_SCOPES).text.value)
    call = by_key(key)
    assert call("PUT", "/policies", {"cache_ttl_s": 60}).status_code == 200
    since = utc_now().replace(second=0, microsecond=0)
    with running_gateway(known_to_gateways(acme, key, simulator)) as gateway:
        answer = [asked(gateway, key, question("Hi")) for _ in range(2)][1]
        events = gateway.events(2)
    ingest_events(organization=acme, events=events, at=utc_now())
    record_id = answer.headers["netra-request-id"]
    shown = call("GET", f"/requests/{record_id}").json()
    paid = events[0].actual_usd or Decimal(0)
    assert Decimal(shown["decomposition"]["exact_cache"]) == paid
    assert (float(shown["actual_usd"]), Decimal(shown["counterfactual_usd"])) == (0.0, paid)
    assert [each["decision"] for each in shown["decisions"]] == ["act"]
    assert (shown["policy_version"], shown["arm"], shown["is_triggered"]) == (1, None, True)
    assert other("GET", f"/requests/{record_id}").status_code == 404
    window = {"since": since.isoformat(), "until": (since + timedelta(minutes=5)).isoformat()}
    query = urlencode({"measures": "saved_usd", "dimensions": "lever"} | window)
    rows = call("GET", f"/usage/query?{query}").json()["rows"]
    by_lever = {row["dimensions"]["lever"]: row["measures"]["saved_usd"] for row in rows}
    assert Decimal(by_lever["exact_cache"]) == paid
