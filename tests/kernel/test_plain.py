from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.plain import Plain


@dataclass(frozen=True, slots=True)
class Part(Plain):
    amount: Decimal
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Whole(Plain):
    id: UUID
    kind: Literal["a", "b"]
    data: bytes
    names: frozenset[str]
    parts: tuple[Part, ...]
    by_id: Mapping[UUID, Part]
    anything: Mapping[str, Any]
    best: Part | None = None
    count: int = field(init=False, default=0)


parts = st.builds(
    Part,
    amount=st.decimals(allow_nan=False, allow_infinity=False),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
)
wholes = st.builds(
    Whole,
    id=st.uuids(),
    kind=st.sampled_from(["a", "b"]),
    data=st.binary(),
    names=st.frozensets(st.text()),
    parts=st.lists(parts).map(tuple),
    by_id=st.dictionaries(st.uuids(), parts),
    anything=st.dictionaries(st.text(), st.integers(-(2**53), 2**53) | st.booleans() | st.text()),
    best=st.none() | parts,
)


@given(wholes)
def test_what_is_written_reads_back_equal(whole: Whole) -> None:
    assert Whole.from_dict(orjson.loads(orjson.dumps(whole.to_dict()))) == whole


def test_unknown_names_are_passed_over_and_missing_ones_take_their_default() -> None:
    assert Part.from_dict({"amount": "1.50", "colour": "red"}) == Part(Decimal("1.50"))


def test_a_missing_name_without_default_is_refused() -> None:
    with pytest.raises(TypeError):
        Part.from_dict({})
