"""Through the request log from the oldest event on, in bounded memory.

Each batch is a read of its own that starts where the one before ended, by the index on time. A
cursor of the server would keep a transaction open for as long as somebody slow reads, and with it
everything that vacuum could free.
"""

from collections.abc import Iterator, Sequence

from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.exports.columns import Row
from apps.usage.store import EventFilter, events_after

BATCH = 2_000


def event_batches(
    organization: Organization, wanted: EventFilter, columns: Sequence[str]
) -> Iterator[list[Row]]:
    """The wanted events as rows of `columns`, which begin with id and started_at.

    Opens the organization's scope by itself, for each batch anew.
    """
    position = None
    while True:
        with tenant_scope(organization):
            found = events_after(wanted, position)[:BATCH]
            rows = list(found.values_list(*columns))
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        position = rows[-1][1], rows[-1][0]
