"""Probes are answered before anything that needs a session, a database or a known host."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from netra.operations.views import PROBES


class ProbesFirst:
    """A load balancer asks by address and must hear the truth while Postgres is down."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return PROBES.get(request.path, self.get_response)(request)
