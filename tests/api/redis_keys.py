"""Redis for tests of limits."""

import uuid

from django.conf import settings
from redis import Redis


def redis_client() -> Redis:
    """A client of the suite's own Redis."""
    client: Redis = Redis.from_url(settings.REDIS_URL, max_connections=300)
    return client


def fresh_key() -> str:
    """A key that nothing else uses."""
    return f"{settings.REDIS_KEY_PREFIX}:test:{uuid.uuid4()}"
