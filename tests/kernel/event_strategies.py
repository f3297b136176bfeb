"""Events as hypothesis draws them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from apps.kernel.events import (
    KINDS,
    OUTCOMES,
    Alert,
    Attempt,
    Begin,
    Charge,
    Decision,
    Event,
)
from apps.kernel.tokens import BUCKETS, TokenBuckets

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What a JSON document may hold: no lone surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
maybe_text = st.none() | texts
counts = st.integers(0, 2**40)
amounts = st.decimals(0, 10**6, allow_nan=False, allow_infinity=False, places=12)
durations = st.none() | st.floats(0, 1e9, allow_nan=False)
instants = st.integers(0, 2**52).map(lambda us: EPOCH + timedelta(microseconds=us))
buckets = st.builds(TokenBuckets, **dict.fromkeys(BUCKETS, counts))
tags = st.dictionaries(texts, texts, max_size=3)
maybe_id = st.none() | st.uuids()
attempts = st.builds(
    Attempt,
    provider=texts,
    credential_id=maybe_id,
    model=maybe_text,
    status=st.none() | st.integers(100, 599),
    outcome=st.sampled_from(OUTCOMES),
    buckets=buckets,
    cost_usd=st.none() | amounts,
    started_ms=st.floats(0, 1e9),
    latency_ms=durations,
    error_code=maybe_text,
)
decisions = st.builds(
    Decision,
    lever=texts,
    decision=texts,
    reason=texts,
    certificate_id=maybe_id,
    namespace=maybe_text,
    score=st.none() | st.floats(-1, 1),
    entry=maybe_text,
)
charges = st.builds(
    Charge,
    provider=texts,
    model=texts,
    tier=texts,
    buckets=buckets,
    units=st.dictionaries(texts, counts, max_size=2),
)
alerts = st.builds(
    Alert,
    limit_id=st.uuids(),
    fraction=st.decimals(0, 1, places=3),
    window=texts,
    amount_usd=amounts,
    spent_usd=amounts,
)
begins = st.builds(
    Begin,
    event_id=st.uuids(),
    started_at=instants,
    organization_id=st.uuids(),
    project_id=st.uuids(),
    endpoint=texts,
    dialect=texts,
    kind=st.sampled_from(KINDS),
    api_key_id=maybe_id,
    end_user=maybe_text,
    tags=tags,
    provider=maybe_text,
    requested_model=maybe_text,
    is_stream=st.booleans(),
    request_bytes=counts,
    buckets=buckets,
    hold_usd=st.none() | amounts,
    snapshot_version=st.none() | counts,
    price_version=st.none() | counts,
    conversation_id=maybe_text,
)
events = st.builds(
    Event,
    event_id=st.uuids(),
    started_at=instants,
    organization_id=st.uuids(),
    project_id=st.uuids(),
    endpoint=texts,
    dialect=texts,
    provider=maybe_text,
    outcome=st.sampled_from(OUTCOMES),
    kind=st.sampled_from(KINDS),
    end_user=maybe_text,
    tags=tags,
    credential_id=maybe_id,
    status=st.none() | st.integers(100, 599),
    attempts=st.lists(attempts, max_size=2).map(tuple),
    buckets=buckets,
    units=st.dictionaries(texts, counts, max_size=2),
    total_ms=durations,
    experiment_id=maybe_id,
    propensity=st.none() | st.floats(0, 1),
    decisions=st.lists(decisions, max_size=2).map(tuple),
    untouched=st.lists(charges, max_size=2).map(tuple),
    alerts=st.lists(alerts, max_size=2).map(tuple),
    counterfactual_usd=st.none() | amounts,
    actual_usd=st.none() | amounts,
    decomposition=st.dictionaries(texts, amounts | amounts.map(Decimal.copy_negate), max_size=2),
    features=st.dictionaries(
        texts, st.floats(allow_nan=False, allow_infinity=False) | counts | texts, max_size=2
    ),
    content_ref=maybe_id,
)
