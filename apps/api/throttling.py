"""How often each caller may call: counted in Redis, in this process while Redis is away."""

import time
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from redis import Redis
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.kernel.gcra import CallerLimiter, LocalLimiter, SharedLimiter, Verdict
from apps.tenants.actors import Actor

if TYPE_CHECKING:  # rest_framework.views imports this module
    from rest_framework.views import APIView


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
