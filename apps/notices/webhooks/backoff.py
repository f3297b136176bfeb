"""When to try again, and when to stop.

Source: the specification of Standard Webhooks, "Retry schedule": ten attempts over 75 hours.
"""

from datetime import timedelta

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MOST_ATTEMPTS = len(WAITS) + 1
# Of the wait, so that endpoints of one server do not come back all at once.
MOST_JITTER = 0.1
# An endpoint that took nothing for so long is turned off.
PATIENCE = timedelta(days=5)


def wait_after(attempt_count: int, *, jitter: float) -> timedelta | None:
    """How long to wait after so many failed attempts; None to give up.

    jitter: in [0, 1), drawn for this attempt.
    """
    if not 0 < attempt_count < MOST_ATTEMPTS:
        return None
    return WAITS[attempt_count - 1] * (1 + MOST_JITTER * jitter)
