"""Events that differ only in their text are measured as if each were parsed."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.proxy.providers.facts import Reading
from apps.proxy.providers.sse_frame import NO_FRAME, learn_frame
from tests.proxy.providers.anthropic_samples import MESSAGES
from tests.proxy.providers.more_samples import COHERE
from tests.proxy.providers.openai_samples import CHAT, RESPONSES
from tests.proxy.providers.samples import Json, Sample

words = st.sampled_from(["the", " quick", 'say "x"', "a\\b", "line\n", "über", "😀", "", "[DONE]"])
texts = st.lists(words | st.text(max_size=8), max_size=12)


def _chat(text: str, number: int) -> Json:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return {"id": "c", "model": "m", "choices": [choice], "obfuscation": "x" * (number % 5)}


def _message(text: str, number: int) -> Json:
    delta = {"type": "text_delta", "text": text}
    return {"type": "content_block_delta", "index": number // 5, "delta": delta}


def _response(text: str, number: int) -> Json:
    return {"type": "response.output_text.delta", "sequence_number": number, "delta": text}


def _cohere(text: str, number: int) -> Json:
    return {"type": "content-delta", "delta": {"message": {"content": {"text": text}}}}


makers = st.sampled_from(
    [(CHAT, _chat), (MESSAGES, _message), (RESPONSES, _response), (COHERE, _cohere)]
)


def read(
    sample: Sample, stream: bytes, places: list[int], *, strips: bool
) -> tuple[bytes, Reading]:
    """What was relayed and read of a stream in pieces."""
    watcher = sample.watcher(strip_usage=strips)
    edges = [0, *sorted({min(place, len(stream)) for place in places}), len(stream)]
    pieces = [stream[start:end] for start, end in zip(edges, edges[1:], strict=False)]
    return b"".join([watcher.feed(piece) for piece in pieces]) + watcher.end(), watcher.outcome()


@given(
    makers,
    texts,
    st.booleans(),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
    st.lists(st.integers(0, 3000), max_size=8),
    st.booleans(),
)
def test_every_text_counts_with_its_bytes(
    maker: tuple[Sample, Callable[[str, int], Json]],
    said: list[str],
    is_ascii: bool,
    is_spaced: bool,
    line_end: str,
    places: list[int],
    strips: bool,
) -> None:
    sample, make = maker
    stream = ""
    for number, text in enumerate(said):
        event = make(text, number)
        separators = None if is_spaced else (",", ":")
        name = f"event: {event['type']}{line_end}" if "type" in event else ""
        written = json.dumps(event, ensure_ascii=is_ascii, separators=separators)
        stream += f"{name}data: {written}{line_end}{line_end}"
    relayed, reading = read(sample, stream.encode(), places, strips=strips)
    assert relayed == stream.encode()
    assert reading.output_bytes == sum(len(text.encode()) for text in said)
    assert reading.fault_count == 0


def test_an_event_with_more_to_say_does_not_fit_the_frame_of_plain_ones() -> None:
    frame = learn_frame(b'data: {"text":"ab","usage":null}\n\n', "ab")
    assert frame is not None
    plain = b'data: {"text":"xyz","usage":null}\n\n'
    assert frame.run(plain + plain) == (2 * len(plain), 6)
    assert frame.run(plain + b'data: {"text":"x","usage":{"a":1}}\n\n') == (len(plain), 3)
    escaped = b'data: {"text":"\\"\\u00e9\\n","usage":null}\n\n'
    assert frame.run(escaped) == (len(escaped), 4)
    assert frame.run(b'data: {"text":"\\x","usage":null}\n\n') == (0, 0)
    assert frame.run(b'data: {"text":"\\') == (0, 0)
    assert frame.run(b'data: {"text":"x\n\ndata: [DONE]\n\ndata: ","usage":null}\n\n') == (0, 0)
    assert frame.run(plain[:-1]) == (0, 0)
    assert frame.run(plain[:15]) == (0, 0)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (b'data: {"text":"ab","other":"ab"}\n\n', "ab"),  # which of them?
        (b'data: {"text":"a\\nb"}\n\n', "a\nb"),
        (b'data: {"text":"\\u00e9"}\n\n', "\u00e9"),
        (b'data: {"text":"ab"}', "ab"),  # no blank line behind it
    ],
)
def test_no_frame_is_learned_where_the_texts_place_is_in_doubt(event: bytes, text: str) -> None:
    assert learn_frame(event, text) is None


def test_nothing_fits_before_a_frame_is_learned() -> None:
    assert NO_FRAME.run(b"data: {}\n\n") == (0, 0)
