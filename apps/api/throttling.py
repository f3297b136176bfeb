"""How often each caller may call: counted in Redis, in this process while Redis is away."""

import time
from functools import cache
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from redis import Redis, RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.api.gcra import LocalLimiter, SharedLimiter, Verdict
from apps.tenants.actors import Actor

if TYPE_CHECKING:  # rest_framework.views imports this module
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)

PERIOD_S = 60
# After a failure Redis is left alone for this long, so that an outage costs no time per call.
PAUSE_S = 2.0


class CallerLimiter:
    """The shared limiter, or the local one while the shared one fails."""

    def __init__(self, shared: SharedLimiter, local: LocalLimiter) -> None:
        self._shared, self._local = shared, local
        self._paused_until_s = 0.0

    def spend(self, key: str, *, limit: int, now_s: float) -> Verdict:
        """Spend one call of `key`; never raises for an outage. now_s: a monotonic clock."""
        if now_s >= self._paused_until_s:
            try:
                return self._shared.spend(key, limit=limit, period_s=PERIOD_S)
            except RedisError as error:
                self._paused_until_s = now_s + PAUSE_S
                log.warning("throttle_counts_locally", reason=type(error).__name__)
        return self._local.spend(key, limit=limit, period_s=PERIOD_S, now_s=now_s)


@cache
def caller_limiter() -> CallerLimiter:
    """This process's limiter on REDIS_URL."""
    client = Redis.from_url(settings.REDIS_URL, socket_timeout=0.25, socket_connect_timeout=0.25)
    return CallerLimiter(SharedLimiter(client), LocalLimiter())


class CallerThrottle(BaseThrottle):
    """API_REQUESTS_PER_MINUTE for each key and each person, in each organization."""

    verdict: Verdict | None = None

    def allow_request(self, request: Request, _view: "APIView") -> bool:
        if not isinstance(request.auth, Actor):
            return True
        self.verdict = caller_limiter().spend(
            _name(request.auth), limit=settings.API_REQUESTS_PER_MINUTE, now_s=time.monotonic()
        )
        return self.verdict.is_allowed

    def wait(self) -> float | None:
        return self.verdict.wait_s if self.verdict else None


def rate_headers(verdict: Verdict) -> dict[str, str]:
    """The RateLimit headers (draft-ietf-httpapi-ratelimit-headers-06)."""
    return {
        "RateLimit-Limit": str(verdict.limit),
        "RateLimit-Remaining": str(verdict.remaining),
        "RateLimit-Reset": str(verdict.reset_s),
    }


def _name(actor: Actor) -> str:
    return f"{settings.REDIS_KEY_PREFIX}:{actor.organization.pk}:api-calls:{actor.id}"
