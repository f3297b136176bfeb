"""Google's SDK parses content, streams, functions, counts and embeddings."""

from typing import Any

import httpx
import openai
import pytest
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from sim.tokens import count
from tests.simulator import RunningSimulator

MODEL = "gemini-2.0-flash"
WEATHER = types.FunctionDeclaration(
    name="weather",
    parameters=types.Schema(
        type=types.Type.OBJECT,
        properties={"city": types.Schema(type=types.Type.STRING)},
        required=["city"],
    ),
)
NO_CALLING = types.AutomaticFunctionCallingConfig(disable=True)
TOOLS = types.GenerateContentConfig(
    tools=[types.Tool(function_declarations=[WEATHER])], automatic_function_calling=NO_CALLING
)


def used(answer: types.GenerateContentResponse) -> types.GenerateContentResponseUsageMetadata:
    assert answer.usage_metadata
    return answer.usage_metadata


def test_content_counts_its_tokens(google_client: genai.Client) -> None:
    answer = google_client.models.generate_content(model=MODEL, contents="Say hello.")
    counted = google_client.models.count_tokens(model=MODEL, contents="Say hello.")
    asked = count("<user>") + count("Say hello.")
    assert answer.text
    assert answer.candidates
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert used(answer).prompt_token_count == counted.total_tokens == asked
    assert used(answer).candidates_token_count == count(answer.text)
    assert used(answer).total_token_count == asked + count(answer.text)
    assert used(answer).cached_content_token_count is None


def test_a_stream_joins_to_the_plain_content(google_client: genai.Client) -> None:
    plain = google_client.models.generate_content(model=MODEL, contents="Say hello.")
    chunks = list(google_client.models.generate_content_stream(model=MODEL, contents="Say hello."))
    assert len(chunks) > 1
    assert "".join(chunk.text or "" for chunk in chunks) == plain.text
    assert used(chunks[-1]) == used(plain)


def test_without_events_a_stream_is_one_json_array(
    simulator: RunningSimulator, google_client: genai.Client
) -> None:
    plain = google_client.models.generate_content(model=MODEL, contents="Say hello.")
    url = f"{simulator.url}/v1beta/models/{MODEL}:streamGenerateContent?key=google-one"
    body = {"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]}
    chunks = httpx.post(url, json=body).json()
    parts = [chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in chunks]
    failed = httpx.post(url, json=body, headers={"x-sim-fault": "error-event"}).json()
    assert len(parts) > 1
    assert "text" in plain.model_dump()["candidates"][0]["content"]["parts"][0]
    assert failed[-1]["error"]["status"] == "UNAVAILABLE"
    [call, *_] = simulator.calls("google-one")[1:]
    assert call.query == "key=google-one"


def test_functions_are_called_and_results_answered(google_client: genai.Client) -> None:
    asked = google_client.models.generate_content(model=MODEL, contents="Weather?", config=TOOLS)
    assert asked.function_calls
    [function] = asked.function_calls
    assert function.name == "weather"
    assert (function.args or {}).keys() == {"city"}
    reply = types.Part.from_function_response(name="weather", response={"degrees": 12})
    assert asked.candidates
    assert asked.candidates[0].content
    answer = google_client.models.generate_content(
        model=MODEL,
        contents=[asked.candidates[0].content, types.Content(role="user", parts=[reply])],
        config=TOOLS,
    )
    assert answer.text


class Trip(BaseModel):
    city: str
    days: int


def test_a_structured_answer_fits_its_schema(google_client: genai.Client) -> None:
    answer = google_client.models.generate_content(
        model=MODEL,
        contents="Plan.",
        config=types.GenerateContentConfig(
            response_mime_type="application/json", response_schema=Trip
        ),
    )
    assert isinstance(answer.parsed, Trip)


def test_thoughts_are_counted_apart_and_limits_end_answers(google_client: genai.Client) -> None:
    answer = google_client.models.generate_content(
        model="gemini-2.5-flash",
        contents="Think.",
        config=types.GenerateContentConfig(
            max_output_tokens=8,
            thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=128),
        ),
    )
    assert answer.candidates
    assert answer.candidates[0].content
    thought, said = answer.candidates[0].content.parts or []
    assert thought.thought
    assert answer.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS
    assert used(answer).thoughts_token_count == count(thought.text or "") == 4
    assert used(answer).candidates_token_count == count(said.text or "") == 4


def test_images_cost_their_fixed_tokens(google_client: genai.Client) -> None:
    image = types.Part.from_bytes(data=b"\x89PNG", mime_type="image/png")
    answer = google_client.models.generate_content(model=MODEL, contents=["What?", image])
    details = {d.modality: d.token_count for d in used(answer).prompt_tokens_details or []}
    assert details == {
        types.MediaModality.TEXT: count("<user>") + count("What?"),
        types.MediaModality.IMAGE: 765,
    }


def test_a_long_prompt_is_cached(google_client: genai.Client) -> None:
    generate, long = google_client.models.generate_content, "abcd" * 1500
    answers = [generate(model=MODEL, contents=long) for _ in range(2)]
    assert [used(answer).cached_content_token_count for answer in answers] == [None, 1408]


def test_embeddings_have_the_wanted_length(google_client: genai.Client) -> None:
    contents: list[Any] = ["one two", "three"]
    answer = google_client.models.embed_content(
        model="gemini-embedding-001",
        contents=contents,
        config=types.EmbedContentConfig(output_dimensionality=64),
    )
    assert [len(e.values or []) for e in answer.embeddings or []] == [64, 64]


def test_models_are_listed_and_found(google_client: genai.Client) -> None:
    names = [model.name for model in google_client.models.list()]
    assert "models/gemini-2.5-flash" in names
    assert google_client.models.get(model="gemini-2.5-flash").input_token_limit == 1_048_576


@pytest.mark.parametrize(
    ("key", "model", "code", "status"),
    [
        ("invalid", MODEL, 400, "INVALID_ARGUMENT"),
        ("google-one", "gemini-unknown", 404, "NOT_FOUND"),
        ("sim-fault.429-retry-after", MODEL, 429, "RESOURCE_EXHAUSTED"),
        ("sim-fault.503", MODEL, 503, "UNAVAILABLE"),
    ],
)
def test_errors_are_the_sdks_own(
    simulator: RunningSimulator, key: str, model: str, code: int, status: str
) -> None:
    options = types.HttpOptions(base_url=simulator.url)
    with (
        genai.Client(api_key=key, http_options=options) as client,
        pytest.raises(errors.APIError) as raised,
    ):
        client.models.generate_content(model=model, contents="Say hello.")
    assert (raised.value.code, raised.value.status) == (code, status)


def test_openais_sdk_finds_gemini_behind_its_own_path(simulator: RunningSimulator) -> None:
    url = f"{simulator.url}/v1beta/openai/"
    with openai.OpenAI(base_url=url, api_key="google-compatible") as client:
        answer = client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "Say hello."}]
        )
    assert answer.choices[0].message.content
    assert answer.model == MODEL
