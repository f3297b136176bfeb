"""Prompts and answers are kept only where the project asked for it, and never in clear."""

from dataclasses import replace

import httpx
import orjson
import pytest

from apps.tenants.vault import CannotOpen, binding, new_data_key, unseal
from tests.gateways import RunningGateway, Tenant, running_gateway, tenant
from tests.simulator import RunningSimulator

CANARY = "canary prompt ✓"


def keeping(keeper: Tenant, data_key: bytes) -> Tenant:
    """A tenant whose project asked for its content to be kept."""
    projects = {
        each.id: replace(each, stores_content=True)
        for each in keeper.organization.projects.values()
    }
    return keeper.having(projects=projects, data_key=data_key)


def ask(gateway: RunningGateway, key: str, *, is_stream: bool) -> httpx.Response:
    body = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": CANARY}],
        "stream": is_stream,
    }
    headers = {"authorization": f"Bearer {key}"}
    return httpx.post(f"{gateway.url}/v1/chat/completions", json=body, headers=headers)


@pytest.mark.parametrize("is_stream", [False, True])
def test_what_was_asked_and_answered_is_kept_sealed(
    simulator: RunningSimulator, is_stream: bool
) -> None:
    key, other = new_data_key(), tenant(2, simulator.url)
    with running_gateway(keeping(tenant(1, simulator.url), key), other) as gateway:
        answer = ask(gateway, gateway.key, is_stream=is_stream)
        ask(gateway, other.key, is_stream=is_stream)
        kept, unkept = gateway.events(2)
        [content] = gateway.contents()
    assert (kept.content_ref, unkept.content_ref) == (kept.event_id, None)
    assert CANARY.encode() not in content
    organization_id = kept.organization_id
    document = orjson.loads(unseal(key, content, bound_to=binding(organization_id, "content")))
    assert orjson.loads(document["request"]["text"])["messages"][0]["content"] == CANARY
    assert document["answer"]["text"] == answer.text
    assert not document["answer"]["is_cut"]
    with pytest.raises(CannotOpen):
        unseal(key, content, bound_to=binding(other.organization.id, "content"))


def test_nothing_is_kept_without_the_projects_consent(gateway: RunningGateway) -> None:
    ask(gateway, gateway.key, is_stream=False)
    [event] = gateway.events()
    assert (event.content_ref, gateway.contents()) == (None, [])
