"""Paths that no table knows: carried untouched, and recorded with their bytes and no price."""

from decimal import Decimal
from typing import Any

import httpx
import openai
import pytest

from tests.gateways import RunningGateway
from tests.proxy.sdk.conftest import OpenAIs
from tests.proxy.sdk.twins import foreign
from tests.simulator import RunningSimulator

NOISE = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def fresh(gateway: RunningGateway, simulator: RunningSimulator) -> None:
    simulator.forget_calls()
    gateway.forget_events()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize(
    "path", ["/v1/made/up?a=1&a=2&b=%2F+x", "/anything", "/v1/models/x%2Fy", "/v2/made-up"]
)
def test_an_unknown_path_passes_untouched(
    gateway: RunningGateway, simulator: RunningSimulator, method: str, path: str
) -> None:
    body = b"" if method == "GET" else NOISE
    mine = {"content-type": "application/x-mine", "x-mine": "1", "x-sim-cache": "off"}
    direct, ours = (
        httpx.request(
            method, url + path, content=body, headers=mine | {"authorization": f"Bearer {key}"}
        )
        for url, key in ((simulator.url, "sim-key-1"), (gateway.url, gateway.key))
    )
    assert (ours.status_code, ours.content) == (direct.status_code, direct.content)
    assert foreign(ours.headers) == foreign(direct.headers)
    first, second = simulator.finished_calls(count=2)
    assert (second.method, second.path, second.query, second.body) == (
        first.method,
        first.path,
        first.query,
        body,
    )
    assert second.headers["content-type"] == "application/x-mine"
    assert second.headers["x-mine"] == "1"
    [event] = gateway.events()
    assert (event.outcome, event.status) == ("error", ours.status_code)
    assert (event.request_bytes, event.response_bytes) == (len(body), len(ours.content))


def test_what_an_unknown_path_answers_is_recorded_without_a_price(
    gateway: RunningGateway,
) -> None:
    body = b'{"model": "llama", "messages": [{"role": "user", "content": "hi"}]}'
    answer = httpx.post(
        f"{gateway.url}/p/vllm/inference/v1/chat/completions",
        content=body,
        headers={"authorization": f"Bearer {gateway.key}"},
    )
    [event] = gateway.events()
    assert (event.endpoint, event.outcome, event.status) == ("passthrough", "success", 200)
    assert (event.is_priced, event.actual_usd) == (False, None)
    assert (event.request_bytes, event.response_bytes) == (len(body), len(answer.content))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/models", None),
        (
            "POST",
            "/v1/messages/count_tokens",
            {"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "hi"}]},
        ),
    ],
)
def test_what_is_looked_up_or_counted_costs_nothing(
    gateway: RunningGateway, method: str, path: str, body: dict[str, Any] | None
) -> None:
    answer = httpx.request(
        method,
        gateway.url + path,
        json=body,
        headers={"authorization": f"Bearer {gateway.key}", "anthropic-version": "2023-06-01"},
    )
    [event] = gateway.events()
    assert (answer.status_code, event.outcome) == (200, "success")
    assert (event.actual_usd, event.is_priced) == (Decimal(0), True)


def test_files_and_batches(gateway: RunningGateway, to_openai: OpenAIs) -> None:
    line = (
        b'{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":'
        b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}}\n'
    )
    client = to_openai()
    made = client.files.create(file=("in.jsonl", line), purpose="batch")
    assert client.files.content(made.id).read() == line
    assert [file.id for file in client.files.list()] == [made.id]
    batch = client.batches.create(
        input_file_id=made.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    done = client.batches.retrieve(batch.id)
    assert (done.status, done.output_file_id is None) == ("completed", False)
    assert b'"custom_id":"a"' in client.files.content(done.output_file_id or "").read()
    assert client.files.delete(made.id).deleted
    names = [event.endpoint for event in gateway.events(7)]
    assert names == ["files", "files", "files", "batches", "batches", "files", "files"]


def test_another_tenants_files_are_not_there(gateway: RunningGateway, to_openai: OpenAIs) -> None:
    made = to_openai().files.create(file=("in.jsonl", b"{}\n"), purpose="batch")
    with pytest.raises(openai.NotFoundError):
        to_openai(api_key=gateway.tenants[1].key).files.retrieve(made.id)
