"""Equal requests get equal bytes, whatever a gateway added to them on the way."""

from typing import Any

import httpx
import pytest

from tests.simulator import RunningSimulator

ASKED = [{"role": "user", "content": "Say hello."}]
SAME: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"model": "gpt-4o", "messages": ASKED},
    "/v1/responses": {"model": "gpt-4.1", "input": "Say hello."},
    "/v1/messages": {"model": "claude-haiku-4-5", "max_tokens": 300, "messages": ASKED},
    "/v2/chat": {"model": "command-a-03-2025", "messages": ASKED},
    "/v1beta/models/gemini-2.5-flash:generateContent": {
        "contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]
    },
}


def post(simulator: RunningSimulator, path: str, body: dict[str, Any]) -> httpx.Response:
    headers = {"authorization": "Bearer key-d", "x-sim-cache": "off"}
    return simulator.client.post(path, json=body, headers=headers)


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("path", SAME)
def test_equal_requests_get_equal_bytes_and_headers(
    simulator: RunningSimulator, path: str, is_stream: bool
) -> None:
    body = SAME[path] | ({"stream": True} if is_stream else {})
    first, second = (post(simulator, path, body) for _ in range(2))
    assert first.status_code == 200
    assert first.content == second.content
    assert first.headers == second.headers
    assert "date" not in first.headers


def test_what_a_gateway_adds_changes_no_word(simulator: RunningSimulator) -> None:
    path = "/v1/chat/completions"
    plain = post(simulator, path, SAME[path])
    block = {"type": "text", "text": "Say hello.", "cache_control": {"type": "ephemeral"}}
    marked = SAME[path] | {
        "messages": [{"role": "user", "content": [block]}],
        "service_tier": "default",
        "stream_options": {"include_usage": True},
    }
    assert post(simulator, path, marked).content == plain.content


def test_other_requests_get_other_answers(simulator: RunningSimulator) -> None:
    path = "/v1/chat/completions"
    bodies = [SAME[path], SAME[path] | {"model": "gpt-4.1"}, SAME[path] | {"temperature": 0.5}]
    answers = {post(simulator, path, body).json()["id"] for body in bodies}
    assert len(answers) == 3


def test_an_upload_does_not_depend_on_its_boundary(simulator: RunningSimulator) -> None:
    def upload(boundary: str) -> Any:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="'
        parts = (f'{head}purpose"\r\n\r\nbatch', f'{head}file"; filename="a"\r\n\r\n{{}}')
        body = "\r\n".join([*parts, f"--{boundary}--"])
        return simulator.client.post(
            "/v1/files",
            content=body,
            headers={
                "authorization": "Bearer key-d",
                "content-type": f"multipart/form-data; boundary={boundary}",
            },
        ).json()

    assert upload("aaa") == upload("bbb")


def test_latency_can_be_asked_for(simulator: RunningSimulator) -> None:
    path = "/v1/chat/completions"
    headers = {"authorization": "Bearer key-d", "x-sim-latency-ms": "120"}
    slow = simulator.client.post(path, json=SAME[path], headers=headers)
    broken = simulator.client.post(
        path, json=SAME[path], headers=headers | {"x-sim-token-ms": "soon"}
    )
    assert slow.elapsed.total_seconds() >= 0.12
    assert broken.status_code == 400
