"""The caller's own provider key beside Netra-Key: it stands upstream where it stood in the call."""

from dataclasses import replace
from typing import Any

import openai
import pytest
from google import genai
from google.genai import types

from apps.proxy import routing
from apps.proxy.exchange import Exchange
from apps.proxy.selection import Candidate
from tests.gateways import RunningGateway
from tests.proxy.sdk.conftest import Anthropics, OpenAIs
from tests.simulator import RunningSimulator

HELLO: list[Any] = [{"role": "user", "content": "hi"}]
OWN = "sk-my-own"


@pytest.fixture(autouse=True)
def providers_at_home(
    monkeypatch: pytest.MonkeyPatch, gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    """An own key goes to the provider's own address only; let that be the simulator's."""
    own = routing._own

    def at_simulator(exchange: Exchange, provider: str) -> Candidate:
        candidate = own(exchange, provider)
        here = replace(candidate.credential, base_url=simulator.url, may_reach_private=True)
        return replace(candidate, credential=here)

    monkeypatch.setattr(routing, "_own", at_simulator)
    simulator.forget_calls()
    gateway.forget_events()


def ours(gateway: RunningGateway) -> dict[str, str]:
    return {"Netra-Key": gateway.key, "Netra-End-User": "u-7", "Netra-Tags": "team=a"}


def upstream(gateway: RunningGateway, simulator: RunningSimulator) -> dict[str, str]:
    """The headers of the one call, which our key is not among and which was recorded."""
    [call] = simulator.finished_calls(count=1)
    [event] = gateway.events()
    assert gateway.key not in f"{call.headers}{call.query}"
    assert (event.credential_id, event.end_user, event.tags) == (None, "u-7", {"team": "a"})
    assert event.is_priced
    assert call.api_key == OWN
    return call.headers


def test_openai(gateway: RunningGateway, to_openai: OpenAIs, simulator: RunningSimulator) -> None:
    client = to_openai(api_key=OWN, default_headers=ours(gateway))
    assert client.chat.completions.create(model="gpt-4o-mini", messages=HELLO).choices
    assert upstream(gateway, simulator)["authorization"] == f"Bearer {OWN}"


@pytest.mark.parametrize(
    ("header", "value"), [("x-api-key", OWN), ("authorization", f"Bearer {OWN}")]
)
def test_anthropic_by_key_or_token(
    gateway: RunningGateway,
    to_anthropic: Anthropics,
    simulator: RunningSimulator,
    header: str,
    value: str,
) -> None:
    sent = ours(gateway) | {header: value}
    client = to_anthropic(api_key=None, auth_token=None, default_headers=sent)
    assert client.messages.create(model="claude-haiku-4-5", max_tokens=9, messages=HELLO).content
    headers = upstream(gateway, simulator)
    assert headers[header] == value
    assert len({"x-api-key", "authorization"} & set(headers)) == 1


def test_google(gateway: RunningGateway, simulator: RunningSimulator) -> None:
    options = types.HttpOptions(base_url=gateway.url, headers=ours(gateway))
    client = genai.Client(api_key=OWN, http_options=options)
    assert client.models.generate_content(model="gemini-2.5-flash", contents="hi").text
    client.close()
    assert upstream(gateway, simulator)["x-goog-api-key"] == OWN


def test_a_providers_key_alone_is_nobodys(
    gateway: RunningGateway, to_openai: OpenAIs, simulator: RunningSimulator
) -> None:
    with pytest.raises(openai.AuthenticationError, match="Netra-Key"):
        to_openai(api_key=OWN).chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert simulator.calls() == []


def test_a_wrong_netra_key_is_not_made_good_by_a_providers(
    gateway: RunningGateway, to_openai: OpenAIs, simulator: RunningSimulator
) -> None:
    client = to_openai(api_key=OWN, default_headers={"Netra-Key": "nap_live_no"})
    with pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert simulator.calls() == []
