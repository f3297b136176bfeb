"""Who opens a link that was shared: bounded, counted, kept out of indexes, told nothing else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from redis import Redis

from apps.attribution.sharing.models import ProofLink
from apps.attribution.sharing.services import ProofLinkUnknown, count_visit, opened_proof_link
from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.kernel.gcra import CallerLimiter, LocalLimiter, SharedLimiter
from apps.tenants.context import tenant_scope

# A minute: of one link, whether it exists or not, and of one address over all links.
MOST_OF_A_LINK, MOST_OF_AN_ADDRESS = 60, 240
_HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
}


class TooManyVisits(NetraError):
    code = "too_many_visits"
    http_status = 429
    message = "This link was opened too often in a minute. Try again in a moment."


@contextmanager
def opened(request: HttpRequest, token: str, what: str) -> Iterator[ProofLink]:
    """The link of a token, inside its organization's scope and time zone; the visit is counted.

    Raises TooManyVisits; Http404, the same for unknown, expired and revoked ones.
    """
    _require_allowance(request, token)
    at = utc_now()
    try:
        link = opened_proof_link(token=token, at=at)
    except ProofLinkUnknown as error:
        raise Http404 from error
    count_visit(link=link, what=what, at=at)
    structlog.contextvars.bind_contextvars(organization_id=str(link.organization_id))
    with tenant_scope(link.organization), timezone.override(link.organization.time_zone):
        yield link


def unindexed(response: HttpResponseBase) -> HttpResponseBase:
    """A response that no index keeps and whose address no other site is told."""
    for name, value in _HEADERS.items():
        response[name] = value
    return response


@cache
def _limiter() -> CallerLimiter:
    client = Redis.from_url(settings.REDIS_URL, socket_timeout=0.25, socket_connect_timeout=0.25)
    return CallerLimiter(SharedLimiter(client), LocalLimiter())


def _require_allowance(request: HttpRequest, token: str) -> None:
    address, named = request.META.get("REMOTE_ADDR", ""), sha256(token.encode()).hexdigest()
    bounds = ((f"from:{address}", MOST_OF_AN_ADDRESS), (f"link:{named}", MOST_OF_A_LINK))
    for name, limit in bounds:
        key = f"{settings.REDIS_KEY_PREFIX}:proof-links:{name}"
        if not _limiter().spend(key, limit=limit, now_s=time.monotonic()).is_allowed:
            raise TooManyVisits
