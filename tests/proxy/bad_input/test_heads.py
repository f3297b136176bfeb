"""Keys, headers of ours, methods and paths that make no sense."""

from uuid import UUID

import httpx
import pytest

from apps.tenants.key_format import new_key
from tests.gateways import RunningGateway
from tests.proxy.bad_input.raw import CHAT, shape_of, told, written
from tests.simulator import RunningSimulator

GEMINI = "/v1beta/models/gemini-2.5-flash:generateContent"
PLACES = [
    ("/v1/chat/completions", "openai", "authorization", "Bearer {}"),
    ("/v1/models", "openai", "authorization", "Bearer {}"),
    ("/v1/made/up", "openai", "authorization", "Bearer {}"),
    ("/openai/deployments/x/chat/completions", "openai", "api-key", "{}"),
    ("/v1/messages", "anthropic", "x-api-key", "{}"),
    ("/v1/messages", "anthropic", "authorization", "bearer {}"),
    (GEMINI, "google", "x-goog-api-key", "{}"),
    ("/v2/chat", "cohere", "authorization", "Bearer {}"),
    ("/v1/chat/completions", "openai", "netra-key", "{}"),
]
WRONG_KEYS = {
    "none": "",
    "a provider's": "sk-proj-abc",
    "unknown": new_key(is_test=False).value,
    "mistyped": "nap_test_" + "a" * 36,
    "short": "nap_",
    "long": "nap_live_" + "a" * 9000,
    "not ASCII": "nap_live_é",
    "two": "nap_live_a, nap_live_b",
    "quoted": '"nap_live_a"',
}


@pytest.mark.parametrize("key", WRONG_KEYS.values(), ids=WRONG_KEYS.keys())
@pytest.mark.parametrize(("path", "shape", "header", "form"), PLACES)
def test_a_wrong_key_is_401_in_the_providers_shape_wherever_it_stands(
    gateway: RunningGateway,
    simulator: RunningSimulator,
    path: str,
    shape: str,
    header: str,
    form: str,
    key: str,
) -> None:
    with httpx.Client(base_url=gateway.url) as client:
        text = form.format(key).strip().encode("latin-1")
        answer = client.post(path, json=CHAT, headers={header.encode(): text})
    assert (answer.status_code, shape_of(answer.json())) == (401, shape)
    assert simulator.calls() == []


def test_googles_key_in_the_query_is_checked_too(gateway: RunningGateway) -> None:
    wrong = httpx.post(f"{gateway.url}{GEMINI}?key=nap_live_no", json={"contents": []})
    assert (wrong.status_code, shape_of(wrong.json())) == (401, "google")


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("netra-provider", "nope", "unknown_provider"),
        ("netra-provider", "", "unknown_provider"),
        ("netra-provider", "OpenAI", "unknown_provider"),
        ("netra-provider", "\xff", "unknown_provider"),
        ("netra-provider", "x" * 5000, "unknown_provider"),
        ("netra-provider", "openai_compatible", "no_provider"),
        ("netra-tags", "no value", "invalid_netra_header"),
        ("netra-tags", "=x", "invalid_netra_header"),
        ("netra-tags", "a=", "invalid_netra_header"),
        ("netra-tags", "a=" + "x" * 300, "invalid_netra_header"),
        ("netra-tags", ",".join(f"t{n}=x" for n in range(21)), "invalid_netra_header"),
        ("netra-end-user", "", "invalid_netra_header"),
        ("netra-end-user", "x" * 257, "invalid_netra_header"),
        ("netra-conversation", "", "invalid_netra_header"),
        ("netra-conversation", "x" * 257, "invalid_netra_header"),
    ],
)
@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/v1/chat/completions", "openai"),
        ("/v1/messages", "anthropic"),
        (GEMINI, "google"),
        ("/v2/chat", "cohere"),
    ],
)
def test_a_wrong_header_of_ours_is_refused_by_name(
    caller: httpx.Client,
    simulator: RunningSimulator,
    path: str,
    shape: str,
    header: str,
    value: str,
    code: str,
) -> None:
    sent = {header.encode(): value.encode("latin-1")}
    answer = caller.post(path, json=CHAT, headers=sent)
    assert answer.headers["netra-error-code"] == code
    assert shape_of(answer.json()) == shape
    assert answer.status_code == (404 if code == "no_provider" else 400)
    assert simulator.calls() == []


@pytest.mark.parametrize(
    ("path", "provider", "shape"),
    [
        ("/v1/messages", "groq", "anthropic"),
        ("/v1/messages", "google", "anthropic"),
        ("/v1/messages", "azure_openai", "anthropic"),
        (GEMINI, "anthropic", "google"),
        (GEMINI, "openai", "google"),
        ("/v2/chat", "openai", "cohere"),
        ("/v2/rerank", "mistral", "cohere"),
    ],
)
@pytest.mark.parametrize("brings_key", [False, True])
def test_a_provider_that_lacks_the_api_of_the_path_is_refused(
    caller: httpx.Client, path: str, provider: str, shape: str, brings_key: bool
) -> None:
    own = {"netra-key": caller.headers["authorization"][7:], "authorization": "Bearer sk-mine"}
    headers = {"netra-provider": provider} | (own if brings_key else {})
    if provider == "azure_openai" and brings_key:
        pytest.skip("an own key has no base URL there, which is said first")
    answer = caller.post(path, json=CHAT, headers=headers)
    assert (answer.status_code, shape_of(answer.json())) == (400, shape)
    assert answer.headers["netra-error-code"] == "provider_cannot_serve"


@pytest.mark.parametrize(
    ("path", "model", "shape"),
    [("/v1/messages", "groq/llama-3", "anthropic"), ("/v2/chat", "mistral/large", "cohere")],
)
def test_so_is_one_that_the_model_names(
    caller: httpx.Client, path: str, model: str, shape: str
) -> None:
    answer = caller.post(path, json=CHAT | {"model": model})
    assert (answer.status_code, shape_of(answer.json())) == (400, shape)


@pytest.mark.parametrize(
    "value", [b"caf\xc3\xa9", b"caf\xe9", b"\xff\xfe", b"a\tb", b'a;b,c"d"', b""]
)
def test_foreign_headers_go_upstream_as_they_are(
    caller: httpx.Client, simulator: RunningSimulator, value: bytes
) -> None:
    answer = caller.post("/v1/chat/completions", json=CHAT, headers={b"x-mine": value})
    assert answer.status_code == 200
    [call] = simulator.calls()
    # What is no UTF-8 can only be written as UTF-8 of the same letters.
    is_utf8 = value.decode("utf-8", "replace").encode() == value
    expected = value if is_utf8 else value.decode("latin-1").encode()
    assert call.headers["x-mine"].encode("latin-1") == expected


def test_what_connection_names_stays_on_this_hop(
    caller: httpx.Client, simulator: RunningSimulator
) -> None:
    headers = {"connection": "keep-alive, X-Hop", "x-hop": "1", "x-far": "2"}
    caller.post("/v1/chat/completions", json=CHAT, headers=headers)
    [call] = simulator.calls()
    assert "x-hop" not in call.headers
    assert call.headers["x-far"] == "2"


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"]
)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", GEMINI, "/v2/chat"])
def test_a_wrong_method_is_the_providers_to_judge(
    caller: httpx.Client, simulator: RunningSimulator, method: str, path: str
) -> None:
    answer = caller.request(method, path)
    [call] = simulator.calls()
    assert (call.method, call.path, call.status) == (method, path, answer.status_code)
    assert "netra-error-code" not in answer.headers
    assert answer.status_code in (404, 400, 405)


PATHS = [
    "/", "//", "/v1", "/v1/", "//v1/models", "/v1//models", "/v1/models/", "/v1/%00", "/v1/%0d%0a",
    "/v1/models/a%2Fb%3Fc%23d", "/v1/models/%C3%A9", "/v1/%FF", "/v1/..;/x", "/v1/models;x=y",
    "/v1/:", "/v1/models?", "/v1/models?a=b&a=c&=", "/v1/models?q=%00%ff&x=a+b", "/v1/models/~a",
    "/v1beta/models/:generateContent", "/v1beta/models/x:made-up", "/openai/deployments/",
    "/openai/deployments/a%2Fb/x", "/v1/...", "/v1/.hidden", "/v1/a..b", "/v1/" + "a" * 8000,
    "/p/openai", "/p/openai/", "/p/openai//x", "/robots.txt", "/wp-admin.php", "/api/v1/keys",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:30])
def test_an_odd_path_is_the_providers_to_judge(
    caller: httpx.Client, simulator: RunningSimulator, path: str
) -> None:
    url = httpx.URL(str(caller.base_url).rstrip("/") + "/").copy_with(raw_path=path.encode())
    answer = caller.get(url)
    assert "netra-error-code" not in answer.headers
    [call] = simulator.calls()
    assert call.status == answer.status_code < 500


@pytest.mark.parametrize(
    ("path", "code", "status"),
    [
        ("/v1/../x", "unsafe_path", 400),
        ("/v1/./x", "unsafe_path", 400),
        ("/v1/..", "unsafe_path", 400),
        ("/v1/%2e%2e/x", "unsafe_path", 400),
        ("/v1/.%2E/x", "unsafe_path", 400),
        ("/v1/..%2fx", "unsafe_path", 400),
        ("/v1/files%2f..%2fx", "unsafe_path", 400),
        ("/v1/..%5cx", "unsafe_path", 400),
        ("/p/openai/../x", "unsafe_path", 400),
        ("/p/nope/v1/models", "unknown_provider", 404),
        ("/p/", "unknown_provider", 404),
        ("/p//x", "unknown_provider", 404),
        ("/p/OpenAI/x", "unknown_provider", 404),
    ],
)
def test_a_path_that_climbs_or_names_nobody_is_refused(
    caller: httpx.Client, simulator: RunningSimulator, path: str, code: str, status: int
) -> None:
    key = ("authorization", caller.headers["authorization"])
    answer = told(str(caller.base_url), written("GET", path, key))
    assert answer
    assert (answer.status, answer.code, answer.shape) == (status, code, "openai")
    assert simulator.calls() == []


@pytest.mark.parametrize(
    "path", ["/v1/chat/%63ompletions", "/v1/%63hat/completions", "/%761/chat/completions"]
)
def test_no_escape_hides_what_a_call_costs(
    gateway: RunningGateway, caller: httpx.Client, path: str
) -> None:
    gateway.forget_events()
    answer = caller.post(caller.base_url.copy_with(raw_path=path.encode()), json=CHAT)
    assert answer.status_code == 200
    [event] = gateway.events()
    assert (event.endpoint, event.is_priced) == ("chat.completions", True)


def test_a_refused_call_of_a_known_caller_is_recorded(
    gateway: RunningGateway, caller: httpx.Client
) -> None:
    gateway.forget_events()
    answer = caller.post("/v1/chat/completions", content=b"[]")
    [event] = gateway.events()
    assert event.event_id == UUID(answer.headers["netra-request-id"])
    assert (event.outcome, event.status, event.error_code) == ("refused", 400, "malformed_request")
    assert (event.request_bytes, event.attempts) == (2, ())
