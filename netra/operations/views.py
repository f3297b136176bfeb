"""Probes of the operator: alive, ready, and figures for Prometheus."""

import hmac
from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django_prometheus.exports import ExportToDjangoView

from apps.tenants.permissions import Access
from netra.operations.dependencies import readiness

View = Callable[[HttpRequest], HttpResponse]


def open_to_anyone(view: View) -> View:
    """Declare that a view asks for no login; `metrics` guards itself."""
    view.declared_access = Access.ANYONE  # type: ignore[attr-defined]  # read by the meta-test of views
    return view


@open_to_anyone
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@open_to_anyone
def readyz(request: HttpRequest) -> HttpResponse:
    """Each dependency by name; 503 when a required one fails."""
    state, reports = readiness()
    body = {"status": state, "dependencies": {name: r.as_json() for name, r in reports.items()}}
    return JsonResponse(body, status=503 if state == "error" else 200)


@open_to_anyone
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for the bearer of NETRA_METRICS_TOKEN; for loopback if there is none."""
    if not _may_scrape(request):
        return HttpResponse("Send Authorization: Bearer NETRA_METRICS_TOKEN.\n", status=401)
    response: HttpResponse = ExportToDjangoView(request)
    return response


def _may_scrape(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    if token:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    # A forwarded request comes from somewhere else, however near its last proxy is.
    is_forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return not is_forwarded and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


PROBES: dict[str, View] = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
