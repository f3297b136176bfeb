"""Error pages; each says what to do next.

Those for faults of ours are drawn without context processors: they must not ask the database or
the session, which may be what is broken.
"""

import sys

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

from apps.kernel.errors import NetraError

log = structlog.get_logger(__name__)


def refusal(request: HttpRequest, error: NetraError) -> HttpResponse:
    """The page of an error that a service raised on purpose."""
    if error.http_status >= 500:
        log.error("portal_error", code=error.code, exc_info=error)
    return render(request, "portal/refusal.html", {"error": error}, status=error.http_status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400"""
    return _plain(request, "errors/400.html", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403"""
    return render(request, "errors/403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404"""
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500; a database that does not answer is 503, to be tried again."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        response = _plain(request, "errors/503.html", 503)
        response["Retry-After"] = "30"
        return response
    return _plain(request, "errors/500.html", 500)


def too_many_visits(request: HttpRequest, error: NetraError) -> HttpResponse:
    """Somebody, or something, opens shared links too often."""
    response = _plain(request, "errors/429.html", error.http_status)
    response["Retry-After"] = "30"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was sent without its token: usually a page left open across a sign-in."""
    return render(request, "errors/csrf.html", status=403)


def _plain(request: HttpRequest, template: str, status: int) -> HttpResponse:
    response = HttpResponse(render_to_string(template, {"request": request}), status=status)
    add_never_cache_headers(response)
    return response
