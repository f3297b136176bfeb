"""Each request leaves one JSON line without secrets, and its id goes back to the caller."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.test import Client

from tests.factories import make_organization, make_user


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the configured formatter writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.getLogger().handlers[0].formatter or _formatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def _formatter() -> logging.Formatter:
    rule = dict(settings.LOGGING["formatters"]["json"])
    made: logging.Formatter = rule.pop("()")(**rule)
    return made


def request_lines(lines: io.StringIO) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    return [line for line in found if line["event"] == "request_finished"]


@pytest.mark.django_db
def test_a_page_of_an_organization_names_it_and_the_person(
    client: Client, lines: io.StringIO
) -> None:
    owner = make_user()
    acme = make_organization("Acme", owner)
    client.force_login(owner)
    response = client.get("/o/acme/", headers={"x-request-id": "trace-0001"})
    assert response.headers["x-request-id"] == "trace-0001"
    (line,) = request_lines(lines)
    assert line.pop("duration_ms") > 0
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request_finished",
        "level": "info",
        "logger": "netra.request_log",
        "request_id": "trace-0001",
        "method": "GET",
        "route": "o/<slug:slug>/",
        "path": "/o/acme/",
        "status": 200,
        "ip": "127.0.0.1",
        "actor": f"user:{owner.pk}",
        "user_id": str(owner.pk),
        "organization_id": str(acme.pk),
    }


def test_a_probe_asks_nothing_and_still_leaves_its_line(client: Client, lines: io.StringIO) -> None:
    client.get("/healthz", headers={"cookie": "sessionid=abc"})
    (line,) = request_lines(lines)
    assert (line["path"], line["status"]) == ("/healthz", 200)
    assert "user_id" not in line


@pytest.mark.django_db
def test_neither_query_nor_token_of_a_link_is_written(client: Client, lines: io.StringIO) -> None:
    client.get("/invitations/tok3n-canary/?password=hunter2")
    assert request_lines(lines)[0]["path"] == "/invitations/[redacted]/"
    assert "canary" not in lines.getvalue()
    assert "hunter2" not in lines.getvalue()


@pytest.mark.parametrize("given", ["", "short", "two words", "x" * 65])
def test_a_malformed_request_id_is_replaced(client: Client, given: str) -> None:
    response = client.get("/healthz", headers={"x-request-id": given})
    assert len(response.headers["x-request-id"]) == 36


def test_other_libraries_write_json_without_secrets_too(lines: io.StringIO) -> None:
    logging.getLogger("celery.worker").warning("Connected to redis://:hunter2@cache")
    structlog.get_logger("netra").warning("called", api_key="hunter2", tokens=3)
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert first["event"] == "Connected to redis://:[redacted]@cache"
    assert (second["api_key"], second["tokens"]) == ("[redacted]", 3)
