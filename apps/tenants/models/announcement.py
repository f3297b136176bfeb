"""Triggers that tell gateways which organization changed.

Each writes the organization's next version into `GatewayChange` and notifies `gateway_access` with
its id. They run at commit, so that no transaction holds the row of its organization for longer, and
two that touch the same rows in another order do not wait for each other there.
"""

from collections.abc import Sequence

import pgtrigger
from django.db import models

CHANNEL = "gateway_access"
_ANNOUNCE = """
IF changed IS NOT NULL THEN
    INSERT INTO public.tenants_gatewaychange AS known (organization_id, version)
    VALUES (changed, nextval('public.tenants_gateway_version'))
    ON CONFLICT (organization_id)
    DO UPDATE SET version = nextval('public.tenants_gateway_version');
    PERFORM pg_notify('gateway_access', changed::text);
END IF;
RETURN NULL;
"""


class GatewayChange(models.Model):
    """How often what gateways know of an organization changed; outlives the organization.

    version: from one sequence for all, taken under the lock of this row, so that it rises in the
    order of the commits.
    """

    organization_id = models.UUIDField(primary_key=True)
    version = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.organization_id} at {self.version}"


def announce_change(
    *, on: Sequence[str] = (), organization: str = "{row}.organization_id"
) -> pgtrigger.Trigger:
    """A trigger for `Meta.triggers`: rows that come, go, or change in the columns `on`.

    on: () for tables whose gateways care for new rows only. organization: SQL for the id of the
    organization that {row} belongs to.
    """
    new, old = (organization.format(row=row) for row in ("NEW", "OLD"))
    operation = pgtrigger.Insert
    if on:
        operation |= pgtrigger.Delete | pgtrigger.UpdateOf(*on)  # type: ignore[no-untyped-call]
    return pgtrigger.Trigger(
        name="announce_change",
        when=pgtrigger.After,
        operation=operation,
        timing=pgtrigger.Deferred,
        declare=[("changed", "uuid")],
        func=f"changed := COALESCE(({new}), ({old}));{_ANNOUNCE}",
    )
