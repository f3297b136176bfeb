"""What a caller may write as a deadline."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.deadlines.stated import LONGEST, InvalidDeadline, stated

AT = datetime(2026, 3, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("900", AT + timedelta(minutes=15)),
        (" 15m ", AT + timedelta(minutes=15)),
        ("24h", AT + timedelta(days=1)),
        ("2 d", AT + timedelta(days=2)),
        ("90s", AT + timedelta(seconds=90)),
        ("2026-03-14T12:00:01Z", AT + timedelta(seconds=1)),
        ("2026-03-14T14:00:00+01:00", AT + timedelta(hours=1)),
        ("7d", AT + LONGEST),
    ],
)
def test_a_span_or_an_instant_is_understood(text: str, expected: datetime) -> None:
    assert stated(text, at=AT) == expected


@pytest.mark.parametrize(
    "text",
    ["", "0", "-5", "soon", "15 minutes", "1.5h", "8d", "2026-03-14T12:00:00Z",
     "2026-03-15T12:00:00", "2026-03-13", "999999999d", "\u0663", "2027-03-14T12:00:00Z",
     "9999-12-31T23:00:00-23:00"],
)  # fmt: skip
def test_all_else_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(InvalidDeadline) as refused:
        stated(text, at=AT)
    assert refused.value.http_status == 400
    assert "Send one of these" in refused.value.detail


@given(st.text(max_size=40))
def test_whatever_is_written_a_deadline_lies_ahead_and_near_enough(text: str) -> None:
    try:
        due_at = stated(text, at=AT)
    except InvalidDeadline:
        return
    assert AT < due_at <= AT + LONGEST
