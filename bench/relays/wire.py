"""The calls of the benchmark as bytes: one chat completion, whole or streamed, short or long."""

import json
from dataclasses import dataclass

MODEL = "gpt-4o-mini"
PATH = "/v1/chat/completions"
CHUNKS = 50
_LINE = 'He said: "the quick brown fox jumps over the lazy dog", and it did so again.\n'
_DASHED = "A line that is not plain ASCII — as one in ten of real ones is.\n"
_MESSAGE_TOKENS = 1_000
_BYTES_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Call:
    """prompt_tokens: thousands of four bytes each, in messages of a thousand."""

    prompt_tokens: int
    is_stream: bool

    @property
    def name(self) -> str:
        """How the rows call it."""
        return f"{self.prompt_tokens // 1000}k {'stream' if self.is_stream else 'whole'}"

    def body(self) -> bytes:
        """The request's JSON."""
        count = self.prompt_tokens // _MESSAGE_TOKENS
        messages = [{"role": "user", "content": _text(number)} for number in range(count)]
        document = {"model": MODEL, "stream": self.is_stream, "messages": messages}
        return json.dumps(document | {"max_tokens": 256}, ensure_ascii=False).encode()

    def request(self, headers: dict[str, str]) -> bytes:
        """The whole HTTP request, headers as an SDK sends them, with `headers` beside them."""
        body = self.body()
        named = _SDK | headers | {"content-length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        return f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + body


CALLS = tuple(Call(tokens, is_stream) for tokens in (1_000, 100_000) for is_stream in (False, True))

# As openai-python sends them.
_SDK = {
    "host": "127.0.0.1",
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "connection": "keep-alive",
    "content-type": "application/json",
    "user-agent": "OpenAI/Python 3.54.0",
    "x-stainless-arch": "x64",
    "x-stainless-async": "false",
    "x-stainless-lang": "python",
    "x-stainless-os": "Linux",
    "x-stainless-package-version": "3.54.0",
    "x-stainless-retry-count": "0",
    "x-stainless-runtime": "CPython",
    "x-stainless-runtime-version": "3.11.7",
}


def _text(number: int) -> str:
    line = _DASHED if number % 10 == 9 else _LINE
    return line * (_MESSAGE_TOKENS * _BYTES_PER_TOKEN // len(line))


_USAGE = {
    "prompt_tokens": 1_000,
    "completion_tokens": CHUNKS,
    "total_tokens": 1_000 + CHUNKS,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
}
_ORIGIN = {"id": "chatcmpl-static", "created": 1_790_000_000, "model": MODEL}
_HEAD = (
    "HTTP/1.1 200 OK\r\nx-request-id: req_static\r\nopenai-processing-ms: 1\r\n"
    "openai-version: 2020-10-01\r\nx-ratelimit-remaining-requests: 9999\r\n"
    "x-ratelimit-remaining-tokens: 9999999\r\nserver: static\r\n"
)


def whole_answer() -> bytes:
    """A chat completion of 50 tokens, with its head."""
    message = {"role": "assistant", "content": "word " * CHUNKS, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    document = _ORIGIN | {"object": "chat.completion", "choices": [choice], "usage": _USAGE}
    body = json.dumps(document).encode()
    head = f"{_HEAD}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def streamed_answer(*, with_usage: bool) -> list[bytes]:
    """The head, then 50 events and the end of a stream, in the pieces in which they are sent."""
    head = f"{_HEAD}content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    events = [_event({"content": "word "}, None) for _ in range(CHUNKS - 1)]
    events.append(_event({}, "stop"))
    if with_usage:
        events.append(_data(_ORIGIN | {"choices": [], "usage": _USAGE}))
    return [head.encode(), *map(_framed, events), _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"]


def _event(delta: dict[str, str], finish_reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return _data(_ORIGIN | {"object": "chat.completion.chunk", "choices": [choice]})


def _data(document: dict[str, object]) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def _framed(event: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(event), event)
