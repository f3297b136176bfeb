"""Pages of a list, as links that keep the other query parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

PAGE_SIZE = 50
MOST_PAGES = 1000

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """At most PAGE_SIZE rows, and where the neighbours are ("" for none)."""

    rows: Sequence[Row]
    previous_url: str
    next_url: str


def page_of(rows: QuerySet[Row], request: HttpRequest) -> Page[Row]:
    """The page that `?page=` asks for; anything that is no page number is the first."""
    number = _number(request)
    start = (number - 1) * PAGE_SIZE
    found = list(rows[start : start + PAGE_SIZE + 1])
    return Page(
        rows=found[:PAGE_SIZE],
        previous_url=_url(request, number - 1) if number > 1 else "",
        next_url=_url(request, number + 1) if len(found) > PAGE_SIZE else "",
    )


def _number(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    number = int(text) if text.isdecimal() and len(text) < 6 else 1
    return min(max(number, 1), MOST_PAGES)


def _url(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"{request.path}?{query.urlencode()}"
