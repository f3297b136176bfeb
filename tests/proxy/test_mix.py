"""One mix of traffic on which each lever acts, and the same without any."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from apps.kernel.events import Event
from apps.optimization import certificates
from apps.optimization.access import LEVERS, PART
from apps.optimization.certificates import Certificates
from apps.optimization.serving import SHADOW_SHARE
from apps.proxy.stages.reusing import weighing
from apps.tenants.vault import new_data_key
from tests.gateways import RunningGateway, Tenant, running_gateway, tenant
from tests.launch.projects import eventually
from tests.proxy.certified import certificate
from tests.proxy.near import RULES, ask, kept, user
from tests.proxy.test_levers import CHEAP, OFF, all_levered, run_agent, saved, spent
from tests.proxy.test_near_answers import ONE_ANSWER
from tests.simulator import RunningSimulator

ALL_ON = dict.fromkeys(LEVERS, "on")
FIRST = "How do I change the delivery address for my order?"
# As long as the first, with the same answer: what each would have cost is what the first did.
NEAR = "How do I change the delivery address for my orders"
ALIKE = "How do I modify the delivery address for my order?"
SHORT: dict[str, Any] = {"model": "gpt-4o", **ONE_ANSWER}
AGENT_CALLS = 7


def all_on(base: Tenant) -> Tenant:
    """Routes and forms are certified from the beginning, near questions by `certify`."""
    known = all_levered(base)
    document = known.organization.parts[PART]
    said = {**document, "organization": {**document["organization"], "levers": ALL_ON}}
    return known.having(parts={**known.organization.parts, PART: said})


def certify(gateway: RunningGateway, known: Tenant, event: Event) -> Tenant:
    """The tenant, whose near questions are certified where this one was asked."""
    spaces = {each.lever: each.namespace or "" for each in event.decisions}
    near = [
        certificate(known, lever, spaces[lever], threshold=0.3)
        for lever in ("near_exact", "semantic")
    ]
    standing = Certificates.from_dict(known.organization.parts[certificates.PART]).standing
    document = Certificates((*standing, *near)).to_dict()
    parts = {**known.organization.parts, certificates.PART: document}
    certified = known.having(parts=parts)
    gateway.tenants = [certified, *gateway.tenants[1:]]
    return certified


def put_off(gateway: RunningGateway, key: str) -> None:
    body = {
        "model": "gpt-5-mini",
        "max_completion_tokens": 8,
        "messages": [RULES, user("Why? " * 700)],
    }
    headers = {"authorization": f"Bearer {key}", "netra-deadline": "10m"}
    url = f"{gateway.url}/v1/chat/completions"
    httpx.post(url, json=body, headers=headers, timeout=30).raise_for_status()


def carry(gateway: RunningGateway, key: str) -> None:
    """All but the first question: the same, a near one, one alike, an agent, a call that waits."""
    for text in (FIRST, NEAR, ALIKE):
        ask(gateway, text, key=key, **SHORT)
    run_agent(gateway, key, AGENT_CALLS)
    put_off(gateway, key)


def test_each_lever_acts_and_their_parts_are_the_difference_of_two_runs(
    simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weighing, "_draw", lambda: SHADOW_SHARE)  # no hit is compared instead
    acting = all_on(tenant(1, simulator.url))
    idle = tenant(2, simulator.url).having(data_key=new_data_key(), parts={PART: OFF.to_dict()})
    with running_gateway(acting, idle) as gateway:
        ask(gateway, "Is anybody there?", key=acting.key, **SHORT)
        eventually(lambda: gateway.runtime.similar.found is not None, seconds=30)
        gateway.events(1)
        gateway.forget_events()
        for key in (acting.key, idle.key):
            ask(gateway, FIRST, key=key, **SHORT)
        kept(gateway, 1)
        certify(gateway, acting, gateway.events(2)[0])
        for key in (acting.key, idle.key):
            carry(gateway, key)
        events = gateway.events(2 * (5 + AGENT_CALLS))
    levered, plain = (
        [each for each in events if each.organization_id == whose.organization.id]
        for whose in (acting, idle)
    )

    by_lever = {lever: saved(levered, lever) for lever in LEVERS}
    assert {lever for lever, usd in by_lever.items() if usd > 0} == set(LEVERS)
    assert sum(by_lever.values()) == spent(plain) - spent(levered)
    assert sum(each.counterfactual_usd or 0 for each in levered) == spent(plain)
    assert [each.decomposition for each in plain] == [{}] * len(plain)
    for acted, untouched in zip(levered, plain, strict=True):
        parts = sum(acted.decomposition.values(), Decimal(0))
        assert parts == (untouched.actual_usd or 0) - (acted.actual_usd or 0)
    assert (levered[-2].served_model or "").startswith(CHEAP)
