"""One round over the calls that an organization put off. Only one round of it runs at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import httpx
from django.conf import settings
from django.db import connection

from apps.optimization.deadlines.selectors import Batch, DeferredCall, batches_to_look_at
from apps.optimization.deadlines.services import (
    expire_results,
    gather_batches,
    record_cancelled,
)
from apps.pricing.selectors import price_book
from apps.proxy.batching.asking import Asking
from apps.proxy.batching.carriage import Carriage
from apps.proxy.batching.handing_in import Rounds
from apps.tenants.models import Organization
from apps.tenants.passes import pass_key


def advance(*, organization: Organization, clock: Callable[[], datetime]) -> bool:
    """Gather, hand in, bring back, ask in time, forget; False when another round is under way.

    To be run inside the organization's scope. Whatever cuts it off, the next round goes on.
    """
    with (
        _only_round(organization.pk) as is_mine,
        httpx.Client(base_url=settings.WORKER_GATEWAY_URL) as client,
    ):
        if is_mine:
            _advance(organization, client, clock)
        return is_mine


def _advance(
    organization: Organization, client: httpx.Client, clock: Callable[[], datetime]
) -> None:
    book = price_book(clock()).for_organization(str(organization.pk))
    keys = settings.KEY_ENCRYPTION_KEYS
    key = pass_key(keys.keys[keys.current_id])

    def carriage_of(row: Batch | DeferredCall) -> Carriage:
        return Carriage(
            client, key, clock, organization.pk, row.project_id, row.provider, row.credential_id
        )

    gather_batches(at=clock())
    for batch in batches_to_look_at(at=clock()):
        Rounds(organization, book, clock(), carriage_of).advance(batch)
    Asking(organization, book, carriage_of, clock).ask_late()
    record_cancelled(organization=organization, at=clock())
    expire_results(at=clock())


@contextmanager
def _only_round(organization_id: UUID) -> Iterator[bool]:
    name = f"deferred calls of {organization_id}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
