"""A connection to Postgres of its own that hears which organizations changed."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection

from apps.pricing.models import CHANNEL as PRICES_CHANNEL
from apps.tenants.models.announcement import CHANNEL

# A change often comes as several transactions; what follows within this time is read with it.
COALESCE_SECONDS = 0.02


class Notices:
    """What was announced since the last look."""

    def __init__(self, listener: psycopg.Connection) -> None:
        self._listener = listener

    def wait(self, seconds: float) -> dict[str, set[str]]:
        """Payloads by channel as soon as there are any, else {} after `seconds`.

        Raises psycopg.Error when the connection is lost.
        """
        found: dict[str, set[str]] = {}
        for patience, enough in ((seconds, 1), (COALESCE_SECONDS, None)):
            for notice in self._listener.notifies(timeout=patience, stop_after=enough):
                found.setdefault(notice.channel, set()).add(notice.payload)
            if not found:
                break
        return found


@contextmanager
def listening() -> Iterator[Notices]:
    """Listen for the length of the block. Raises psycopg.Error.

    Not a connection of the pool, which would go back with its LISTEN still on.
    """
    database = connection.settings_dict
    with psycopg.connect(
        host=database["HOST"],
        port=database["PORT"],
        user=database["USER"],
        password=database["PASSWORD"],
        dbname=database["NAME"],
        application_name="netra-gateway-listener",
        autocommit=True,
        connect_timeout=5,
        keepalives=1,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
    ) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        listener.execute(f"LISTEN {PRICES_CHANNEL}")
        yield Notices(listener)
