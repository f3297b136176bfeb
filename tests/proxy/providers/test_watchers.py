"""Whatever the chunks, a stream is relayed as it came and read the same."""

import re
from collections.abc import Iterable

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.proxy.providers.dialect import Watcher
from apps.proxy.providers.facts import Reading
from tests.proxy.providers.anthropic_samples import MESSAGES
from tests.proxy.providers.more_samples import GEMINI_ARRAY, SAMPLES
from tests.proxy.providers.openai_samples import CHAT, RESPONSES
from tests.proxy.providers.samples import SSE, Sample

every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
samples = st.sampled_from(SAMPLES)


def relay(watcher: Watcher, chunks: Iterable[bytes]) -> tuple[bytes, Reading]:
    """What the client got, and what was read."""
    relayed = b"".join([watcher.feed(chunk) for chunk in chunks]) + watcher.end()
    return relayed, watcher.outcome()


def cut(stream: bytes, places: Iterable[int]) -> list[bytes]:
    """The stream in pieces, cut at each of the places."""
    edges = [0, *sorted({min(place, len(stream)) for place in places}), len(stream)]
    return [stream[start:end] for start, end in zip(edges, edges[1:], strict=False)]


@every_sample
def test_a_stream_in_one_piece_is_relayed_and_read(sample: Sample) -> None:
    assert relay(sample.watcher(), [sample.stream]) == (sample.stream, sample.reading)


@every_sample
def test_a_stream_cut_at_every_place_is_relayed_and_read_the_same(sample: Sample) -> None:
    for place in range(1, len(sample.stream)):
        found = relay(sample.watcher(), cut(sample.stream, [place]))
        assert found == (sample.stream, sample.reading), place


@every_sample
def test_a_stream_that_comes_byte_by_byte_is_relayed_and_read_the_same(sample: Sample) -> None:
    pieces = cut(sample.stream, range(len(sample.stream)))
    assert relay(sample.watcher(), pieces) == (sample.stream, sample.reading)


@every_sample
def test_each_chunk_is_relayed_at_once_and_is_the_same_object(sample: Sample) -> None:
    watcher = sample.watcher()
    for chunk in cut(sample.stream, range(0, len(sample.stream), 11)):
        assert watcher.feed(chunk) is chunk


def test_the_usage_chunk_that_we_asked_for_is_taken_out_wherever_the_cut_is() -> None:
    for place in range(len(CHAT.stream)):
        found = relay(CHAT.watcher(strip_usage=True), cut(CHAT.stream, [place]))
        assert found == (CHAT.unasked, CHAT.reading), place


def test_whole_events_are_not_copied_while_usage_is_stripped() -> None:
    watcher = CHAT.watcher(strip_usage=True)
    first = CHAT.unasked[: CHAT.unasked.index(b"\n\n") + 2]
    assert watcher.feed(first) is first


def test_only_an_unfinished_event_is_held_back_while_usage_is_stripped() -> None:
    watcher = CHAT.watcher(strip_usage=True)
    end = CHAT.stream.index(b"\n\n") + 2
    first = CHAT.unasked[: CHAT.unasked.index(b"\n\n") + 2]
    assert watcher.feed(CHAT.stream[: end + 9]) == first


@given(samples, st.lists(st.integers(0, 4000), max_size=12), st.booleans())
def test_no_chunking_changes_what_is_relayed_or_read(
    sample: Sample, places: list[int], strip_usage: bool
) -> None:
    watcher = sample.watcher(strip_usage=strip_usage)
    expected = sample.unasked if strip_usage else sample.stream
    assert relay(watcher, cut(sample.stream, places)) == (expected, sample.reading)


@given(
    samples.filter(lambda sample: sample.content_type == SSE),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.lists(st.integers(0, 4000), max_size=12),
    st.booleans(),
)
def test_every_kind_of_line_end_reads_the_same(
    sample: Sample, line_end: bytes, places: list[int], has_mark: bool
) -> None:
    stream = (b"\xef\xbb\xbf" if has_mark else b"") + b": note\n\nid: 3\nretry: 10\n\n"
    stream = (stream + sample.stream.replace(b"\r\n", b"\n")).replace(b"\n", line_end)
    assert relay(sample.watcher(), cut(stream, places)) == (stream, sample.reading)


def test_data_over_several_lines_is_one_document() -> None:
    pretty = re.sub(
        rb"data: (\{.*)",
        lambda match: b"\n".join(
            b"data:" + line
            for line in orjson.dumps(
                orjson.loads(match[1]), option=orjson.OPT_INDENT_2
            ).splitlines()
        ),
        CHAT.stream,
    )
    assert relay(CHAT.watcher(), [pretty]) == (pretty, CHAT.reading)


@every_sample
def test_the_last_event_counts_without_its_blank_line(sample: Sample) -> None:
    stream = sample.stream.rstrip()
    assert relay(sample.watcher(), [stream]) == (stream, sample.reading)


@given(samples, st.lists(st.binary(max_size=60), max_size=8), st.booleans())
def test_garbage_is_relayed_and_never_raises(
    sample: Sample, chunks: list[bytes], strip_usage: bool
) -> None:
    watcher = sample.watcher(strip_usage=strip_usage)
    assert relay(watcher, chunks)[0] == b"".join(chunks)


_KEYS = sorted(
    {"type", "error", "usage", "choices", "delta", "message", "content", "index", "candidates"}
    | {"id", "model", "response", "finish_reason", "tool_calls", "function", "usageMetadata"}
    | {"prompt_tokens", "input_tokens", "parts", "iterations", "cache_creation"}
    | {"prompt_tokens_details", "promptTokensDetails", "status", "billed_units", "meta"}
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_TYPES = st.sampled_from(
    [b"", b"message_start", b"message_delta", b"content_block_delta", b"response.completed"]
    + [b"response.output_text.delta", b"error", b"message-end", b"content-delta", b"x.completed"]
)


@given(samples, st.lists(st.tuples(_TYPES, _JSON), max_size=4))
def test_events_of_any_shape_are_relayed_and_never_raise(
    sample: Sample, events: list[tuple[bytes, object]]
) -> None:
    stream = b"".join(
        b"event: " + name + b"\ndata: " + _typed(name, body) + b"\n\n" for name, body in events
    )
    relayed, reading = relay(sample.watcher(), [stream])
    assert relayed == stream
    assert reading.output_bytes >= 0


def _typed(name: bytes, body: object) -> bytes:
    typed = {"type": name.decode()} | body if isinstance(body, dict) else body
    return orjson.dumps(typed, option=orjson.OPT_NON_STR_KEYS) if _fits(typed) else b"{"


def _fits(body: object) -> bool:
    try:
        orjson.dumps(body)
    except TypeError:
        return False
    return True


@given(samples, st.integers(0, 4000), st.binary(min_size=1, max_size=3))
def test_a_damaged_stream_is_relayed_and_never_raises(
    sample: Sample, place: int, damage: bytes
) -> None:
    stream = sample.stream[:place] + damage + sample.stream[place + 2 :]
    assert relay(sample.watcher(), cut(stream, [place, place + 40]))[0] == stream


def test_what_cannot_be_read_is_counted() -> None:
    watcher = CHAT.watcher()
    relay(watcher, [b"data: {half\n\n", b"data: [1]\n\n", CHAT.stream])
    assert watcher.outcome().fault_count == 2
    assert watcher.outcome().usage == CHAT.reading.usage


@every_sample
def test_a_stream_that_breaks_off_is_not_complete(sample: Sample) -> None:
    watcher = sample.watcher()
    watcher.feed(sample.stream[: len(sample.stream) // 3])
    assert not watcher.outcome().is_complete


def test_an_error_event_ends_half_an_event_first() -> None:
    watcher = MESSAGES.watcher()
    watcher.feed(MESSAGES.stream[:50])
    event = watcher.error_event("upstream_cut", "Cut.", request_id="req_1")
    assert event == (
        b'\n\nevent: error\ndata: {"type":"error","error":{"type":"api_error","message":"Cut."},'
        b'"request_id":"req_1"}\n\n'
    )


def test_an_error_event_drops_what_was_held_back() -> None:
    watcher = CHAT.watcher(strip_usage=True)
    relayed = watcher.feed(CHAT.stream[:50])
    assert relayed == b""
    assert watcher.error_event("upstream_cut", "Cut.", request_id="r") == (
        b'data: {"error":{"message":"Cut.","type":"server_error","param":null,'
        b'"code":"upstream_cut"}}\n\n'
    )


def test_an_error_event_of_responses_goes_on_counting() -> None:
    watcher = RESPONSES.watcher()
    watcher.feed(RESPONSES.stream[: RESPONSES.stream.index(b"event: response.new_kind")])
    assert watcher.error_event("upstream_cut", "Cut.", request_id="r") == (
        b'event: error\ndata: {"type":"error","code":"upstream_cut","message":"Cut.",'
        b'"param":null,"sequence_number":4}\n\n'
    )


@pytest.mark.parametrize("count", [0, 1, 2])
def test_an_error_closes_a_json_array_between_elements(count: int) -> None:
    watcher = GEMINI_ARRAY.watcher()
    elements = GEMINI_ARRAY.stream.split(b"\n,\r\n")
    sent = b"\n,\r\n".join(elements[:count])
    watcher.feed(sent)
    error = watcher.error_event("upstream_cut", "Cut.", request_id="r")
    document = orjson.loads(sent + error)
    assert len(document) == count + 1
    assert document[-1]["error"]["status"] == "UNAVAILABLE"


def test_half_an_element_of_a_json_array_cannot_be_mended() -> None:
    watcher = GEMINI_ARRAY.watcher()
    watcher.feed(GEMINI_ARRAY.stream[:30])
    assert watcher.error_event("upstream_cut", "Cut.", request_id="r") == b""
