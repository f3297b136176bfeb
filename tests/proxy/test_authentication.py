"""Who may call, and what those who may not are told: in the words of the API that they called."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from apps.tenants.key_format import new_key
from tests.gateways import RunningGateway, Tenant, running_gateway, tenant
from tests.simulator import RunningSimulator

CALLS = {
    "openai": ("/v1/chat/completions", "authorization"),
    "anthropic": ("/v1/messages", "x-api-key"),
    "google": ("/v1beta/models/gemini-2.5-flash:generateContent", "x-goog-api-key"),
    "cohere": ("/v2/chat", "authorization"),
    "azure_openai": ("/openai/deployments/gpt-4o/chat/completions?api-version=v1", "api-key"),
}  # fmt: skip


@pytest.fixture(scope="module")
def guarded(simulator: RunningSimulator) -> Iterator[RunningGateway]:
    with running_gateway(tenant(1, simulator.url)) as running:
        yield running


def with_key(owner: Tenant, **changes: Any) -> Tenant:
    return replace(owner, access=replace(owner.access, **changes))


def call(gateway: RunningGateway, dialect: str, key: str | None) -> httpx.Response:
    path, place = CALLS[dialect]
    value = f"Bearer {key}" if place == "authorization" else key
    headers = {place: value} if key and value else {}
    return httpx.post(gateway.url + path, json={}, headers=headers)


def error_of(answer: httpx.Response) -> tuple[str, str]:
    """Code and message, wherever this API has them; the code is in a header for all."""
    document = answer.json()
    message = document.get("message") or document["error"]["message"]
    return answer.headers["netra-error-code"], message


@pytest.mark.parametrize("dialect", CALLS)
def test_without_a_key_of_ours_it_is_401(guarded: RunningGateway, dialect: str) -> None:
    for key, code in (
        (None, "missing_api_key"),
        ("sk-somebody-elses", "missing_api_key"),
        ("nap_test_mistyped", "invalid_api_key"),
        (new_key(is_test=True).value, "invalid_api_key"),
    ):
        answer = call(guarded, dialect, key)
        assert (answer.status_code, error_of(answer)[0]) == (401, code)


ENDED = datetime.now(UTC) - timedelta(seconds=1)


@pytest.mark.parametrize("dialect", CALLS)
@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"expires_at": ENDED}, 401, "expired"),
        ({"revoked_at": ENDED}, 401, "revoked"),
        ({"scopes": frozenset({"usage.read"})}, 403, "gateway.call"),
    ],
    ids=["expired", "revoked", "out-of-scope"],
)
def test_a_key_that_ended_or_lacks_the_scope_is_told_so(
    guarded: RunningGateway, dialect: str, change: dict[str, Any], status: int, word: str
) -> None:
    before = guarded.tenants
    guarded.tenants = [with_key(before[0], **change)]
    answer = call(guarded, dialect, guarded.key)
    guarded.tenants = before
    assert answer.status_code == status
    assert word in error_of(answer)[1]


def test_a_key_of_an_archived_project_or_closed_organization_is_refused(
    guarded: RunningGateway,
) -> None:
    before, [owner] = guarded.tenants, guarded.tenants
    archived = {
        each.id: replace(each, is_archived=True) for each in owner.organization.projects.values()
    }
    for changed in (owner.having(projects=archived), owner.having(is_closed=True)):
        guarded.tenants = [changed]
        assert call(guarded, "openai", guarded.key).status_code == 401
    guarded.tenants = before


def test_a_rotated_key_works_until_its_overlap_ends(guarded: RunningGateway) -> None:
    before = guarded.tenants
    later = datetime.now(UTC) + timedelta(hours=1)
    guarded.tenants = [with_key(before[0], revoked_at=later)]
    answer = call(guarded, "openai", guarded.key)
    guarded.tenants = before
    assert answer.status_code == 400  # the provider's, for the empty body


def test_ones_own_provider_key_goes_to_the_providers_own_address_only(
    guarded: RunningGateway, simulator: RunningSimulator
) -> None:
    """The customer's base URL must not see a key that was meant for the provider."""
    simulator.forget_calls()
    answer = httpx.post(
        f"{guarded.url}/v1/chat/completions",
        json={"model": "gpt-4o", "messages": []},
        headers={
            "authorization": "Bearer sk-mine",
            "netra-key": guarded.key,
            "netra-provider": "vllm",
        },
    )
    assert (answer.status_code, error_of(answer)[0]) == (404, "no_provider")
    assert simulator.calls("sk-mine") == []
