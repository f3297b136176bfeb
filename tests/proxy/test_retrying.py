from datetime import UTC, datetime

import pytest

from apps.proxy.retrying import asked_wait_seconds, backoff_seconds, is_retryable

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Answer:
    """What is looked at of a provider's answer."""

    def __init__(self, status: int, **headers: str) -> None:
        self.status = status
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def header(self, name: str) -> str | None:
        return self._headers.get(name)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "2"}, 2.0),
        ({"retry_after": "0.5"}, 0.5),
        ({"retry_after_ms": "250", "retry_after": "9"}, 0.25),
        ({"retry_after": "Sat, 21 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry_after": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry_after": "-3"}, 0.0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after_ms": "x", "retry_after": "1"}, 1.0),
    ],
)
def test_what_a_provider_asks_for_is_understood(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert asked_wait_seconds(Answer(429, **headers), at=AT) == seconds  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_the_official_clients_try_again_is_tried_again(status: int) -> None:
    assert is_retryable(Answer(status))  # type: ignore[arg-type]
    assert not is_retryable(Answer(status, x_should_retry="false"))  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422, 501])
def test_the_callers_own_errors_are_not_tried_again(status: int) -> None:
    assert not is_retryable(Answer(status))  # type: ignore[arg-type]
    assert is_retryable(Answer(status, x_should_retry="true"))  # type: ignore[arg-type]


@pytest.mark.parametrize(("tries", "longest"), [(1, 0.25), (2, 0.5), (3, 1.0), (20, 8.0)])
def test_the_pause_doubles_up_to_a_bound_with_jitter(tries: int, longest: float) -> None:
    pauses = {backoff_seconds(tries) for _ in range(50)}
    assert longest / 2 <= min(pauses) <= max(pauses) <= longest
    assert len(pauses) > 1
