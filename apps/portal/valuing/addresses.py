"""Where each figure can be looked up: the requests, or the statement, that it is made of."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from apps.attribution.valuing import Bucket, ValueQuery

# Field of the question → field of the search of requests.
_SEARCHED = {
    "project_id": "project", "api_key_id": "key", "requested_model": "model",
    "end_user": "end_user", "tag_name": "tag_name", "tag": "tag",
}  # fmt: skip
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Of the answer to one question, in the organization `slug`."""

    slug: str
    query: ValueQuery

    def requests(self, *, first: date | None = None, last: date | None = None, **also: str) -> str:
        """The requests of the window, or of a part of it, that `also` narrows further."""
        days = {"since": first or self.query.first, "until": last or self.query.last}
        known = {
            name: getattr(self.query, field)
            for field, name in _SEARCHED.items()
            if getattr(self.query, field) is not None
        }
        return f"{reverse('portal:requests', args=[self.slug])}?{urlencode(days | known | also)}"

    def bucket(self, at: Bucket, following: Bucket | None) -> str:
        """The requests of a bucket, "" of one that is shorter than a day."""
        if self.query.granularity == "hour":
            return ""
        first = max(at.at.date(), self.query.first)
        last = (following.at - _TICK).date() if following else self.query.last
        return self.requests(first=first, last=last)

    @property
    def page(self) -> str:
        """The page that answers the question."""
        return f"{reverse('portal:value', args=[self.slug])}?{self.asked()}"

    def window(self, first: date, last: date) -> str:
        """The same question about other days."""
        return f"?{self.asked(first, last)}"

    def asked(self, first: date | None = None, last: date | None = None) -> str:
        """The question as the page and the API both take it."""
        days = {"since": first or self.query.first, "until": last or self.query.last}
        known = {
            field: getattr(self.query, field)
            for field in _SEARCHED
            if getattr(self.query, field) is not None
        }
        compare = {} if self.query.compares else {"compare": "no"}
        return urlencode(days | known | compare)
