"""By when a caller wants its answer."""

import re
from datetime import UTC, datetime, timedelta

from apps.kernel.errors import NetraError

HEADER = "Netra-Deadline"
LONGEST = timedelta(days=7)
# Whoever can wait longer may be answered by a batch; all others by what answers at once.
FLEX_WITHIN = timedelta(minutes=15)
_SPAN = re.compile(r"([0-9]{1,6}) ?([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


class InvalidDeadline(NetraError):
    code = "invalid_netra_header"
    http_status = 400
    message = (
        f"{HEADER} takes seconds (900), a number with a unit (15m, 24h) or an instant to come with "
        f"its offset (2026-03-14T12:00:00Z), at most {LONGEST.days} days ahead. Send one of these, "
        "or leave it out."
    )


def stated(text: str, *, at: datetime) -> datetime:
    """The instant (aware UTC) that a header's value means for a call which began `at`.

    Raises InvalidDeadline for what is none, has passed, or is too far ahead.
    """
    due_at = _spanned(text.strip(), at) or _instant(text.strip())
    if due_at is None or not at < due_at <= at + LONGEST:
        raise InvalidDeadline
    return due_at


def _spanned(text: str, at: datetime) -> datetime | None:
    span = _SPAN.fullmatch(text)
    if span is None:
        return None
    span_of_time = timedelta(seconds=int(span[1]) * _SECONDS[span[2]])
    return at + span_of_time if span_of_time <= LONGEST else None


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None
