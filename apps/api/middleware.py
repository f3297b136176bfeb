"""The outermost word on errors of the API: whatever failed before or after a view is a problem."""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.api.errors import PROBLEM_TYPE, RETRY_SECONDS, DatabaseUnavailable, problem, status_detail

API_PATH = "/api/v1/"


class ApiProblems:
    """Turns error pages of Django and of other middleware into problem documents.

    Stands outside the session, so that a database outage there is a 503 as well.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path_info.startswith(API_PATH):
            return response
        if response.headers.get("Content-Type") == PROBLEM_TYPE:
            return response
        return _problem_instead_of(response)


def _problem_instead_of(response: HttpResponse) -> HttpResponse:
    status = response.status_code
    code, detail = status_detail(status)
    if status == 500 and connection.errors_occurred:
        outage = DatabaseUnavailable()
        status, code, detail = outage.http_status, outage.code, outage.detail
    document = problem(code=code, status=status, detail=detail)
    replacement = JsonResponse(document, status=status, content_type=PROBLEM_TYPE)
    if status == 503:
        replacement["Retry-After"] = str(RETRY_SECONDS)
    return replacement
