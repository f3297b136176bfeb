"""OpenAI's SDK parses everything else: responses, texts, media, files, batches, realtime."""

import base64
import json
import struct
from typing import Any

import httpx
import openai
import pytest
from openai.types.responses import FunctionToolParam
from pydantic import BaseModel

from sim.tokens import count
from tests.simulator import RunningSimulator

WEATHER: FunctionToolParam = {
    "type": "function",
    "name": "weather",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


def test_a_response_is_kept_and_continued(openai_client: openai.OpenAI) -> None:
    first = openai_client.responses.create(model="gpt-4.1", input="Say hello.")
    assert openai_client.responses.retrieve(first.id) == first
    second = openai_client.responses.create(
        model="gpt-4.1", input="Again.", previous_response_id=first.id
    )
    assert first.usage
    assert second.usage
    asked = count("<user>") + count("Say hello.")
    assert first.usage.input_tokens == asked
    assert first.usage.output_tokens == count(first.output_text)
    continued = count("<assistant>") + count(first.output_text) + count("<user>") + count("Again.")
    assert second.usage.input_tokens == asked + continued
    openai_client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        openai_client.responses.retrieve(first.id)


def test_typed_events_join_to_the_plain_response(openai_client: openai.OpenAI) -> None:
    plain = openai_client.responses.create(model="o3", input="Say hello.")
    with openai_client.responses.stream(model="o3", input="Say hello.") as stream:
        events = list(stream)
        whole = stream.get_final_response()
    assert [event.sequence_number for event in events if hasattr(event, "sequence_number")] == (
        list(range(len(events)))
    )
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == plain.output_text == whole.output_text
    assert [item.type for item in whole.output] == ["reasoning", "message"]
    assert whole.usage == plain.usage


def test_a_response_calls_functions(openai_client: openai.OpenAI) -> None:
    with openai_client.responses.stream(
        model="gpt-4.1", input="Weather?", tools=[WEATHER]
    ) as stream:
        whole = stream.get_final_response()
    [item] = whole.output
    assert item.type == "function_call"
    assert json.loads(item.arguments).keys() == {"city"}
    answer = openai_client.responses.create(
        model="gpt-4.1",
        tools=[WEATHER],
        previous_response_id=whole.id,
        input=[{"type": "function_call_output", "call_id": item.call_id, "output": "12 degrees"}],
    )
    assert [item.type for item in answer.output] == ["message"]


class Trip(BaseModel):
    city: str
    days: int


def test_a_response_fits_a_schema_and_a_limit(openai_client: openai.OpenAI) -> None:
    parsed = openai_client.responses.parse(model="gpt-4.1", input="Plan.", text_format=Trip)
    short = openai_client.responses.create(model="gpt-4.1", input="Plan.", max_output_tokens=16)
    assert isinstance(parsed.output_parsed, Trip)
    assert (short.status, short.usage and short.usage.output_tokens) in {
        ("incomplete", 16),
        ("completed", count(short.output_text)),
    }


def test_an_unknown_previous_response_is_a_bad_request(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="Previous response with id 'resp_x'"):
        openai_client.responses.create(
            model="gpt-4.1", input="Again.", previous_response_id="resp_x"
        )


def test_a_failed_response_stream_ends_with_the_error_event(simulator: RunningSimulator) -> None:
    with openai.OpenAI(base_url=f"{simulator.url}/v1", api_key="sim-fault.error-event") as client:
        events = list(client.responses.create(model="gpt-4.1", input="Say hello.", stream=True))
    assert events[0].type == "response.created"
    assert events[-1].type == "error"
    assert events[-1].message == "The server is overloaded."


def test_completions_come_whole_and_streamed(openai_client: openai.OpenAI) -> None:
    create = openai_client.completions.create
    plain = create(model="gpt-3.5-turbo-instruct", prompt="Once upon", max_tokens=12)
    chunks = list(
        create(model="gpt-3.5-turbo-instruct", prompt="Once upon", max_tokens=12, stream=True)
    )
    assert "".join(chunk.choices[0].text for chunk in chunks) == plain.choices[0].text
    assert plain.usage
    assert plain.usage.completion_tokens == count(plain.choices[0].text)


def test_embeddings_are_the_same_in_both_encodings(openai_client: openai.OpenAI) -> None:
    create = openai_client.embeddings.create
    texts = ["the cat sat on the mat", "the cat lay on the mat", "quarterly tax report"]
    plain = create(
        model="text-embedding-3-small", input=texts, dimensions=256, encoding_format="float"
    )
    default = create(model="text-embedding-3-small", input=texts, dimensions=256)
    vectors = [item.embedding for item in plain.data]
    assert [item.embedding for item in default.data] == vectors
    assert {len(vector) for vector in vectors} == {256}
    assert plain.usage.prompt_tokens == sum(count(text) for text in texts)
    near, far = (_cosine(vectors[0], vectors[n]) for n in (1, 2))
    assert near > 0.5 > far


def _cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_models_are_listed_and_found(openai_client: openai.OpenAI) -> None:
    names = [model.id for model in openai_client.models.list()]
    assert "gpt-4o" in names
    assert openai_client.models.retrieve("gpt-4o").id == "gpt-4o"
    with pytest.raises(openai.NotFoundError):
        openai_client.models.retrieve("unknown")


def test_moderation_flags_violence(openai_client: openai.OpenAI) -> None:
    answer = openai_client.moderations.create(input=["good morning", "kill the process"])
    assert [result.flagged for result in answer.results] == [False, True]


def test_an_image_is_a_png_with_usage(openai_client: openai.OpenAI) -> None:
    answer = openai_client.images.generate(model="gpt-image-1", prompt="A cat", n=2)
    assert answer.data
    images = [base64.b64decode(image.b64_json or "") for image in answer.data]
    assert [image[:8] for image in images] == [b"\x89PNG\r\n\x1a\n"] * 2
    assert answer.usage
    assert answer.usage.output_tokens == 2 * 1056


def test_speech_is_bytes_and_a_transcription_text(openai_client: openai.OpenAI) -> None:
    spoken = openai_client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="alloy", input="Good morning."
    ).read()
    heard = openai_client.audio.transcriptions.create(
        model="whisper-1", file=("speech.mp3", spoken)
    )
    assert len(spoken) == 1200 * count("Good morning.")
    assert heard.text
    assert heard.to_dict()["usage"] == {"type": "duration", "seconds": 1}


def test_files_are_the_uploaders_own(
    openai_client: openai.OpenAI, simulator: RunningSimulator
) -> None:
    content = bytes(range(256)) + b"\r\n--boundary\r\n"
    file = openai_client.files.create(file=("data.bin", content), purpose="user_data")
    assert file.bytes == len(content)
    assert openai_client.files.content(file.id).read() == content
    assert [found.id for found in openai_client.files.list()] == [file.id]
    with openai.OpenAI(base_url=f"{simulator.url}/v1", api_key="sk-two") as other:
        assert list(other.files.list()) == []
        with pytest.raises(openai.NotFoundError):
            other.files.retrieve(file.id)
    assert openai_client.files.delete(file.id).deleted


def lines(*bodies: dict[str, Any]) -> bytes:
    """The JSONL of a batch of chat completions."""
    requests = [
        {"custom_id": f"line-{n}", "method": "POST", "url": "/v1/chat/completions", "body": body}
        for n, body in enumerate(bodies)
    ]
    return "\n".join(map(json.dumps, requests)).encode()


def test_a_batch_answers_each_line_as_the_call_would(openai_client: openai.OpenAI) -> None:
    good = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}]}
    file = openai_client.files.create(
        file=("in.jsonl", lines(good, good | {"model": "unknown"})), purpose="batch"
    )
    batch = openai_client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    done = openai_client.batches.retrieve(batch.id)
    assert done.status == "completed"
    assert done.request_counts
    assert done.request_counts.to_dict() == {"total": 2, "completed": 1, "failed": 1}
    [line] = openai_client.files.content(done.output_file_id or "").text.splitlines()
    [failure] = openai_client.files.content(done.error_file_id or "").text.splitlines()
    direct = openai_client.chat.completions.create(**good)  # type: ignore[call-overload]
    assert json.loads(line)["response"]["body"] == direct.to_dict()
    assert (json.loads(line)["custom_id"], json.loads(failure)["custom_id"]) == ("line-0", "line-1")
    assert json.loads(failure)["response"]["status_code"] == 404


def test_a_slow_batch_can_be_cancelled(openai_client: openai.OpenAI) -> None:
    good = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}]}
    file = openai_client.files.create(file=("in.jsonl", lines(good)), purpose="batch")
    batch = openai_client.batches.create(
        input_file_id=file.id,
        endpoint="/v1/chat/completions",
        completion_window="24h",
        extra_headers={"x-sim-batch-seconds": "3600"},
    )
    assert openai_client.batches.retrieve(batch.id).status == "in_progress"
    assert openai_client.batches.cancel(batch.id).status == "cancelled"
    assert batch.id in [found.id for found in openai_client.batches.list()]


async def test_a_realtime_session_says_back_what_it_was_told(simulator: RunningSimulator) -> None:
    client = openai.AsyncOpenAI(base_url=f"{simulator.url}/v1", api_key="sk-realtime")
    said, usage = "", None
    async with client, client.realtime.connect(model="gpt-realtime") as connection:
        await connection.session.update(session={"type": "realtime", "instructions": "Be kind."})
        await connection.conversation.item.create(
            item={
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Grüße, 世界"}],
            }
        )
        await connection.response.create()
        async for event in connection:
            if event.type == "response.output_text.delta":
                said += event.delta
            if event.type == "response.done":
                usage = event.response.usage
                break
    assert said == "Grüße, 世界"
    assert usage
    assert (usage.input_tokens, usage.output_tokens) == (count("Be kind.") + count(said), 4)
    [call] = simulator.finished_calls("sk-realtime", count=1)
    assert (call.method, call.status) == ("WEBSOCKET", 101)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/nowhere", 404), ("/v1/chat/completions/x", 404), ("/v1/files/../../etc", 404)],
)
def test_an_unknown_path_is_an_error_of_the_dialect(
    simulator: RunningSimulator, path: str, status: int
) -> None:
    response = httpx.post(f"{simulator.url}{path}", headers={"authorization": "Bearer sk"})
    assert response.status_code == status
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_floats_are_exact_in_single_precision(simulator: RunningSimulator) -> None:
    answer = httpx.post(
        f"{simulator.url}/openai/deployments/embedder/embeddings?api-version=2025-04-01",
        json={"input": "one two"},
        headers={"api-key": "azure-key"},
    ).json()
    vector = answer["data"][0]["embedding"]
    form = f"<{len(vector)}f"
    assert list(struct.unpack(form, struct.pack(form, *vector))) == vector
