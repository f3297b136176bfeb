"""Reads what a running gateway offered to be judged."""

from django.conf import settings
from redis import Redis

from apps.optimization.comparisons import Comparison
from apps.optimization.judging.queue import taken
from tests.gateways import RunningGateway
from tests.launch.projects import eventually


def compared(gateway: RunningGateway, count: int, *, tenant: int = 0) -> list[Comparison]:
    """Of one tenant, once there are at least `count`, the oldest first; they are gone from it."""
    own = gateway.tenants[tenant].organization
    key = own.data_key
    assert key
    found: list[Comparison] = []
    with Redis.from_url(settings.CACHE_URL) as client:

        def enough() -> bool:
            found.extend(
                taken(
                    client,
                    prefix=gateway.prefix,
                    organization_id=own.id,
                    data_key=key,
                    most=1000,
                )
            )
            return len(found) >= count

        eventually(enough, seconds=10)
    return found
