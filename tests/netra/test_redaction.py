"""Nothing shaped like a secret leaves in a log line or an error report."""

from typing import Any

import pytest

from netra.error_reports import scrub
from netra.redaction import redacted, redacted_text

KEY = "nap_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"called with {KEY}!", "called with nap_live_[redacted]!"),
        ("nap_test_0123456789abcdef", "nap_test_[redacted]"),
        ("sk-proj-abcdefghijklmnop", "sk-[redacted]"),
        ("sk_live_abcdefghijklmnop", "sk_[redacted]"),
        ("Authorization: Bearer abc.def", "Authorization: [redacted]"),
        ("sent 'Bearer abc.def' there", "sent 'Bearer [redacted]' there"),
        ("postgres://netra:hunter2@db:5432/netra", "postgres://netra:[redacted]@db:5432/netra"),
        ("redis://:hunter2@cache", "redis://:[redacted]@cache"),
        ("POST password=hunter2&next=/", "POST password=[redacted]&next=/"),
        ('{"api_key": "hunter2"}', '{"api_key": "[redacted]"}'),
        ("Cookie: sessionid=abcdef; theme=dark", "Cookie: [redacted]"),
        ("GET /invitations/tok3n/", "GET /invitations/[redacted]/"),
        ("/accounts/password/reset/key/1-abc/", "/accounts/password/reset/key/[redacted]/"),
    ],
)
def test_a_secret_in_a_text_is_masked(text: str, clean: str) -> None:
    assert redacted_text(text) == clean


@pytest.mark.parametrize(
    "text", ["max_tokens: 100", "a task was skipped", "/o/acme/keys/", "Basically, nothing"]
)
def test_ordinary_words_stay(text: str) -> None:
    assert redacted_text(text) == text


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        ({"password": "hunter2"}, {"password": "[redacted]"}),
        ({"headers": [{"cookie": "a=b"}]}, {"headers": [{"cookie": "[redacted]"}]}),
        ({"input_tokens": 12, "is_token": True}, {"input_tokens": 12, "is_token": True}),
        ({"token": None}, {"token": None}),
        ({"note": (KEY, 1)}, {"note": ["nap_live_[redacted]", 1]}),
        (ValueError(KEY), "nap_live_[redacted]"),
    ],
)
def test_a_secret_deep_inside_is_masked(value: Any, clean: Any) -> None:
    assert redacted(value) == clean


def test_an_error_report_is_scrubbed_as_a_whole() -> None:
    report: Any = {
        "exception": {"values": [{"value": f"bad key {KEY}"}]},
        "breadcrumbs": {"values": [{"message": "sk-abcdefghijklmnop"}]},
        "request": {"headers": {"Authorization": "Bearer x"}, "url": "/invitations/tok3n/"},
    }
    assert scrub(report, {}) == {
        "exception": {"values": [{"value": "bad key nap_live_[redacted]"}]},
        "breadcrumbs": {"values": [{"message": "sk-[redacted]"}]},
        "request": {
            "headers": {"Authorization": "[redacted]"},
            "url": "/invitations/[redacted]/",
        },
    }
