"""One line for each request: who, where, how it ended and how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from asgiref.sync import iscoroutinefunction
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from apps.kernel.request_ids import HEADER, request_id_from

log = structlog.get_logger(__name__)


class Record:
    """Where the response is put for the line that describes it."""

    response: HttpResponse


@sync_and_async_middleware
def request_log(get_response: Any) -> Any:
    """Bind the request's id for every line inside, answer it as a header, and write its line.

    django-structlog's own middleware looks the user up in the database after each response,
    which a probe must not do, and writes whole URLs, which may hold an invitation's token.
    """
    if iscoroutinefunction(get_response):

        async def log_async(request: HttpRequest) -> HttpResponse:
            with _recorded(request) as record:
                record.response = await get_response(request)
            return record.response

        return log_async

    def log_sync(request: HttpRequest) -> HttpResponse:
        with _recorded(request) as record:
            record.response = get_response(request)
        return record.response

    return log_sync


@contextmanager
def _recorded(request: HttpRequest) -> Iterator[Record]:
    started = time.perf_counter()
    request_id = request_id_from(request.headers.get(HEADER))
    record = Record()
    structlog.contextvars.clear_contextvars()
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        yield record
        record.response.headers[HEADER] = request_id
        duration_ms = round((time.perf_counter() - started) * 1000, 1)
        log.info("request_finished", duration_ms=duration_ms, **_facts(request, record.response))


def _facts(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    facts = {
        "method": request.method,
        "route": request.resolver_match.route if request.resolver_match else None,
        "path": request.path,
        "status": response.status_code,
        "ip": request.META.get("REMOTE_ADDR"),
        "user_id": _user_id(request),
        "organization_id": _organization_id(request),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _user_id(request: HttpRequest) -> str | None:
    """Who is signed in, if anything looked: reading the session here could cost a query."""
    session = getattr(request, "session", None)
    user_id: str | None = session.get(SESSION_KEY) if session and session.accessed else None
    return user_id


def _organization_id(request: HttpRequest) -> str | None:
    """The organization that the view worked in, which `request.actor` names."""
    actor = getattr(request, "actor", None)
    return str(actor.organization.pk) if actor else None
