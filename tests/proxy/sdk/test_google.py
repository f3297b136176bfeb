"""The official google-genai SDK at the gateway, and OpenAI's at Google's compatible paths."""

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from tests.gateways import RunningGateway
from tests.proxy.sdk.twins import PLAIN, Twins
from tests.simulator import RunningSimulator

MODEL = "gemini-2.5-flash"
PIXEL = bytes.fromhex("89504e470d0a1a0a")
Pair = Twins[genai.Client]


class Verdict(BaseModel):
    title: str
    score: int


def made(url: str, key: str, http: httpx.Client) -> genai.Client:
    options = types.HttpOptions(base_url=url, httpx_client=http, headers=PLAIN)
    return genai.Client(api_key=key, http_options=options)


@pytest.fixture(scope="module")
def twins(gateway: RunningGateway, simulator: RunningSimulator) -> Iterator[Pair]:
    pair = Twins(made, direct=(simulator.url, "sim-key-1"), ours=(gateway.url, gateway.key))
    yield pair
    pair.close()


def said(answer: types.GenerateContentResponse) -> dict[str, Any]:
    """What it says, without the headers, of which some are ours."""
    return answer.model_dump(exclude={"sdk_http_response"})


def test_generate(twins: Pair) -> None:
    answer = twins.both(
        lambda c: said(c.models.generate_content(model=MODEL, contents="hello, wörld"))
    )
    assert answer["usage_metadata"]["thoughts_token_count"]


def test_stream(twins: Pair) -> None:
    def ask(client: genai.Client) -> Any:
        return [said(c) for c in client.models.generate_content_stream(model=MODEL, contents="hi")]

    assert len(twins.both(ask)) > 1


def test_functions(twins: Pair) -> None:
    schema = types.Schema(
        type=types.Type.OBJECT, properties={"city": types.Schema(type=types.Type.STRING)}
    )
    declared = [types.FunctionDeclaration(name=n, parameters=schema) for n in ("weather", "tides")]
    config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=declared)])
    answer = twins.both(
        lambda c: said(c.models.generate_content(model=MODEL, contents="hi", config=config))
    )
    parts = answer["candidates"][0]["content"]["parts"]
    calls = [part["function_call"]["name"] for part in parts if part["function_call"]]
    assert calls == ["weather", "tides"]


def test_structured_output(twins: Pair) -> None:
    config = types.GenerateContentConfig(
        response_mime_type="application/json", response_schema=Verdict
    )
    answer = twins.both(
        lambda c: said(c.models.generate_content(model=MODEL, contents="hi", config=config))
    )
    assert isinstance(answer["parsed"], dict)


def test_vision(twins: Pair) -> None:
    contents: Any = [types.Part.from_bytes(data=PIXEL, mime_type="image/png"), "What is it?"]
    twins.both(lambda c: said(c.models.generate_content(model=MODEL, contents=contents)))


def test_embeddings(twins: Pair) -> None:
    def ask(client: genai.Client) -> Any:
        answer = client.models.embed_content(model="gemini-embedding-001", contents=["a", "b"])
        return [each.values for each in answer.embeddings or ()]

    assert len(twins.both(ask)) == 2


def test_count_tokens_and_models(twins: Pair) -> None:
    def ask(client: genai.Client) -> Any:
        counted = client.models.count_tokens(model=MODEL, contents="hello")
        return counted.total_tokens, [model.name for model in client.models.list()]

    assert twins.both(ask)[0]


def test_an_unknown_model_is_the_providers_error(twins: Pair) -> None:
    error = twins.fail_both(
        lambda c: c.models.generate_content(model="gemini-unknown", contents="hi"),
        errors.ClientError,
    )
    assert isinstance(error, errors.ClientError)
    assert (error.code, error.status) == (404, "NOT_FOUND")


def test_a_wrong_key_is_googles_error(gateway: RunningGateway) -> None:
    with httpx.Client() as http, pytest.raises(errors.ClientError) as raised:
        made(gateway.url, "wrong", http).models.generate_content(model=MODEL, contents="hi")
    assert (raised.value.code, raised.value.status) == (401, "UNAUTHENTICATED")
    assert "Netra API key" in str(raised.value)


@pytest.mark.parametrize("is_stream", [False, True])
def test_openais_form_of_gemini(
    gateway: RunningGateway, simulator: RunningSimulator, is_stream: bool
) -> None:
    pair = Twins(
        lambda url, key, http: openai.OpenAI(
            base_url=f"{url}/v1beta/openai/", api_key=key, http_client=http
        ),
        direct=(simulator.url, "sim-key-1"),
        ours=(gateway.url, gateway.key),
        client=openai.DefaultHttpxClient,
    )

    def ask(client: openai.OpenAI) -> Any:
        answer: Any = client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "hi"}], stream=is_stream
        )
        return list(answer) if is_stream else answer

    gateway.forget_events()
    pair.both(ask, apart_from=("x-ratelimit-remaining-tokens",))
    pair.close()
    event = gateway.events()[-1]
    assert (event.provider, event.endpoint, event.is_priced) == (
        "google",
        "chat.completions",
        True,
    )


def test_an_array_streams_as_it_stands(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    body = {"contents": [{"parts": [{"text": "hi"}]}]}
    path = f"/v1beta/models/{MODEL}:streamGenerateContent"
    gateway.forget_events()
    answers = [
        httpx.post(url + path, json=body, headers=PLAIN | {"x-goog-api-key": key}).content
        for url, key in ((simulator.url, "sim-key-1"), (gateway.url, gateway.key))
    ]
    assert answers[0] == answers[1]
    event = gateway.events()[-1]
    assert event.buckets.output_total > 0
