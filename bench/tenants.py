"""How long a new organization takes, and how long `migrate_all` takes when nothing is to do."""

from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter

from apps.kernel.clock import utc_now
from apps.tenants import schema
from apps.tenants.models import Organization
from apps.tenants.services.migration import migrate_everything
from apps.tenants.services.organizations import create_organization
from bench._database import throwaway_database
from bench.rows import Row

CREATE_TARGET_S = 1.5
MIGRATE_TARGET_S = 60.0


def run(quick: bool) -> list[Row]:
    """Create and migrate; the baselines run every migration instead of cloning or skipping."""
    creations, tenants = (5, 20) if quick else (20, 200)
    with throwaway_database():
        return [_creating(creations), _migrating(tenants)]


def _creating(times: int) -> Row:
    cloned = median(_seconds(partial(_create, f"Clone {n}")) for n in range(times))
    migrated = median(_seconds(partial(schema.migrate_tenant, f"full_{n}")) for n in range(3))
    return Row(
        figure=f"create one organization, median of {times}",
        value=cloned,
        unit="s",
        baseline=migrated,
        target=CREATE_TARGET_S,
        met=cloned <= CREATE_TARGET_S,
    )


def _migrating(tenants: int) -> Row:
    for number in range(tenants - Organization.objects.count()):
        _create(f"Tenant {number}")
    skipping = _seconds(lambda: migrate_everything(report=print))
    names = list(Organization.objects.values_list("schema_name", flat=True))
    asking_each = sum(_seconds(partial(schema.migrate_tenant, name)) for name in names)
    return Row(
        figure=f"migrate {tenants} up-to-date organizations",
        value=skipping,
        unit="s",
        baseline=asking_each,
        target=MIGRATE_TARGET_S,
        met=skipping <= MIGRATE_TARGET_S,
    )


def _create(name: str) -> Organization:
    return create_organization(name=name, owner=None, at=utc_now())


def _seconds(action: Callable[[], object]) -> float:
    started = perf_counter()
    action()
    return perf_counter() - started
