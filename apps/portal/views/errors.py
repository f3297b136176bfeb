"""Error pages; each says what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was sent without its token: usually a page left open across a sign-in."""
    return render(request, "errors/csrf.html", status=403)
