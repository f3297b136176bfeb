"""Our own workers call by a pass: of their project, their kind and their time, and of no other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from apps.attribution.access import Experiments
from apps.optimization.access import LEVERS, Policies, PolicyTerms
from apps.tenants.access import Limit
from apps.tenants.passes import LASTS, LEVER_TAG, Pass, minted, opened, pass_key
from apps.tenants.vault import new_data_key
from tests.gateways import PASS_KEY, RunningGateway, Tenant, running_gateway, tenant
from tests.proxy.test_assignment import period
from tests.simulator import RunningSimulator

CHAT = "/v1/chat/completions"
AT = datetime(2026, 3, 15, 12, tzinfo=UTC)
BODY = {"model": "gpt-4o-mini", "temperature": 0, "messages": [{"role": "user", "content": "Hi"}]}


def given(to: Tenant, **changes: Any) -> Pass:
    ends = datetime.now(UTC) + LASTS
    one = Pass(to.organization.id, to.project_id, "shadow", ends, to.access.id)
    return replace(one, **changes)


def post(gateway: RunningGateway, text: str, **headers: str) -> httpx.Response:
    return httpx.post(
        gateway.url + CHAT, json=BODY, headers={"netra-pass": text} | headers, timeout=30
    )


def test_a_pass_says_what_it_was_minted_for() -> None:
    one = Pass(tenant(1, "").organization.id, tenant(2, "").project_id, "batch", AT + LASTS)
    text = minted(one, PASS_KEY)
    assert opened(text, [pass_key(b"o" * 32), PASS_KEY], at=AT) == one
    assert opened(text, [pass_key(b"o" * 32)], at=AT) is None
    assert opened(text, [PASS_KEY], at=one.expires_at) is None


@pytest.mark.parametrize("place", range(4, 134, 13))
def test_a_pass_that_was_changed_anywhere_is_none(place: int) -> None:
    text = minted(given(tenant(1, "")), PASS_KEY)
    other = "A" if text[place] != "A" else "B"
    assert opened(text[:place] + other + text[place + 1 :], [PASS_KEY], at=AT) is None


@pytest.mark.parametrize("text", ["", "np1_", "np1_é", "nap_live_x", "np1_" + "A" * 130])
def test_what_is_no_pass_is_none(text: str) -> None:
    assert opened(text, [PASS_KEY], at=AT) is None


def test_levers_and_experiments_leave_it_alone(simulator: RunningSimulator) -> None:
    policies = Policies(organization=PolicyTerms(levers=dict.fromkeys(LEVERS, "on")))
    known = tenant(1, simulator.url)
    experiments = Experiments((period(),))
    parts = {"policies": policies.to_dict(), "experiments": experiments.to_dict()}
    known = known.having(data_key=new_data_key(), parts=parts)
    with running_gateway(known) as gateway:
        own = {"authorization": f"Bearer {gateway.key}"}
        for _ in range(2):
            httpx.post(gateway.url + CHAT, json=BODY, headers=own).raise_for_status()
        for kind in ("shadow", "judge", "batch"):
            text = minted(given(known, kind=kind), PASS_KEY)
            answer = post(gateway, text).raise_for_status()
            assert Decimal(answer.headers["netra-cost-usd"]) > 0
            assert "netra-cache" not in answer.headers
        live, _, *ours = gateway.events(5)
    assert (live.kind, live.period_id is None) == ("live", False)
    assert [event.kind for event in ours] == ["shadow", "judge", "batch"]
    assert {event.decisions for event in ours} == {()}
    assert {event.period_id for event in ours} == {None}
    assert {event.api_key_id for event in ours} == {known.access.id}


def test_what_compares_answers_is_charged_to_the_experiment_that_runs_in_its_project(
    simulator: RunningSimulator,
) -> None:
    known = tenant(1, simulator.url)
    running, elsewhere = period(), replace(period(), project_id=tenant(2, "").project_id)
    parts = {"experiments": Experiments((elsewhere, running)).to_dict()}
    known, tag = known.having(data_key=new_data_key(), parts=parts), f"{LEVER_TAG}=routing"
    with running_gateway(known) as gateway:
        for kind in ("shadow", "judge"):
            text = minted(given(known, kind=kind), PASS_KEY)
            post(gateway, text, **{"netra-tags": tag}).raise_for_status()
        found = gateway.events(2)
    assert {event.period_id for event in found} == {running.id}
    assert {event.experiment_id for event in found} == {running.experiment_id}
    assert {(event.unit, event.arm) for event in found} == {(None, None)}


def test_limits_hold_for_it_too(simulator: RunningSimulator) -> None:
    one = tenant(1, simulator.url)
    limit = Limit(one.access.id, "key", one.access.id, "requests_per_minute", Decimal(1), "minute")
    with running_gateway(one.having(limits=(limit,))) as gateway:
        with_key = minted(given(one), PASS_KEY)
        assert [post(gateway, with_key).status_code for _ in range(2)] == [200, 429]
        keyless = minted(given(one, key_id=None), PASS_KEY)
        assert [post(gateway, keyless).status_code for _ in range(2)] == [200, 200]
        assert gateway.events(4)[-1].api_key_id is None


def test_what_is_not_its_own_is_refused_like_a_wrong_key(gateway: RunningGateway) -> None:
    own, foreign = gateway.tenants
    over = datetime.now(UTC) - timedelta(seconds=1)
    refused = (
        minted(given(own), pass_key(b"o" * 32)),
        minted(given(own, expires_at=over), PASS_KEY),
        minted(given(own, project_id=foreign.project_id), PASS_KEY),
        minted(given(own, project_id=foreign.project_id, key_id=None), PASS_KEY),
        minted(given(own, organization_id=foreign.organization.id), PASS_KEY),
        minted(given(own, key_id=foreign.access.id), PASS_KEY),
        "np1_nonsense",
    )
    for text in refused:
        answer = post(gateway, text)
        assert answer.status_code == 401
        assert answer.headers["netra-error-code"] == "invalid_api_key"
    beside = post(gateway, minted(given(own), PASS_KEY), authorization=f"Bearer {foreign.key}")
    assert beside.status_code == 401
    assert gateway.event_count == 0


def test_a_pass_falls_with_its_key(simulator: RunningSimulator) -> None:
    one = tenant(1, simulator.url)
    revoked = replace(one, access=replace(one.access, revoked_at=AT))
    with running_gateway(revoked) as gateway:
        answer = post(gateway, minted(given(revoked), PASS_KEY))
        assert (answer.status_code, gateway.event_count) == (401, 0)


def test_what_is_asked_to_compare_answers_is_not_kept(simulator: RunningSimulator) -> None:
    one = tenant(1, simulator.url)
    project = replace(one.organization.projects[one.project_id], stores_content=True)
    keeping = one.having(data_key=new_data_key(), projects={project.id: project})
    with running_gateway(keeping) as gateway:
        for kind in ("shadow", "judge"):
            post(gateway, minted(given(one, kind=kind), PASS_KEY)).raise_for_status()
        assert [event.content_ref for event in gateway.events(2)] == [None, None]
        assert gateway.contents() == []
