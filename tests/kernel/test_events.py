from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.events import (
    Begin,
    Event,
    UnreadableEvent,
    decode,
    decode_begin,
    encode,
    interrupted,
)
from apps.kernel.tokens import TokenBuckets
from tests.kernel.event_strategies import begins, events, texts

IDENTITY: dict[str, Any] = {
    "event_id": UUID(int=1),
    "started_at": datetime(2026, 3, 1, 12, 0, 0, 250_001, tzinfo=UTC),
    "organization_id": UUID(int=2),
    "project_id": UUID(int=3),
    "endpoint": "chat.completions",
    "dialect": "openai",
}


@given(events)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    assert decode(encode(event)) == event


@given(begins)
def test_a_begin_comes_back_as_it_was(begin: Begin) -> None:
    assert decode_begin(encode(begin)) == begin


@given(events, texts)
def test_fields_of_a_newer_writer_are_skipped(event: Event, name: str) -> None:
    newer = orjson.loads(encode(event))
    for part in (newer, newer["buckets"], *newer["attempts"], *newer["decisions"]):
        part[f"newer {name}"] = {"any": ["thing"]}
    assert decode(orjson.dumps(newer)) == event


def test_fields_that_an_older_writer_did_not_send_have_their_defaults() -> None:
    older = {name: str(value) for name, value in IDENTITY.items()}
    assert decode(orjson.dumps(older)) == Event(**IDENTITY)
    assert decode_begin(orjson.dumps(older)) == Begin(**IDENTITY)


def test_the_json_has_strings_for_ids_amounts_and_instants() -> None:
    written = orjson.loads(encode(Event(**IDENTITY, buckets=TokenBuckets(output=7))))
    assert written["event_id"] == "00000000-0000-0000-0000-000000000001"
    assert written["started_at"] == "2026-03-01T12:00:00.250001+00:00"
    assert written["actual_usd"] is None
    assert written["buckets"]["output"] == 7


@given(begins)
def test_an_interrupted_call_keeps_its_identity_and_has_no_cost(begin: Begin) -> None:
    event = interrupted(begin)
    assert (event.event_id, event.started_at) == (begin.event_id, begin.started_at)
    assert (event.outcome, event.is_estimated, event.is_priced) == ("interrupted", True, False)
    assert (event.actual_usd, event.buckets) == (None, begin.buckets)
    assert interrupted(decode_begin(encode(begin))) == event


def test_what_json_cannot_hold_is_mended() -> None:
    odd = Event(**IDENTITY, tags={"a\udcff": "\ud800b"}, units={"seconds": 2**70})
    even = Event(**IDENTITY, tags={"a?": "?b"}, units={"seconds": 2**63 - 1})
    assert decode(encode(odd)) == even


@given(st.binary(max_size=60) | st.sampled_from([b"{}", b"[]", b"null", b'{"event_id": 1}']))
def test_what_is_no_event_is_said_to_be_none(damaged: bytes) -> None:
    with pytest.raises(UnreadableEvent):
        decode(damaged)
